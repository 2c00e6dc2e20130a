"""Meshes of scikit-fem for the subdomains of a problem, with the names of their boundaries."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from kinn.errors import InputError
from kinn.geometry import Box, Geometry
from kinn.geometry.meshes.mesh import Mesh
from kinn.geometry.meshes.topology import row_indices
from kinn.geometry.types import Indices
from kinn.problem import Array

#: Facets whose middle is this near to the plane of a side, relative to the size of the box, lie in it.
_NEAR = 1e-9


class Meshed(NamedTuple):
    """A mesh.

    Attributes:
        mesh: The mesh, one of scikit-fem's.
        facets: The numbers of the facets on each part of the boundary, by the name of the part.
    """

    mesh: Any
    facets: dict[str, Indices]


def check(geometry: Geometry) -> None:
    """Raise unless there is a mesh of a shape.

    Raises:
        InputError: If there is none.
    """
    if isinstance(geometry, Mesh) or not (geometry.dim == 2 or (isinstance(geometry, Box) and geometry.dim <= 3)):
        raise InputError(
            f"finite elements are made on shapes in the plane that curves bound, on intervals and on cuboids, not on {geometry!r}"
        )


def meshed(geometry: Geometry, size: float, degree: int) -> Meshed:
    """Return a mesh of a shape with edges of about a size.

    Raises:
        InputError: If gmsh is not installed, or makes none.
    """
    check(geometry)
    return _triangles(geometry, size, degree) if geometry.dim == 2 else _box(geometry, size)


def _triangles(geometry: Geometry, size: float, degree: int) -> Meshed:
    """Return triangles made by gmsh; quadratic ones have the middle of their edges on the boundary."""
    import skfem

    made = Mesh.of(geometry, size, order=degree)
    ((kind, elements),) = made.elements.items()
    corners, numbers = np.unique(elements[:, :3], return_inverse=True)
    triangles = numbers.reshape(-1, 3)
    mesh: Any = skfem.MeshTri(made.points[corners].T.copy(), triangles.T.copy())
    facets = np.sort(mesh.facets.T, axis=1)
    if kind == "triangle6":
        pairs = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
        middles = np.empty((len(facets), 2))
        middles[row_indices(pairs, facets)] = made.points[elements[:, 3:].ravel()]
        quadratic = skfem.MeshTri2.from_mesh(mesh)
        nodes = quadratic.doflocs.copy()
        nodes[:, len(corners) :] = middles.T
        mesh = skfem.MeshTri2(nodes, mesh.t)
    place = np.zeros(len(made.points), dtype=np.intp)
    place[corners] = np.arange(len(corners))
    named: dict[str, list[Indices]] = {}
    for names, faces in made.groups.sets.items():
        rows = np.concatenate([place[nodes[:, :2]] for _, nodes in faces])
        for name in names:
            named.setdefault(name, []).append(row_indices(np.sort(rows, axis=1), facets))
    return Meshed(mesh, {name: np.concatenate(rows) for name, rows in named.items()})


def _box(geometry: Geometry, size: float) -> Meshed:
    """Return a regular mesh of an interval or a cuboid."""
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
    return Meshed(mesh, named)
