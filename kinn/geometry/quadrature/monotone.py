"""Boundary curves of the plane cut into arcs along which one coordinate rises, and so into graphs over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch
from kinn.geometry.quadrature.gauss import Array, gauss_jacobi

_NODES = 65  # of a stretch, among which turning points are sought
_STEPS = 60  # of Newton's method and of bisection
_CLOSE = 1e-15  # steps smaller than this share of an arc end Newton's method
_STRAIGHT = 1e-13  # normals that differ by less belong to a straight line
_GAUSS, _PANELS = 20, 17  # points with which areas are integrated, and ends of panels


@dataclass(frozen=True, eq=False)
class MonotoneArc:
    """A stretch of a smooth curve along which the coordinate `axis` rises or falls.

    Attributes:
        curve: The curve.
        axis: The coordinate.
        start: Its parameter where that coordinate is least.
        end: Its parameter where it is greatest; it may be the smaller parameter.
    """

    curve: BoundaryPatch
    axis: int
    start: float
    end: float

    @cached_property
    def span(self) -> tuple[float, float]:
        """The least and the greatest value of the coordinate."""
        low, high = self.curve.at(np.array([[self.start], [self.end]])).points[:, self.axis]
        return float(low), float(high)

    @cached_property
    def straight(self) -> bool:
        """Whether it is a segment."""
        normals = self.curve.at(np.linspace(self.start, self.end, 9)[:, None]).normals
        return bool(np.max(np.abs(normals - normals[0])) <= _STRAIGHT)

    def height(self, t: Array) -> Array:
        """Return the other coordinate at parameters, (m,)."""
        return np.asarray(self.curve.at(t[:, None]).points[:, 1 - self.axis])

    def rise(self, t: Array) -> tuple[Array, Array]:
        """Return the coordinate at parameters, (m,), and how fast it grows with the parameter, (m,), up to sign."""
        located = self.curve.at(t[:, None])
        # the tangent is the normal turned by a right angle
        return located.points[:, self.axis], self.curve.measure * np.abs(located.normals[:, 1 - self.axis])

    def parameter(self, x: Array) -> Array:
        """Return where the coordinate has the given values, (m,): Newton's method, bisection where it leaves."""
        low, high = self.span
        share = (x - low) / (high - low)
        t = self.start + (self.end - self.start) * np.clip(share, 0.0, 1.0)
        if self.straight:
            return t
        sign = 1.0 if self.end > self.start else -1.0
        below, above = np.full(len(x), self.start), np.full(len(x), self.end)
        for _ in range(_STEPS):
            value, speed = self.rise(t)
            less = value < x
            below, above = np.where(less, t, below), np.where(less, above, t)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = t + sign * (x - value) / speed
            within = (newton - below) * (newton - above) < 0
            moved = np.where(within, newton, (below + above) / 2)
            left = (np.abs(moved - t) > _CLOSE * abs(self.end - self.start)) & (value != x)
            t = np.where(value == x, t, moved)
            if not left.any():
                break
        return np.asarray(t)

    def steepness(self, x: tuple[float, float]) -> float:
        """Return 1 where the curve goes straight up somewhere between two values of the coordinate, less elsewhere."""
        if self.straight:
            return 0.0
        t = self.parameter(np.linspace(*x, 5))
        return float(1 - np.min(np.abs(self.curve.at(t[:, None]).normals[:, 1 - self.axis])))

    def area(self, start: float, end: float, base: float) -> float:
        """Return the area between the arc, from one parameter to another, and the height `base`."""
        inner = sorted((t for t in self.curve.breaks if min(start, end) < t < max(start, end)), reverse=end < start)
        joints = np.array([start, *inner, end])
        least = np.linspace(start, end, 1 if self.straight else _PANELS)
        joints = np.unique(np.concatenate([joints, least]))
        u, w = gauss_jacobi(_GAUSS, 0.0, 0.0)
        half = np.diff(joints)[:, None] / 2
        t = (joints[:-1, None] + half * (1 + u)).ravel()
        return float(np.sum((half * w).ravel() * (self.height(t) - base) * self.rise(t)[1]))


def monotone(pieces: Iterable[BoundaryPatch], axis: int, shortest: float) -> list[MonotoneArc]:
    """Return the arcs that curves consist of; those over less than `shortest` of the coordinate are left out."""
    arcs = []
    for piece in pieces:
        curve, spans = piece.stretches
        for start, end in spans:
            nodes = {float(t) for t in np.linspace(start, end, _NODES)} | {t for t in curve.breaks if start < t < end}
            for a, b in pairwise([start, *_turns(curve, axis, np.array(sorted(nodes))), end]):
                low, high = curve.at(np.array([[a], [b]])).points[:, axis]
                if abs(high - low) > shortest:
                    arcs.append(MonotoneArc(curve, axis, a, b) if low < high else MonotoneArc(curve, axis, b, a))
    return arcs


def _turns(curve: BoundaryPatch, axis: int, nodes: Array) -> list[float]:
    """Return the parameters between nodes at which the coordinate turns: the other component of the normal vanishes."""

    def slope(t: Array) -> Array:
        found = curve.at(t[:, None]).normals[:, 1 - axis]
        return np.where(np.abs(found) <= _STRAIGHT, 0.0, found)

    values = slope(nodes)
    nodes, values = nodes[values != 0], values[values != 0]
    turning = np.flatnonzero(values[:-1] * values[1:] < 0)
    low, high, before = nodes[turning], nodes[turning + 1], values[turning]
    for _ in range(_STEPS if len(turning) else 0):
        middle = (low + high) / 2
        same = slope(middle) * before > 0
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [float(t) for t in (low + high) / 2]
