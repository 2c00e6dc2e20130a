"""Meshes of a subdomain and the finite-element functions on them: degrees of freedom, and values at any point."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from kinn.errors import InputError
from kinn.geometry import Box, Geometry
from kinn.geometry.meshes.mesh import Mesh
from kinn.geometry.meshes.topology import row_indices
from kinn.geometry.types import Array, Indices

#: Facets whose middle is this near to the plane of a side, relative to the size of the box, lie in it.
_NEAR = 1e-9

#: The element of a point is sought among this many elements with the nearest centres.
_NEAREST = 16

#: Newton steps for the reference coordinates in a curved element.
_STEPS = 8


def check_geometry(geometry: Geometry) -> None:
    """Check that a shape can be meshed.

    Raises:
        InputError: If it cannot.
    """
    if isinstance(geometry, Mesh) or not (geometry.dim == 2 or (isinstance(geometry, Box) and geometry.dim <= 3)):
        raise InputError(
            f"finite elements are made on shapes in the plane that curves bound, on intervals and on cuboids, not on {geometry!r}"
        )


def _triangles(geometry: Geometry, size: float, degree: int) -> Any:
    """Triangles by gmsh, with named boundaries; those of degree 2 have the midpoints of boundary edges on the boundary."""
    import skfem

    gmsh_mesh = Mesh.of(geometry, size, order=degree)
    ((kind, elements),) = gmsh_mesh.elements.items()
    corners, numbers = np.unique(elements[:, :3], return_inverse=True)
    triangles = numbers.reshape(-1, 3)
    mesh: Any = skfem.MeshTri(gmsh_mesh.points[corners].T.copy(), triangles.T.copy())
    facets = np.sort(mesh.facets.T, axis=1)
    if kind == "triangle6":
        pairs = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        middles = np.empty((len(facets), 2))
        middles[row_indices(pairs, facets)] = gmsh_mesh.points[elements[:, 3:].ravel()]
        quadratic = skfem.MeshTri2.from_mesh(mesh)
        nodes = quadratic.doflocs.copy()
        nodes[:, len(corners) :] = middles.T
        mesh = skfem.MeshTri2(nodes, mesh.t)
    place = np.zeros(len(gmsh_mesh.points), dtype=np.intp)
    place[corners] = np.arange(len(corners))
    named: dict[str, list[Indices]] = {}
    for names, faces in gmsh_mesh.groups.sets.items():
        rows = np.concatenate([place[nodes[:, :2]] for _, nodes in faces])
        for name in names:
            named.setdefault(name, []).append(row_indices(np.sort(rows, axis=1), facets))
    return mesh.with_boundaries({name: np.concatenate(rows) for name, rows in named.items()})


def _box(geometry: Geometry, size: float) -> Any:
    """Regular mesh of an interval or a cuboid, with named boundaries."""
    import skfem

    lower, upper = geometry.bounds
    axes = [
        np.linspace(a, b, 1 + max(1, int(np.ceil((b - a) / size - 1e-9)))) for a, b in zip(lower, upper, strict=True)
    ]
    mesh = skfem.MeshLine(axes[0]) if geometry.dim == 1 else skfem.MeshTet.init_tensor(*axes)
    outer = mesh.boundary_facets()
    middles: Array = mesh.p[:, mesh.facets[:, outer]].mean(axis=1)
    named = {}
    for part in geometry.parts:
        side = part.patch.at(np.full((1, geometry.dim - 1), 0.5))
        heights = (middles.T - side.points[0]) @ side.normals[0]
        named[part.name] = outer[np.abs(heights) <= _NEAR * geometry.size]
    return mesh.with_boundaries(named)


class FunctionSpace:
    """Continuous piecewise polynomials on a mesh of a subdomain; every field has a coefficient for each node.

    Args:
        geometry: The subdomain.
        size: The length of edges, about.
        degree: 1 or 2.

    Raises:
        InputError: If the subdomain cannot be meshed, or gmsh is not installed.
    """

    def __init__(self, geometry: Geometry, size: float, degree: int) -> None:
        import skfem

        self.geometry, self.degree = geometry, degree
        check_geometry(geometry)
        self.mesh = _triangles(geometry, size, degree) if geometry.dim == 2 else _box(geometry, size)
        self.element = getattr(skfem, f"Element{('Line', 'Tri', 'Tet')[geometry.dim - 1]}P{degree}")()
        self.order = 2 * degree + 1
        self.basis = skfem.Basis(self.mesh, self.element, intorder=self.order)

    @property
    def count(self) -> int:
        """The number of nodes."""
        return int(self.basis.N)

    @property
    def nodes(self) -> Array:
        """The positions of the nodes, (n, d)."""
        return np.asarray(self.basis.doflocs.T)

    @property
    def elements(self) -> int:
        """The number of elements."""
        return int(self.mesh.t.shape[1])

    def facets_on(self, boundary: str) -> Indices:
        """Numbers of the facets on a boundary."""
        return np.asarray(self.mesh.normalize_facets([part.name for part in self.geometry.boundary(boundary).parts]))

    def nodes_on(self, boundary: str) -> Indices:
        """Numbers of the nodes on a boundary."""
        return np.asarray(self.basis.get_dofs(self.facets_on(boundary)).all())

    def boundary_basis(self, boundary: str) -> Any:
        """Basis for integrals over a boundary."""
        import skfem

        return skfem.FacetBasis(self.mesh, self.element, facets=self.facets_on(boundary), intorder=self.order)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.mesh.p[:, self.mesh.t].mean(axis=1).T)

    def interpolation(self, points: Array) -> tuple[Indices, Array]:
        """Shape functions at points (N, d), with those of the nearest element extended to points outside.

        Returns:
            The numbers of the n functions that are not zero there, (N, n), and their values and first derivatives,
            (1 + d, N, n).
        """
        which = self._elements(points)
        unit = self._unit(points, which)
        functions = []
        for k in range(self.basis.Nbfun):
            (function,) = self.element.gbasis(self.basis.mapping, unit.T[:, :, None], k, tind=which)
            parts = np.asarray(function), *function.grad
            functions.append([np.broadcast_to(part, (len(points), 1))[:, 0] for part in parts])
        return np.asarray(self.basis.element_dofs[:, which].T), np.moveaxis(np.array(functions), 0, 2)

    def _elements(self, points: Array) -> Indices:
        """Element of each point: of those nearby the one in whose straight simplex the point is deepest."""
        near = self._tree.query(points, min(_NEAREST, self.elements))[1].reshape(len(points), -1)
        corners = self.mesh.p[:, self.mesh.t[:, near]]  # (d, d + 1, N, k)
        edges = np.moveaxis(corners[:, 1:] - corners[:, :1], (0, 1), (2, 3))
        offset = points[:, None, :] - np.moveaxis(corners[:, 0], 0, 2)
        unit = np.linalg.solve(edges, offset[..., None])[..., 0]
        depth = np.minimum(unit.min(axis=2), 1 - unit.sum(axis=2))
        return np.asarray(near[np.arange(len(points)), depth.argmax(axis=1)])

    def _unit(self, points: Array, which: Indices) -> Array:
        """Reference coordinates (N, d) of points in their elements."""
        mapping, d = self.basis.mapping, points.shape[1]
        unit = np.full((d, len(points), 1), 1 / (d + 1))
        for _ in range(_STEPS if self.degree > 1 else 1):
            gap = points.T[:, :, None] - mapping.F(unit, which)
            unit = unit + np.einsum("ijkl,jkl->ikl", mapping.invDF(unit, which), gap)
        return np.asarray(unit[:, :, 0].T)
