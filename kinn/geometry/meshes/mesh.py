"""Meshes of elements in the plane and in space as shapes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import Boundary, Part
from kinn.geometry.geometry import CLOSE, Geometry
from kinn.geometry.meshes.blocks import Block, Locator, limited_rule, make_blocks, sample_elements, sample_graded
from kinn.geometry.meshes.elements import element_types
from kinn.geometry.meshes.faces import FaceGroups, boundary_parts
from kinn.geometry.meshes.topology import Topology, orient, split_rows, validate_elements, validate_points
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule
from kinn.geometry.sampling import unit_cube
from kinn.geometry.types import Array, Indices, Mask

#: Names of boundaries that no group names: of a mesh, and of a subdomain where it meets others.
REST, INTERFACE = "rest", "interface"


class Mesh(Geometry):
    """A domain made of elements: triangles and quadrilaterals, or tetrahedra, hexahedra, wedges and pyramids.

    They are linear or quadratic (pyramids linear), in one body or several. Its boundary is that of its elements, edges
    of quadratic ones curved. Named groups of faces are its boundaries, and may overlap; what belongs to none is "rest".
    A mesh can be extruded and multiplied by time, but not combined with other shapes.

    Args:
        points: The nodes, (V, 2) or (V, 3).
        elements: For each kind of element, as meshio calls them ("triangle", "quad9", "tetra10", ...), the indices of
            the nodes of each, (E, n), in VTK's order. All are of one order; each may count its nodes either way round.
        boundaries: For each named boundary its faces, (F, c) indices of their corners, or several such arrays. Faces
            inside are boundaries of subdomains.
        nodes: For each named boundary indices of nodes: its faces are those with no other nodes.
        subdomains: For each name the numbers of its elements, counted on from kind to kind.
        name: Name of the mesh and of its whole boundary.

    Raises:
        InputError: The elements are of unknown kinds, of different orders, degenerate or folded, share a face with
            more than one other, or are bodies that lie on one another; or a group names what there is not.
    """

    def __init__(
        self,
        points: Any,
        elements: Mapping[str, Any],
        boundaries: Mapping[str, Any] | None = None,
        *,
        nodes: Mapping[str, Any] | None = None,
        subdomains: Mapping[str, Any] | None = None,
        name: str = "mesh",
    ) -> None:
        self.name = arguments.label(name)
        what = f"the mesh {self.name!r}"
        self.points = validate_points(points, what)
        self.elements = orient(self.points, validate_elements(elements, self.points, what), what)
        self.topology = Topology(self.elements)
        self.topology.check(self.points, what)
        self._interfaces: tuple[str, ...] = ()
        self.groups = FaceGroups(self.topology, boundaries or {}, nodes or {}, what)
        self.subdomains = {
            arguments.label(key, "the name of a subdomain"): _numbers(value, self.topology.count, key, what)
            for key, value in (subdomains or {}).items()
        }

    @classmethod
    def read(
        cls,
        path: str | Path,
        *,
        tags: str | None = None,
        names: Mapping[int, str] | None = None,
        file_format: str | None = None,
        name: str = "mesh",
    ) -> Mesh:
        """Mesh in a file of Abaqus, CalculiX, Nastran, SU2, Exodus, I-DEAS, or another that meshio reads (.msh, .vtu, ...).

        Elements of the highest dimension are the mesh. Physical groups, markers, properties, surfaces, and sets of
        elements and nodes, are its boundaries and subdomains.

        Args:
            path: The file.
            tags: The name of the integer cell data that tell groups apart, in files that have no names (VTU); by
                default what Gmsh, Medit and others call them.
            names: The names of these integers; by default the integers themselves.
            file_format: The format, as meshio calls it ("gmsh", "abaqus", "nastran", "vtu", ...), where the ending of
                the file's name does not tell.
            name: Name of the mesh.

        Raises:
            InputError: There is no such file, it cannot be read, or what it holds is no mesh; see `Mesh`.
        """
        from kinn.geometry.meshes.io import read_mesh

        points, elements, groups = read_mesh(path, tags, names, file_format)
        mesh = cls(points, elements, subdomains=groups.subdomains, name=name)
        # shells and the like that are no faces of the mesh are no boundaries of it
        faces = {key: rows for key, rows in groups.boundaries.items() if mesh.topology.has_faces(rows)}
        mesh.groups = FaceGroups(mesh.topology, faces, groups.nodes, f"the mesh {name!r}")
        return mesh

    @classmethod
    def of(
        cls, shape: Geometry, size: float, *, order: int = 2, quadrilaterals: bool = False, name: str = "mesh"
    ) -> Mesh:
        """A mesh of a shape in the plane, made by gmsh (extra `mesh`).

        Boundaries keep their names. Their nodes lie on the boundary of the shape, those in the middle of the edges of
        quadratic elements too. Edges are shorter where the boundary bends.

        Args:
            shape: A shape in the plane, or a combination of shapes, in one body.
            size: The length of edges, at most.
            order: 1 for straight elements, 2 for quadratic ones.
            quadrilaterals: Whether triangles are joined to quadrilaterals, as far as that goes.
            name: Name of the mesh.

        Raises:
            InputError: gmsh, or a library that it needs, is missing; the shape is not in the plane or consists of
                several bodies; a number is out of range; or elements at a bend are inverted, which a smaller size
                mends.
        """
        from kinn.geometry.meshes.gmsh_mesher import generate

        mesh = cls(*generate(shape, size, order, quadrilaterals), name=name)
        mesh.axis_names = shape.axis_names
        return mesh

    def __repr__(self) -> str:
        kinds = ", ".join(f"{len(nodes)} x {kind}" for kind, nodes in self.elements.items())
        return f"Mesh({kinds}, name={self.name!r})"

    @property
    def dim(self) -> int:
        return int(self.points.shape[1])

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The elements, those with straight edges as linear ones."""
        return tuple(
            block
            for kind, nodes in self.elements.items()
            for block in make_blocks(element_types()[kind], self.points[nodes])
        )

    @cached_property
    def _corners(self) -> Array:
        """The corners of elements, (K, d), each once."""
        corners = [nodes[:, : element_types()[kind].corners].ravel() for kind, nodes in self.elements.items()]
        return np.asarray(self.points[np.unique(np.concatenate(corners))])

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """The box around the corners, and around points of curved faces between them."""
        around = [self._corners]
        around.extend(part.patch.at(unit_cube(2**12, self.dim - 1, "uniform")).points for part in self.parts)
        every = np.concatenate(around)
        return every.min(axis=0), every.max(axis=0)

    @cached_property
    def measure(self) -> float:
        return float(sum(np.sum(block.measures) for block in self.blocks))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return self.blocks

    def limited_quadrature(self, order: int, most: int, *, points: int, seed: int | None = None) -> Rule:
        return limited_rule(self.blocks, QuadratureSpec(order, points, seed), most)

    def level(self, points: Array) -> Array:
        """Raise InputError: distances to a mesh are not known."""
        raise InputError("a mesh cannot be combined with other shapes: combine shapes first, then make the mesh")

    @cached_property
    def _locator(self) -> Locator:
        return Locator(self.blocks)

    def contains(self, points: Array) -> Mask:
        return self._locator.contains(arguments.points(points, self.coordinates), CLOSE * self.rounding)

    def draw(self, m: int, method: str, seed: int) -> Array:
        """Accepted ones of m candidates, uniform in measure; see `sample_elements`."""
        if method == "uniform":
            return super().draw(m, method, seed)
        return sample_elements(self.blocks, unit_cube(m, self.dim + 1, method, seed)).points

    @property
    def cell_count(self) -> float:
        return sum(block.cube_count for block in self.blocks)

    def collocation(self, n: int, *, method: str = "sobol", seed: int = 0) -> Rule:
        if method == "uniform":
            return super().collocation(n, method=method, seed=seed)
        return sample_graded(self.blocks, n, lambda m: unit_cube(m, self.dim + 1, method, seed))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return boundary_parts(self.points, self.groups, self._corners, self.name, self._unnamed)

    @property
    def _unnamed(self) -> str:
        """Name of what belongs to no group."""
        return REST if self.groups.names else "boundary"

    @property
    def boundaries(self) -> tuple[str, ...]:
        return (*self.groups.names, self._unnamed) if () in self.groups.sets else self.groups.names

    def boundary(self, name: str) -> Boundary:
        other_way = "|".join(reversed(name.split("|")))
        if other_way in self._interfaces:
            name = other_way
        joint = self._interfaces if name == INTERFACE and name not in self.groups.names else ()
        if name in self.groups.names or joint:
            wanted = {name, *joint}
            parts = (part for groups, part in zip(self.groups.sets, self.parts, strict=True) if wanted & set(groups))
            return Boundary(name, tuple(parts), self.size)
        if name in self.groups.inner:
            raise InputError(f"{name!r} lies inside the mesh: it bounds subdomains alone, mesh.subdomain(...)")
        if not self.groups.names and name not in (self.name, "boundary", "outer"):
            raise InputError(
                f"the mesh has no boundary {name!r}: no physical groups or sets name parts of its boundary, only all of "
                "it is known, as 'boundary'"
            )
        return super().boundary(name)

    def subdomain(self, name: str) -> Mesh:
        """Elements of a subdomain as a mesh.

        Boundaries keep their names. What the subdomain shares with another, and no group names, is called by the two
        names, "steel|air", in the order of `subdomains`; what it shares with elements of none, and all that it shares,
        is "interface".

        Raises:
            InputError: There is no such subdomain, or its boundary meets itself.
        """
        if name not in self.subdomains:
            if not self.subdomains:
                raise InputError(f"the mesh has no subdomain {name!r}: no physical groups or sets name its elements")
            raise unknown("subdomain", name, list(self.subdomains))
        inside = self._members(name)
        members = split_rows(inside, self.elements.values())
        rows = zip(self.elements.items(), members, strict=True)
        elements = {kind: nodes[here] for (kind, nodes), here in rows if here.any()}
        mesh = Mesh(self.points, elements, name=name)
        mesh.axis_names = self.axis_names
        shared = {}
        for other in self.subdomains:
            if other != name and not (inside & (beyond := self._members(other))).any():
                pair = "|".join(key for key in self.subdomains if key in (name, other))
                shared[pair] = self.topology.between(inside, beyond)
        mesh.groups = self.groups.within(mesh.topology, self.topology, shared, INTERFACE)
        mesh._interfaces = tuple(pair for pair in mesh.groups.names if pair in shared)
        return mesh

    def _members(self, subdomain: str) -> Mask:
        """Which elements belong to a subdomain."""
        return np.isin(np.arange(self.topology.count), self.subdomains[subdomain])


def _numbers(values: Any, count: int, name: str, what: str) -> Indices:
    numbers = np.unique(np.asarray(values).astype(np.intp)) if len(values) else np.zeros(0, dtype=np.intp)
    if not len(numbers) or numbers[0] < 0 or numbers[-1] >= count:
        raise InputError(f"subdomain {name!r} of {what} needs numbers of elements from 0 to {count - 1}")
    return numbers
