"""Regions bounded by straight edges and circular arcs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part
from kinn.geometry.boundary.edges import Arc, Segment, common_points
from kinn.geometry.boundary.patch import BoundaryPatch
from kinn.geometry.boundary.transformed import ReversedPatch
from kinn.geometry.distances.implicit import ImplicitFunction, ImplicitSphere
from kinn.geometry.distances.rfunctions import HalfSpace, Region, intersection, union
from kinn.geometry.geometry import Geometry
from kinn.geometry.shapes.polygon import Polygon
from kinn.geometry.triangulation import ROUNDING, cross, signed_area, touching_edges
from kinn.geometry.types import Array

_TOUCH = 1e-9  # edges nearer than this, relative to the size, touch


class ArcPolygon(Geometry):
    """A region bounded by straight edges and circular arcs.

    Args:
        vertices: At least two corners (x, y), clockwise or counter-clockwise, the last joined to the first.
        through: For each edge, the first running from the first vertex to the second, None where it is straight or a
            point (x, y) that its arc passes through.
        edges: A name for each edge; several may share one. By default "edge-0", "edge-1", ...
        name: Name of the region.

    Raises:
        InputError: Too few vertices, repeated ones, an arc through a point in line with its ends, edges that cross or
            touch, or numbers of names or points that are not the number of edges.
    """

    def __init__(
        self,
        vertices: Sequence[Sequence[float]],
        through: Sequence[Sequence[float] | None],
        edges: Sequence[str] | None = None,
        *,
        name: str = "arc-polygon",
    ) -> None:
        self.name = arguments.label(name)
        if not isinstance(vertices, Iterable) or not isinstance(through, Iterable):
            raise InputError("the vertices of an arc polygon, and the points of its arcs, must be sequences of points")
        self.vertices = tuple(arguments.point(vertex, "a vertex of an arc polygon", 2) for vertex in vertices)
        self.through = tuple(
            None if point is None else arguments.point(point, "a point of an arc", 2) for point in through
        )
        count = len(self.vertices)
        if count < 2:
            raise InputError(f"an arc polygon needs at least 2 vertices, got {count}")
        if len(self.through) != count:
            raise InputError(
                f"an arc polygon of {count} edges needs {count} entries in `through`, got {len(self.through)}"
            )
        if isinstance(edges, str) or (edges is not None and len(edges) != count):
            raise InputError(f"an arc polygon of {count} edges needs {count} names, got {edges!r}")
        names = [f"edge-{edge}" for edge in range(count)] if edges is None else edges
        self.edges = tuple(arguments.label(edge, "the name of an edge") for edge in names)
        # each edge run through from vertex to vertex, and whether an arc turns to the left
        self._curves, self._left = zip(*(self._curve(index) for index in range(count)), strict=True)
        self._check()
        self._orientation = 1.0 if self._signed_area > 0 else -1.0

    def __repr__(self) -> str:
        return f"ArcPolygon({self.vertices}, {self.through}, edges={self.edges}, name={self.name!r})"

    def _curve(self, index: int) -> tuple[Segment | Arc, bool]:
        """Edge as a patch, an arc always counter-clockwise, and whether that is its direction."""
        p, q = (np.array(self.vertices[k % len(self.vertices)]) for k in (index, index + 1))
        size = float(np.max(np.ptp(np.array(self.vertices), axis=0)))
        if np.linalg.norm(q - p) <= ROUNDING * size:
            raise InputError(f"an arc polygon may not repeat a vertex, and edge {index} has no length")
        m = self.through[index]
        if m is None:
            along = (q - p) / np.linalg.norm(q - p)
            return Segment(tuple(p.tolist()), tuple(q.tolist()), (float(along[1]), -float(along[0]))), True
        twice = float(cross(m - p, q - p))
        if abs(twice) <= 1e-9 * float(np.linalg.norm(m - p) * np.linalg.norm(q - p)) or abs(twice) == 0:
            raise InputError(f"the arc of edge {index} passes through a point in line with its ends: use None")
        # the centre is as far from p as from m and from q
        u, v = m - p, q - p
        offset = np.array([v[1] * (u @ u) - u[1] * (v @ v), u[0] * (v @ v) - v[0] * (u @ u)]) / (2 * twice)
        start, end = (math.atan2(*(point - p - offset)[::-1]) for point in (p, q))
        left = twice > 0
        if not left:
            start, end = end, start
        sweep = (end - start) % (2 * math.pi)
        return Arc(tuple((p + offset).tolist()), float(np.linalg.norm(offset)), start, sweep), left

    def _check(self) -> None:
        """Raise if edges meet elsewhere than in the vertex that neighbours share."""
        count, tolerance = len(self._curves), _TOUCH * self.size
        for i, first in enumerate(self._curves):
            for j in range(i + 1, count):
                shared = [self.vertices[k] for k in {i, (i + 1) % count} & {j, (j + 1) % count}]
                points = common_points(first, self._curves[j], tolerance)
                for vertex in shared:
                    points = points[np.linalg.norm(points - vertex, axis=1) > 10 * math.sqrt(tolerance * self.size)]
                if len(points):
                    raise InputError(f"an arc polygon may not cross or touch itself, and edges {i} and {j} do")

    @cached_property
    def _signed_area(self) -> float:
        """The area inside the chords, and the circular segments that arcs add to it or cut from it."""
        total = signed_area(np.array(self.vertices)) if len(self.vertices) > 2 else 0.0
        for curve, left in zip(self._curves, self._left, strict=True):
            total += curve.segment_area if left else -curve.segment_area
        return total

    @property
    def measure(self) -> float:
        return abs(self._signed_area)

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        left, below, right, above = (
            np.array([curve.farthest(sign * e) for curve in self._curves]) for sign in (-1, 1) for e in np.eye(2)
        )
        lower = left[:, 0].min(), below[:, 1].min()
        return np.array(lower), np.array([right[:, 0].max(), above[:, 1].max()])

    def level(self, points: Array) -> Array:
        distance = np.min([curve.distance(points) for curve in self._curves], axis=0)
        return np.asarray(np.where(self._crossings(points) % 2 == 1, -distance, distance))

    def _crossings(self, points: Array) -> Array:
        """Number of crossings of a ray to the right with the boundary, (N,)."""
        count = np.zeros(len(points), dtype=int)
        for index, (curve, left) in enumerate(zip(self._curves, self._left, strict=True)):
            p, q = (self.vertices[k % len(self.vertices)] for k in (index, index + 1))
            count += curve.ray_crossings(points, *((p, q) if left else (q, p)))
        return count

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        owner, parts = BoundaryName(self.name), []
        for index, (curve, left, name) in enumerate(zip(self._curves, self._left, self.edges, strict=True)):
            # a segment's normal points to its right, an arc's away from its centre
            outwards = self._orientation > 0 if left else self._orientation < 0
            patch: BoundaryPatch = curve if outwards else ReversedPatch(curve)
            parts.append(
                Part(Label(BoundaryName(name), owner), patch, positive_inside=self._clear(index, patch.implicit))
            )
        return tuple(parts)

    def _clear(self, index: int, implicit: ImplicitFunction) -> bool:
        """Whether an edge's implicit function is positive in the whole region, and zero on that edge alone.

        Lines and discs have their smallest value on the boundary; the outside of a circle at its centre or there.
        """
        curve = self._curves[index]
        concave = isinstance(curve, Arc) and not isinstance(implicit, ImplicitSphere)
        if concave and self.level(np.array([curve.center]))[0] <= 0:
            return False
        near = np.concatenate([np.geomspace(1e-6, 0.5, 60), 1 - np.geomspace(1e-6, 0.5, 60)])[:, None]
        others = [other for k, other in enumerate(self._curves) if k != index]
        points = np.concatenate([other.at(near).points for other in others])
        ends = np.array([self.vertices[k % len(self.vertices)] for k in (index, index + 1)])
        away = np.min(np.linalg.norm(points[:, None] - ends, axis=2), axis=1)
        return bool(np.all(implicit(tuple(points.T)) > 1e-9 * away))

    @cached_property
    def region(self) -> Region:
        """The polygon of the chords with circular segments added and cut away; arcs are split until it is simple."""
        split = 1
        while True:
            corners, bulges, dents = self._chords(split)
            if len(corners) > 2 and touching_edges(corners) is None:
                return intersection(
                    (union((Polygon(corners.tolist()).region, *bulges)), *(dent.complement() for dent in dents))
                )
            split *= 2

    def _chords(self, split: int) -> tuple[Array, list[Region], list[Region]]:
        """Vertices with each arc split into `split` chords, and the circular segments outside and inside the chords."""
        corners: list[Array] = []
        sides: tuple[list[Region], list[Region]] = ([], [])
        for index, (curve, left) in enumerate(zip(self._curves, self._left, strict=True)):
            corners.append(np.array(self.vertices[index]))
            if isinstance(curve, Segment):
                continue
            shares = np.linspace(0, 1, split + 1)
            inner = curve.at(shares[1:-1, None]).points
            corners.extend(inner if left else inner[::-1])
            disk = HalfSpace(ImplicitSphere(curve.center, curve.radius), 2 * curve.radius)
            for start, end in pairwise(shares.tolist()):
                segment = intersection((disk, curve.trimming_region(start, end)))
                sides[0 if left == (self._orientation > 0) else 1].append(segment)
        return np.array(corners), *sides
