"""Plane regions with curved boundaries, cut into strips between two arcs: exact cells for combinations of shapes.

Where a boundary curve ends, or turns back in one coordinate, a line across the region cuts it; between two such lines
the region lies between pairs of arcs that are graphs over that coordinate. Each is the image of the square: along the
steeper arc at constant speed, straight across. Points of a rule are inside and weights positive whatever the arcs, and
where the boundary is smooth the integrand stays so, because an arc is followed round where it goes straight up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, pairwise

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch
from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.reference_cells import LINE, gauss_jacobi
from kinn.geometry.types import Array, Indices

_NODES = 65  # of a stretch, among which turning points are sought
_STEPS = 60  # of Newton's method and of bisection
_CLOSE = 1e-15  # steps smaller than this share of an arc end Newton's method
_STRAIGHT = 1e-13  # normals that differ by less belong to a straight line
_GAUSS = 20  # points of a panel with which areas are integrated
_HALVINGS = 40  # of panels at most, where a curve turns back sharply
_EXACT = 1e-16  # what a panel may be off by, relative to the square of the length of the curve


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
        """Other coordinate at parameters, (m,)."""
        return np.asarray(self.curve.at(t[:, None]).points[:, 1 - self.axis])

    def rise(self, t: Array) -> tuple[Array, Array]:
        """Coordinate at parameters, (m,), and how fast it grows with the parameter, (m,), up to sign."""
        samples = self.curve.at(t[:, None])
        # the tangent is the normal turned by a right angle
        return samples.points[:, self.axis], self.curve.measure * np.abs(samples.normals[:, 1 - self.axis])

    def parameter(self, x: Array) -> Array:
        """Where the coordinate has the given values, (m,): Newton's method, bisection where it leaves."""
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

    def area(self, start: float, end: float, span: tuple[float, float], base: float) -> float:
        """Area between the arc, from one parameter to another, and the height `base`, over a span of the coordinate.

        The arc is integrated against its own height, and what lies below that is a rectangle: errors of the quadrature are
        not multiplied by how far away the base is.
        """
        level = float(self.height(np.array([start]))[0])
        rectangle = (level - base) * (span[1] - span[0])
        if self.straight:
            return rectangle + (float(self.height(np.array([end]))[0]) - level) * (span[1] - span[0]) / 2

        def integrand(t: Array) -> Array:
            return np.asarray((self.height(t) - level) * self.rise(t)[1])

        inner = [t for t in self.curve.breaks if min(start, end) < t < max(start, end)]
        joints = np.unique([start, *inner, end])
        return rectangle + _integrate(integrand, joints, _EXACT * self.curve.measure**2)


def _integrate(function: Callable[[Array], Array], joints: Array, tolerance: float) -> float:
    """Integral by Gauss rules on panels, halved until their halves agree."""
    u, w = gauss_jacobi(_GAUSS, 0.0, 0.0)

    def on(lower: Array, upper: Array) -> Array:
        half = (upper - lower)[:, None] / 2
        values = function((lower[:, None] + half * (1 + u)).ravel()).reshape(half.shape[0], -1)
        return np.asarray(np.sum(half * w * values, axis=1))

    lower, upper = joints[:-1], joints[1:]
    values, total = on(lower, upper), 0.0
    for _ in range(_HALVINGS):
        middle = (lower + upper) / 2
        first, second = on(lower, middle), on(middle, upper)
        open_ = np.abs(first + second - values) > tolerance
        total += float(np.sum((first + second)[~open_]))
        if not open_.any():
            return total
        lower, upper = np.concatenate([lower[open_], middle[open_]]), np.concatenate([middle[open_], upper[open_]])
        values = np.concatenate([first[open_], second[open_]])
    return total + float(np.sum(values))


def monotone_arcs(patches: Iterable[BoundaryPatch], axis: int, shortest: float) -> list[MonotoneArc]:
    """Arcs that curves consist of; those over less than `shortest` of the coordinate are left out."""
    arcs = []
    for patch in patches:
        curve, spans = patch.curve_spans
        for start, end in spans:
            nodes = {float(t) for t in np.linspace(start, end, _NODES)} | {t for t in curve.breaks if start < t < end}
            for a, b in pairwise([start, *_turns(curve, axis, np.array(sorted(nodes))), end]):
                low, high = curve.at(np.array([[a], [b]])).points[:, axis]
                if abs(high - low) > shortest:
                    arcs.append(MonotoneArc(curve, axis, a, b) if low < high else MonotoneArc(curve, axis, b, a))
    return arcs


def _turns(curve: BoundaryPatch, axis: int, nodes: Array) -> list[float]:
    """Parameters between nodes at which the coordinate turns: the other component of the normal vanishes."""

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


_THIN = 1e-200  # keeps weights positive
_MERGED = 8  # lines across nearer than this many times the rounding are one


