"""Segments and circular arcs as boundary patches, and the points in which two of them meet."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.distances.implicit import ImplicitFunction, ImplicitSphere, Plane
from kinn.geometry.distances.rfunctions import FullSpace, HalfSpace, Region
from kinn.geometry.types import Array

_TURN = 2 * math.pi
_WHOLE = 1 - 1e-12  # a sweep of more than this share of a turn is a full circle


class Edge(BoundaryPatch):
    """A segment or a circular arc in the plane."""

    dim = 1

    @property
    def ends(self) -> list[Array]:
        """The first and the last point, (2,) each."""
        return list(self.at(np.array([[0.0], [1.0]])).points)

    @property
    def segment_area(self) -> float:
        """Area between the edge and the chord of its ends."""
        return 0.0

    @abstractmethod
    def distance(self, points: Array) -> Array:
        """Distance of points, (N, 2), to the edge, (N,)."""

    @abstractmethod
    def ray_crossings(self, points: Array, start: tuple[float, ...], end: tuple[float, ...]) -> Array:
        """Number of crossings, (N,), of rays from points, (N, 2), to the right with the edge.

        Heights are compared with those of the vertices `start` and `end` themselves, so that rounding cannot count one
        on one edge and not on the next.
        """

    def farthest(self, direction: Array) -> Array:
        """Point, (2,), that lies farthest in a direction, (2,)."""
        return max(self.ends, key=lambda point: float(point @ direction))


@dataclass(frozen=True)
class Segment(Edge):
    """A straight segment from `start` to `end`, with its outward unit `normal`."""

    start: tuple[float, ...]
    end: tuple[float, ...]
    normal: tuple[float, ...]

    @property
    def measure(self) -> float:
        return float(np.linalg.norm(np.subtract(self.end, self.start)))

    def at(self, unit: Array) -> BoundaryPoints:
        points = (1 - unit) * np.asarray(self.start) + unit * np.asarray(self.end)
        return BoundaryPoints(points, np.tile(np.asarray(self.normal), (len(unit), 1)))

    @property
    def implicit(self) -> ImplicitFunction:
        return Plane.through(self.start, self.normal)

    def distance(self, points: Array) -> Array:
        start, along = np.asarray(self.start), np.subtract(self.end, self.start)
        share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
        return np.asarray(np.linalg.norm(points - start - share[:, None] * along, axis=1))

    def ray_crossings(self, points: Array, start: tuple[float, ...], end: tuple[float, ...]) -> Array:
        x, y = points.T
        rising, falling = (y >= start[1]) & (y < end[1]), (y < start[1]) & (y >= end[1])
        side = (end[0] - start[0]) * (y - start[1]) - (end[1] - start[1]) * (x - start[0])
        return np.asarray((rising & (side > 0)) | (falling & (side < 0)), dtype=int)


@dataclass(frozen=True)
class Arc(Edge):
    """A circular arc from angle `start` counter-clockwise over `sweep` (radians), normals pointing away."""

    center: tuple[float, ...]
    radius: float
    start: float = 0.0
    sweep: float = _TURN

    @property
    def measure(self) -> float:
        return self.radius * self.sweep

    @property
    def segment_area(self) -> float:
        return self.radius**2 * (self.sweep - math.sin(self.sweep)) / 2

    def at(self, unit: Array) -> BoundaryPoints:
        angle = self.start + self.sweep * unit[:, 0]
        normals = np.column_stack([np.cos(angle), np.sin(angle)])
        return BoundaryPoints(np.asarray(self.center) + self.radius * normals, normals)

    @property
    def periodic(self) -> bool:
        return self.sweep >= _TURN * _WHOLE

    @property
    def implicit(self) -> ImplicitFunction:
        return ImplicitSphere(self.center, self.radius)

    def trimming_region(self, start: float, end: float) -> Region:
        """Half-plane beyond the chord of a span; the whole plane for a full circle."""
        sweep = self.sweep * (end - start)
        if sweep >= _TURN * _WHOLE:
            return FullSpace()
        middle = self.start + self.sweep * (start + end) / 2
        out = (math.cos(middle), math.sin(middle))
        chord = Plane(out, -float(np.dot(out, self.center)) - self.radius * math.cos(sweep / 2))
        return HalfSpace(chord, self.radius * min(sweep, 2.0))

    def distance(self, points: Array) -> Array:
        offset = points - np.asarray(self.center)
        turn = (np.arctan2(offset[:, 1], offset[:, 0]) - self.start) % _TURN
        beside = np.abs(np.linalg.norm(offset, axis=1) - self.radius)
        ends = np.min([np.linalg.norm(points - end, axis=1) for end in self.ends], axis=0)
        return np.asarray(np.where(turn <= self.sweep, beside, ends))

    def ray_crossings(self, points: Array, start: tuple[float, ...], end: tuple[float, ...]) -> Array:
        """Crossings, (N,), of the arc from start to end; it is divided where it turns up or down."""
        x, y = points.T
        (x0, y0), r = self.center, self.radius
        turns = [k * math.pi / 2 for k in range(-3, 8, 2) if 0 < k * math.pi / 2 - self.start < self.sweep]
        heights = [start[1], *(y0 + r * math.sin(angle) for angle in turns), end[1]]
        angles = [self.start, *turns, self.start + self.sweep]
        half = np.sqrt(np.maximum(0.0, r**2 - (y - y0) ** 2))
        count = np.zeros(len(points), dtype=int)
        for k, (a, b) in enumerate(pairwise(heights)):
            on_right = math.cos((angles[k] + angles[k + 1]) / 2) > 0
            between = ((y >= a) & (y < b)) | ((y < a) & (y >= b))
            count += between & (x < x0 + (half if on_right else -half))
        return count

    def farthest(self, direction: Array) -> Array:
        if (math.atan2(direction[1], direction[0]) - self.start) % _TURN > self.sweep:
            return super().farthest(direction)
        top = np.asarray(self.center) + self.radius * direction / np.linalg.norm(direction)
        return max([*self.ends, top], key=lambda point: float(point @ direction))


def common_points(first: Edge, second: Edge, tolerance: float) -> Array:
    """Points that two edges share, (k, 2); of an overlap some of its points.

    Args:
        first: An edge.
        second: Another.
        tolerance: Points this near to an edge lie on it.
    """
    # a middle lies on the other edge where that covers a stretch of its edge
    middles = [edge.at(np.array([[0.5]])).points[0] for edge in (first, second)]
    points = np.array([*first.ends, *second.ends, *middles, *_crossings(first, second)])
    return np.asarray(points[(first.distance(points) <= tolerance) & (second.distance(points) <= tolerance)])


def _crossings(first: Edge, second: Edge) -> list[Array]:
    """Where the lines or circles of two edges cross or touch."""
    match first, second:
        case Segment(), Segment():
            start, u = np.asarray(first.start), np.subtract(first.end, first.start)
            v, w = np.subtract(second.end, second.start), np.subtract(second.start, start)
            across = u[0] * v[1] - u[1] * v[0]
            return [] if across == 0 else [start + (w[0] * v[1] - w[1] * v[0]) / across * u]
        case Segment(), Arc():
            u = np.subtract(first.end, first.start)
            return _on_circle(np.asarray(first.start), u / np.linalg.norm(u), second)
        case Arc(), Arc():
            offset = np.subtract(second.center, first.center)
            d = float(np.linalg.norm(offset))
            if d == 0:
                return []
            # the line through the crossings of two circles
            along = (d * d + first.radius**2 - second.radius**2) / (2 * d)
            foot = np.asarray(first.center) + along * offset / d
            return _on_circle(foot, np.array([-offset[1], offset[0]]) / d, first)
    return _crossings(second, first)


def _on_circle(point: Array, direction: Array, arc: Arc) -> list[Array]:
    """Where a line meets the circle of an arc; where it just misses it, the nearest point."""
    offset = point - np.asarray(arc.center)
    foot = point - (offset @ direction) * direction
    square = arc.radius**2 - float(np.sum((foot - arc.center) ** 2))
    half = math.sqrt(max(square, 0.0))
    return [foot - half * direction, foot + half * direction]
