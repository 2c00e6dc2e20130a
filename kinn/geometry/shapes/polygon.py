"""Simple polygons: sampled exactly through a triangulation, with a name for every edge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.boundary.patch import Chart, triangle_charts
from kinn.geometry.distances.implicit import Plane
from kinn.geometry.distances.rfunctions import HalfSpace, Region, intersection, union
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Cells, Simplices
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.triangulation import ROUNDING, cross, sample_triangles, signed_area, touching_edges, triangulate
from kinn.geometry.types import Array

_BLOCK = 2**20  # point-edge pairs worked on at a time


class Polygon(Geometry):
    """A simple polygon.

    Args:
        vertices: At least three corners (x, y), clockwise or counter-clockwise, the last joined to the first,
            which it may repeat.
        edges: A name for each edge, the first running from the first vertex to the second; several edges may share a
            name, and are then one boundary. By default "edge-0", "edge-1", ...
        name: Name of the polygon.

    Raises:
        InputError: Fewer than three vertices, repeated vertices, no area, edges that cross or touch, or a number of
            names that is not the number of edges.
    """

    rejects = False

    def __init__(
        self, vertices: Sequence[Sequence[float]], edges: Sequence[str] | None = None, *, name: str = "polygon"
    ) -> None:
        self.name = arguments.label(name)
        if not isinstance(vertices, Iterable):
            raise InputError(f"the vertices of a polygon must be a sequence of points, got {vertices!r}")
        self.vertices = tuple(arguments.loop(vertices, "a vertex of a polygon"))
        count = len(self.vertices)
        if count < 3:
            raise InputError(f"a polygon needs at least 3 vertices, got {count}")
        if isinstance(edges, str) or (edges is not None and len(edges) != count):
            raise InputError(f"a polygon of {count} vertices needs {count} names of edges, got {edges!r}")
        names = [f"edge-{edge}" for edge in range(count)] if edges is None else edges
        self.edges = tuple(arguments.label(edge, "the name of an edge") for edge in names)
        corners = np.array(self.vertices)
        lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
        size = float(np.max(np.ptp(corners, axis=0)))
        if np.min(lengths) <= ROUNDING * size:
            raise InputError(f"a polygon may not repeat a vertex, and edge {int(np.argmin(lengths))} has no length")
        if np.linalg.svd(corners - corners.mean(axis=0), compute_uv=False)[1] <= ROUNDING * size:
            raise InputError("a polygon needs an area, and all its vertices lie on one line")
        touching = touching_edges(corners)
        if touching is not None:
            raise InputError(f"a polygon may not cross or touch itself, and edges {touching[0]} and {touching[1]} do")
        self._orientation = 1.0 if signed_area(corners) > 0 else -1.0

    def __repr__(self) -> str:
        return f"Polygon({self.vertices}, edges={self.edges}, name={self.name!r})"

    @property
    def bounds(self) -> tuple[Array, Array]:
        corners = np.array(self.vertices)
        return corners.min(axis=0), corners.max(axis=0)

    @property
    def measure(self) -> float:
        return abs(signed_area(np.array(self.vertices)))

    @cached_property
    def triangles(self) -> NDArray[np.float64]:
        """Corners of triangles that make up the polygon, (n - 2, 3, 2), counter-clockwise."""
        corners = np.array(self.vertices)[:: int(self._orientation)]
        return np.asarray(corners[triangulate(corners)])

    def from_unit(self, unit: Array) -> Array:
        a, b, c = np.moveaxis(self.triangles, 1, 0)
        return sample_triangles(self.triangles, np.abs(cross(b - a, c - a)), unit)[0]

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return (Simplices(self.triangles),)

    def charts(self) -> list[Chart]:
        return [chart for triangle in self.triangles for chart in triangle_charts(triangle)]

    def level(self, points: Array) -> Array:
        step = max(1, _BLOCK // len(self.vertices))
        blocks = [self._distance(points[start : start + step]) for start in range(0, len(points), step)]
        return np.concatenate(blocks) if blocks else np.zeros(0)

    def _distance(self, points: Array) -> Array:
        """Signed distance, (N,): to the nearest edge, negative after an odd number of crossings."""
        start = np.array(self.vertices)
        end = np.roll(start, -1, axis=0)
        edge = end - start
        offset = points[:, None, :] - start
        along = np.clip(np.sum(offset * edge, axis=-1) / np.sum(edge**2, axis=-1), 0.0, 1.0)
        distance = np.min(np.linalg.norm(offset - along[..., None] * edge, axis=-1), axis=1)
        # Heights are compared with the vertices themselves: of differences, rounding could count a vertex on one edge
        # and not on the next. A ray to the right crosses an edge that starts below and ends above it where the point
        # lies to its left.
        height = points[:, 1:]
        below, above = height >= start[:, 1], height < end[:, 1]
        left = cross(edge, offset) > 0
        crossings = np.sum((below & above & left) | (~below & ~above & ~left), axis=1)
        return np.asarray(np.where(crossings % 2 == 1, -distance, distance))

    @property
    def region(self) -> Region:
        if all(part.positive_inside for part in self.parts):
            return intersection(HalfSpace(part.patch.implicit, self.size) for part in self.parts)
        return union(_triangle(corners) for corners in self.triangles)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        owner = BoundaryName(self.name)
        parts = []
        for index, name in enumerate(self.edges):
            start, end = self.vertices[index], self.vertices[(index + 1) % len(self.vertices)]
            along = np.subtract(end, start) / np.linalg.norm(np.subtract(end, start))
            normal = (self._orientation * float(along[1]), -self._orientation * float(along[0]))
            edge = Segment(start, end, normal)
            others = [c for k, c in enumerate(self.vertices) if k not in {index, (index + 1) % len(self.vertices)}]
            heights = edge.implicit(tuple(np.array(others).T))
            parts.append(
                Part(Label(BoundaryName(name), owner), edge, positive_inside=bool(np.min(heights) > self.rounding))
            )
        return tuple(parts)


def _triangle(corners: Array) -> Region:
    """Counter-clockwise triangle, (3, 2), as a region."""
    edges = np.roll(corners, -1, axis=0) - corners
    lengths = np.linalg.norm(edges, axis=1)
    out = np.column_stack([edges[:, 1], -edges[:, 0]]) / lengths[:, None]
    return intersection(
        HalfSpace(Plane.through(corner, normal), float(length))
        for corner, normal, length in zip(corners, out, lengths, strict=True)
    )
