"""Solids inside a closed surface of triangles, read from STL and other mesh files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Chart, triangle_charts
from kinn.geometry.distances.rfunctions import MAX_ZERO_SETS, TrimmedZeroSet, triangle_zero_set
from kinn.geometry.geometry import CLOSE, Geometry
from kinn.geometry.meshes.meshio_reader import read_with_meshio
from kinn.geometry.meshes.triangle_mesh import TriangleMesh
from kinn.geometry.quadrature.cells import Cells, Simplices
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.sampling import unit_cube
from kinn.geometry.triangulation import sample_triangles
from kinn.geometry.types import Array, Mask


@dataclass(frozen=True, eq=False)
class TrianglePatch(BoundaryPatch):
    """Triangles in space: their corners, (T, 3, 3), and outward normals of twice the areas' length, (T, 3)."""

    corners: Array
    crosses: Array

    dim = 2

    @cached_property
    def areas(self) -> Array:
        """Area of each triangle, (T,)."""
        return np.asarray(np.linalg.norm(self.crosses, axis=1) / 2)

    @property
    def measure(self) -> float:
        return float(np.sum(self.areas))

    def at(self, unit: Array) -> BoundaryPoints:
        points, which = sample_triangles(self.corners, self.areas, unit)
        return BoundaryPoints(points, self.crosses[which] / (2 * self.areas[which, None]))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        real = self.areas > 0
        return (Simplices(self.corners[real], self.crosses[real] / (2 * self.areas[real, None])),)

    def charts(self) -> list[Chart]:
        return [chart for triangle in self.corners[self.areas > 0] for chart in triangle_charts(triangle)]

    @property
    def zero_sets(self) -> tuple[TrimmedZeroSet, ...]:
        """One for each triangle; InputError where they are too many."""
        if len(self.corners) > MAX_ZERO_SETS:
            raise InputError(
                f"no smooth distance to a surface of {len(self.corners)} triangles, {MAX_ZERO_SETS} at most: "
                "enforce its conditions soft"
            )
        return tuple(map(triangle_zero_set, self.corners[self.areas > 0]))


class TriangulatedSolid(Geometry):
    """The solid inside a closed surface of triangles.

    Its boundary bears its name, or the names given to groups of triangles.

    Args:
        vertices: Points (V, 3).
        triangles: Indices (T, 3); all counter-clockwise seen from outside, or all from inside.
        groups: A name for each triangle; by default all bear the name of the surface.
        name: Name of the surface.

    Raises:
        InputError: The surface is open (the line says at how many edges), its triangles disagree about the outside, it
            encloses nothing, or is not finite.
    """

    expensive_level = True  # the triangles nearest to each point are looked for

    def __init__(
        self, vertices: Any, triangles: Any, groups: Sequence[str] | None = None, *, name: str = "surface"
    ) -> None:
        self.name = arguments.label(name)
        self.mesh = TriangleMesh(vertices, triangles, f"the surface {self.name!r}")
        names = [self.name] * len(triangles) if groups is None else list(groups)
        if len(names) != len(triangles):
            raise InputError(f"a surface of {len(triangles)} triangles needs {len(triangles)} names, got {len(names)}")
        self.groups = tuple(arguments.label(names[k], "the name of a triangle") for k in self.mesh.kept)

    @classmethod
    def from_file(cls, path: str | Path, *, name: str = "surface") -> TriangulatedSolid:
        """The solid inside the surface in a file that meshio reads: STL, OFF, PLY, OBJ, VTU, MSH, ...

        Sets of cells that the file names become boundaries.

        Raises:
            InputError: There is no such file, meshio cannot read it, it holds no triangles, or the surface is no
                closed one.
        """
        mesh = read_with_meshio(path, "a surface")
        blocks = [k for k, block in enumerate(mesh.cells) if block.type == "triangle"]
        if not sum(len(mesh.cells[k].data) for k in blocks):
            raise InputError(f"{str(path)!r} holds no triangles")
        groups = []
        for k in blocks:
            names = [name] * len(mesh.cells[k].data)
            for key, members in mesh.cell_sets.items():
                for row in members[k] if key[:5] != "gmsh:" and members[k] is not None else ():
                    names[int(row)] = key
            groups.extend(names)
        triangles = np.concatenate([mesh.cells[k].data for k in blocks])
        try:
            return cls(mesh.points[:, :3], triangles, groups, name=name)
        except InputError as error:
            raise InputError(f"{str(path)!r}: {error}") from None

    def __repr__(self) -> str:
        return f"TriangulatedSolid({len(self.mesh.triangles)} triangles, name={self.name!r})"

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        return self.mesh.corners.min(axis=(0, 1)), self.mesh.corners.max(axis=(0, 1))

    @property
    def measure(self) -> float:
        return self.mesh.volume

    def level(self, points: Array) -> Array:
        distance = self.mesh.distance(points)
        return np.where(self.mesh.holds(points), -distance, distance)

    def contains(self, points: Array) -> Mask:
        """Which of the points, (N, 3), lie inside, (N,); distances are computed of those outside alone."""
        x = arguments.points(points, self.coordinates)
        lower, upper = self.bounds
        inside = self.mesh.holds(x)
        slack = CLOSE * self.rounding
        open_ = np.flatnonzero(~inside & ((x >= lower - slack) & (x <= upper + slack)).all(axis=1))
        inside[open_] = self.mesh.distance(x[open_]) <= slack
        return inside

    def draw(self, m: int, method: str, seed: int) -> Array:
        """Candidates that lie inside, none of them on the surface."""
        lower, upper = self.bounds
        unit = unit_cube(m, self.dim, method, seed, extents=tuple(upper - lower))
        points = lower + unit * (upper - lower)
        return np.asarray(points[self.mesh.holds(points)])

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        owner, names = BoundaryName(self.name), np.array(self.groups)
        rows = {name: names == name for name in dict.fromkeys(self.groups)}
        return tuple(
            Part(Label(BoundaryName(name), owner), TrianglePatch(self.mesh.corners[here], self.mesh.crosses[here]))
            for name, here in rows.items()
        )
