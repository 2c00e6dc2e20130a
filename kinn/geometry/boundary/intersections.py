"""Where segments and circular arcs meet, for the test that a closed chain of them does not cross or touch itself."""

from __future__ import annotations

import math

import numpy as np

from kinn.geometry.boundary.arc import Arc
from kinn.geometry.boundary.patch import Array, Segment


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