@dataclass(frozen=True, eq=False)
class Strip:
    """The points between two arcs, over a stretch of one coordinate.

    Attributes:
        lower: The arc below.
        upper: The arc above.
        span: Where the stretch begins and ends.
        driver: The arc, one of both, that is followed at constant speed.
    """

    lower: MonotoneArc
    upper: MonotoneArc
    span: tuple[float, float]
    driver: MonotoneArc

    def parameters(self, arc: MonotoneArc) -> tuple[float, float]:
        """Parameters of an arc where the stretch begins and ends."""
        first, last = arc.parameter(np.array(self.span)).tolist()
        return first, last

    @cached_property
    def ends(self) -> tuple[float, float]:
        """The parameters of the driver."""
        return self.parameters(self.driver)

    @cached_property
    def measure(self) -> float:
        """The area, integrated along the arcs."""
        base = float(self.lower.height(np.array([self.lower.start]))[0])
        upper, lower = (arc.area(*self.parameters(arc), self.span, base) for arc in (self.upper, self.lower))
        return upper - lower

    def at(self, along: Array, across: Array) -> tuple[Array, Array, Array]:
        """Both coordinates and the density at reference coordinates, (m,) each."""
        unique, which = np.unique(along, return_inverse=True)
        start, end = self.ends
        t = start + (end - start) * unique
        x, speed = self.driver.rise(t)
        low, high = (
            arc.height(t if arc is self.driver else arc.parameter(x))[which] for arc in (self.lower, self.upper)
        )
        # where the arcs meet, rounding may leave nothing between them, or less
        between = np.maximum(high - low, _THIN)
        return x[which], low + between * across, between * speed[which] * abs(end - start)


@dataclass(frozen=True, eq=False)
class Strips(Cells):
    """Slabs along a coordinate.

    Attributes:
        strips: The strips.
        axis: The coordinate.
    """

    strips: tuple[Strip, ...]
    axis: int
    curved = True

    factors = (LINE, LINE)

    @property
    def degrees(self) -> tuple[int, ...]:
        return (1, 0)

    @property
    def count(self) -> int:
        return len(self.strips)

    @cached_property
    def measures(self) -> Array:
        return np.array([strip.measure for strip in self.strips])

    def at(self, which: Indices, unit: Array) -> CellPoints:
        points, density = np.empty((len(unit), 2)), np.empty(len(unit))
        order = np.argsort(which, kind="stable")
        cells, starts = np.unique(which[order], return_index=True)
        for cell, rows in zip(cells.tolist(), np.split(order, starts[1:]), strict=True):
            x, y, density[rows] = self.strips[cell].at(*unit[rows].T)
            points[rows, self.axis], points[rows, 1 - self.axis] = x, y
        return CellPoints(points, density)


def divide_into_strips(patches: Sequence[BoundaryPatch], rounding: float) -> Strips | None:
    """Strips of a plane region between the curves that bound it, along the coordinate that needs fewer.

    Args:
        patches: The whole boundary, normals pointing out.
        rounding: Lengths below this count as zero.

    Returns:
        None where the curves bound no region: their ends do not meet.
    """
    candidates = [_strips_along(patches, axis, rounding) for axis in (0, 1)]
    return min((strips for strips in candidates if strips), key=lambda strips: strips.count, default=None)


def _strips_along(patches: Sequence[BoundaryPatch], axis: int, rounding: float) -> Strips | None:
    arcs = monotone_arcs(patches, axis, _MERGED * rounding)
    lines = np.sort(np.array([end for arc in arcs for end in arc.span]))
    if not len(lines):
        return None
    lines = lines[np.concatenate([[True], np.diff(lines) > _MERGED * rounding])]
    open_: dict[tuple[int, int], float] = {}  # pairs of arcs and where they began to face each other
    done: list[tuple[int, int, float, float]] = []
    for start, end in pairwise(lines.tolist()):
        pairs = _facing_arcs(arcs, (start + end) / 2, axis)
        if pairs is None:
            return None
        done.extend((*pair, open_.pop(pair), start) for pair in list(open_) if pair not in pairs)
        for pair in pairs:
            open_.setdefault(pair, start)
    done.extend((*pair, start, float(lines[-1])) for pair, start in open_.items())
    strips = (_between_arcs(arcs[lower], arcs[upper], start, end) for lower, upper, start, end in done if start < end)
    return Strips(tuple(chain.from_iterable(strips)), axis)


def _facing_arcs(arcs: Sequence[MonotoneArc], x: float, axis: int) -> list[tuple[int, int]] | None:
    """Which arcs the region lies between on a line across, or None where they do not come in pairs."""
    crossed = [k for k, arc in enumerate(arcs) if arc.span[0] < x < arc.span[1]]
    heights, outward = [], []
    for k in crossed:
        samples = arcs[k].curve.at(arcs[k].parameter(np.array([x]))[:, None])
        heights.append(float(samples.points[0, 1 - axis]))
        outward.append(float(samples.normals[0, 1 - axis]))
    order = np.argsort(heights, kind="stable")
    signs = np.sign(np.array(outward)[order]) if crossed else np.zeros(0)
    if len(crossed) % 2 or np.any(signs[::2] != -1) or np.any(signs[1::2] != 1):
        return None
    return [(crossed[a], crossed[b]) for a, b in zip(order[::2], order[1::2], strict=True)]


def _between_arcs(lower: MonotoneArc, upper: MonotoneArc, start: float, end: float) -> list[Strip]:
    """Strip between two arcs, in halves where each half has another steeper arc."""
    middle = (start + end) / 2
    halves = ((start, middle), (middle, end))
    drivers = [max((lower, upper), key=lambda arc: arc.steepness(half)) for half in halves]
    if drivers[0] is drivers[1]:
        return [Strip(lower, upper, (start, end), drivers[0])]
    return [Strip(lower, upper, half, driver) for half, driver in zip(halves, drivers, strict=True)]
