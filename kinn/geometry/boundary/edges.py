"""Segments and circular arcs as boundary patches, and where two of them meet."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.distances.implicit import ImplicitFunction, ImplicitSphere, Plane
from kinn.geometry.distances.rfunctions import FullSpace, HalfSpace, Region, diametral_ball
from kinn.geometry.types import Array


@dataclass(frozen=True)
class Segment(BoundaryPatch):
    """A straight segment in the plane from `start` to `end`, with its outward unit `normal`."""

    start: tuple[float, ...]
    end: tuple[float, ...]
    normal: tuple[float, ...]

    dim = 1

    @property
    def measure(self) -> float:
        """Length."""
        return float(np.linalg.norm(np.subtract(self.end, self.start)))

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points at constant speed from start to end."""
        points = (1 - unit) * np.asarray(self.start) + unit * np.asarray(self.end)
        return BoundaryPoints(points, np.tile(np.asarray(self.normal), (len(unit), 1)))

    @property
    def implicit(self) -> ImplicitFunction:
        """The line."""
        return Plane.through(self.start, self.normal)

    def trimming_region(self, start: float, end: float) -> Region:
        """Return the disk around the stretch."""
        first, last = self.at(np.array([[start], [end]])).points
        return diametral_ball(first, last)


@dataclass(frozen=True)
class Arc(BoundaryPatch):
    """A circular arc from angle `start` counter-clockwise over `sweep` (radians), normals pointing away."""

    center: tuple[float, ...]
    radius: float
    start: float = 0.0
    sweep: float = 2 * math.pi

    dim = 1

    @property
    def measure(self) -> float:
        """Length."""
        return self.radius * self.sweep

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points at constant speed along the arc."""
        angle = self.start + self.sweep * unit[:, 0]
        normals = np.column_stack([np.cos(angle), np.sin(angle)])
        return BoundaryPoints(np.asarray(self.center) + self.radius * normals, normals)

    @property
    def periodic(self) -> bool:
        """Whether it is a whole circle."""
        return self.sweep >= 2 * math.pi * (1 - 1e-12)

    @property
    def implicit(self) -> ImplicitFunction:
        """The circle."""
        return ImplicitSphere(self.center, self.radius)

    def trimming_region(self, start: float, end: float) -> Region:
        """Return the half-plane beyond the chord of a stretch; all of the plane for a full circle."""
        sweep = self.sweep * (end - start)
        if sweep >= 2 * math.pi * (1 - 1e-12):
            return FullSpace()
        middle = self.start + self.sweep * (start + end) / 2
        out = (math.cos(middle), math.sin(middle))
        chord = Plane(out, -float(np.dot(out, self.center)) - self.radius * math.cos(sweep / 2))
        return HalfSpace(chord, self.radius * min(sweep, 2.0))


def meeting_points(first: Segment | Arc, second: Segment | Arc, tolerance: float) -> Array:
    """Return points that two edges share, (k, 2); of a stretch that they share, points of it.

    Args:
        first: A segment or an arc.
        second: Another.
        tolerance: Points this near to an edge lie on it.
    """
    candidates = [*_ends(first), *_ends(second), *_middles(first), *_middles(second), *_crossings(first, second)]
    points = np.array(candidates)
    return np.asarray(points[(reach(first, points) <= tolerance) & (reach(second, points) <= tolerance)])


def reach(edge: Segment | Arc, points: Array) -> Array:
    """Return the distance, (N,), of points, (N, 2), to an edge."""
    if isinstance(edge, Segment):
        start, along = np.asarray(edge.start), np.subtract(edge.end, edge.start)
        share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
        return np.asarray(np.linalg.norm(points - start - share[:, None] * along, axis=1))
    offset = points - np.asarray(edge.center)
    turn = (np.arctan2(offset[:, 1], offset[:, 0]) - edge.start) % (2 * math.pi)
    beside = np.abs(np.linalg.norm(offset, axis=1) - edge.radius)
    ends = np.min([np.linalg.norm(points - end, axis=1) for end in _ends(edge)], axis=0)
    return np.asarray(np.where(turn <= edge.sweep, beside, ends))


def extreme(edge: Segment | Arc, direction: Array) -> Array:
    """Return the point, (2,), of an edge that lies farthest in a direction, (2,)."""
    points = _ends(edge)
    if isinstance(edge, Arc):
        top = np.asarray(edge.center) + edge.radius * direction / np.linalg.norm(direction)
        if (math.atan2(direction[1], direction[0]) - edge.start) % (2 * math.pi) <= edge.sweep:
            points = [*points, top]
    return max(points, key=lambda point: float(point @ direction))


def _ends(edge: Segment | Arc) -> list[Array]:
    return list(edge.at(np.array([[0.0], [1.0]])).points)


def _middles(edge: Segment | Arc) -> list[Array]:
    """Points inside an edge, one of which lies on another edge that covers a stretch of it or that it covers."""
    return list(edge.at(np.array([[0.5]])).points)


def _crossings(first: Segment | Arc, second: Segment | Arc) -> list[Array]:
    """Return where the lines or circles of two edges cross or touch."""
    if isinstance(first, Segment) and isinstance(second, Segment):
        start, u = np.asarray(first.start), np.subtract(first.end, first.start)
        v = np.subtract(second.end, second.start)
        across = u[0] * v[1] - u[1] * v[0]
        if across == 0:
            return []
        w = np.subtract(second.start, start)
        return [start + (w[0] * v[1] - w[1] * v[0]) / across * u]
    if isinstance(first, Segment):
        assert isinstance(second, Arc)
        start, u = np.asarray(first.start), np.subtract(first.end, first.start)
        return _on_circle(start, u / np.linalg.norm(u), second)
    if isinstance(second, Segment):
        return _crossings(second, first)
    apart = np.subtract(second.center, first.center)
    d = float(np.linalg.norm(apart))
    if d == 0:
        return []
    # the line through the crossings of two circles
    along = (d * d + first.radius**2 - second.radius**2) / (2 * d)
    foot = np.asarray(first.center) + along * apart / d
    return _on_circle(foot, np.array([-apart[1], apart[0]]) / d, first)


def _on_circle(point: Array, direction: Array, arc: Arc) -> list[Array]:
    """Return where a line meets the circle of an arc; where it just misses it, the nearest point."""
    offset = point - np.asarray(arc.center)
    foot = point - (offset @ direction) * direction
    square = arc.radius**2 - float(np.sum((foot - arc.center) ** 2))
    half = math.sqrt(max(square, 0.0))
    return [foot - half * direction, foot + half * direction]
