"""Plane regions with curved boundaries, cut into slabs between two arcs: exact cells for combinations of shapes.

Where a boundary curve ends, or turns back in one coordinate, a line across the region cuts it; between two such lines
the region lies between pairs of arcs that are graphs over that coordinate. Each is the image of the square: along the
steeper arc at constant speed, straight across. Points of a rule are inside and weights positive whatever the arcs, and
where the boundary is smooth the integrand stays so, because an arc is followed round where it goes straight up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from kinn.geometry.boundary.patch import BoundaryPatch
from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.gauss import Array, Indices
from kinn.geometry.quadrature.monotone import MonotoneArc, monotone
from kinn.geometry.quadrature.reference_cells import LINE, Factor

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
        """Return the parameters of an arc where the stretch begins and ends."""
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
        return self.upper.area(*self.parameters(self.upper), base) - self.lower.area(*self.parameters(self.lower), base)

    def at(self, along: Array, across: Array) -> tuple[Array, Array, Array]:
        """Return both coordinates and the density at reference coordinates, (m,) each."""
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
        slabs: The slabs.
        axis: The coordinate.
    """

    slabs: tuple[Strip, ...]
    axis: int
    curved = True

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Along and across."""
        return (LINE, LINE)

    @property
    def degrees(self) -> tuple[int, ...]:
        """Between straight arcs the density is linear along the slab."""
        return (1, 0)

    @property
    def count(self) -> int:
        """Number of slabs."""
        return len(self.slabs)

    @cached_property
    def measures(self) -> Array:
        """The areas, (C,)."""
        return np.array([slab.measure for slab in self.slabs])

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return the points, slab by slab."""
        points, density = np.empty((len(unit), 2)), np.empty(len(unit))
        order = np.argsort(which, kind="stable")
        cells, starts = np.unique(which[order], return_index=True)
        for cell, rows in zip(cells.tolist(), np.split(order, starts[1:]), strict=True):
            x, y, density[rows] = self.slabs[cell].at(*unit[rows].T)
            points[rows, self.axis], points[rows, 1 - self.axis] = x, y
        return CellPoints(points, density)


def slabs(pieces: Sequence[BoundaryPatch], rounding: float) -> Strips | None:
    """Return the slabs of a plane region between the curves that bound it, along the coordinate that needs fewer.

    Args:
        pieces: The whole boundary, normals pointing out.
        rounding: Lengths below this count as zero.

    Returns:
        None where the curves bound no region: their ends do not meet.
    """
    found = [made for axis in (0, 1) if (made := _along(pieces, axis, rounding)) is not None]
    return min(found, key=lambda made: made.count) if found else None


def _along(pieces: Sequence[BoundaryPatch], axis: int, rounding: float) -> Strips | None:
    arcs = monotone(pieces, axis, _MERGED * rounding)
    lines = np.sort(np.array([end for arc in arcs for end in arc.span]))
    if not len(lines):
        return None
    lines = lines[np.concatenate([[True], np.diff(lines) > _MERGED * rounding])]
    open_: dict[tuple[int, int], float] = {}  # pairs of arcs and where they began to face each other
    done: list[tuple[int, int, float, float]] = []
    for start, end in pairwise(lines.tolist()):
        pairs = _pairs(arcs, (start + end) / 2, axis)
        if pairs is None:
            return None
        done.extend((*pair, open_.pop(pair), start) for pair in list(open_) if pair not in pairs)
        for pair in pairs:
            open_.setdefault(pair, start)
    done.extend((*pair, start, float(lines[-1])) for pair, start in open_.items())
    made = [
        slab
        for lower, upper, start, end in done
        for slab in _driven(arcs[lower], arcs[upper], start, end)
        if start < end
    ]
    return Strips(tuple(made), axis)


def _pairs(arcs: Sequence[MonotoneArc], x: float, axis: int) -> list[tuple[int, int]] | None:
    """Return which arcs the region lies between on a line across, or None where they do not come in pairs."""
    here = [k for k, arc in enumerate(arcs) if arc.span[0] < x < arc.span[1]]
    heights, outward = [], []
    for k in here:
        located = arcs[k].curve.at(arcs[k].parameter(np.array([x]))[:, None])
        heights.append(float(located.points[0, 1 - axis]))
        outward.append(float(located.normals[0, 1 - axis]))
    order = np.argsort(heights, kind="stable")
    signs = np.sign(np.array(outward)[order]) if here else np.zeros(0)
    if len(here) % 2 or np.any(signs[::2] != -1) or np.any(signs[1::2] != 1):
        return None
    return [(here[a], here[b]) for a, b in zip(order[::2], order[1::2], strict=True)]


def _driven(lower: MonotoneArc, upper: MonotoneArc, start: float, end: float) -> list[Strip]:
    """Return the slab between two arcs, in halves where each half has another steeper arc."""
    middle = (start + end) / 2
    halves = ((start, middle), (middle, end))
    drivers = [max((lower, upper), key=lambda arc: arc.steepness(half)) for half in halves]
    if drivers[0] is drivers[1]:
        return [Strip(lower, upper, (start, end), drivers[0])]
    return [Strip(lower, upper, half, driver) for half, driver in zip(halves, drivers, strict=True)]
