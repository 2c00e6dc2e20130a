"""Lifts of data on straight sides that meet at corners: as smooth as the data.

At a corner of two sides, points c + s a + t b along their directions a and b, the sum g_a(s) + g_b(t) - g(c) takes the data
of both sides, each a formula of its own. These sums, and the data of sides without neighbours, are blended over the domain
with weights that are products of the distances to all other sides, divided by their sum: on a side all that counts are
its own data. Nothing in this is singular, whereas weights that are 1 on one side and 0 on the next jump at their corner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np

from kinn.fields import Field, Points, call_by_name
from kinn.geometry import Boundary
from kinn.geometry.boundary.boundary import Part
from kinn.geometry.distances.implicit import Plane
from kinn.geometry.types import Array

#: Ends of sides meet within this distance, relative to the size of the domain.
CLOSE = 1e-9

#: The least sine of the angle of a corner.
LEAST_SINE = 0.1

#: The most sides: the work grows with the square of their number.
MOST_SIDES = 32


@dataclass(frozen=True, eq=False)
class SideDatum:
    """A part of the boundary with a datum.

    Attributes:
        part: The part.
        value: The datum: a number or a function of coordinates.
        label: What messages call the condition.
        ends: The ends of a straight part; none of a closed one.
    """

    part: Part
    value: Any
    label: str
    ends: tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class CornerData:
    """A corner of two sides, by number, with the unit vectors along them; an end of one that has no neighbour."""

    sides: tuple[int, ...]
    point: Array | None = None
    along: tuple[Array, ...] = ()


class CornerLift:
    """Blend of the data of sides.

    Args:
        sides: The sides.
        corners: Those in which they meet, and ends without neighbours.
        size: The size of the domain.
    """

    def __init__(self, sides: Sequence[SideDatum], corners: Sequence[CornerData], size: float) -> None:
        self.sides, self.corners, self.size = sides, corners, size

    @classmethod
    def of(cls, sides: Sequence[SideDatum], size: float) -> CornerLift | None:
        """Lift of sides, None where two meet at a flat angle or they are many."""
        if len(sides) > MOST_SIDES:
            return None
        corners: list[CornerData] = []
        for n, side in enumerate(sides):
            free = not side.ends
            for end in side.ends:
                others = [m for m, other in enumerate(sides) if m != n and any(_same(end, e, size) for e in other.ends)]
                if len(others) > 1:
                    return None
                free = free or not others
                if others and others[0] > n:
                    pair = (n, others[0])
                    along = tuple(_direction(sides[m], end) for m in pair)
                    if abs(along[0][0] * along[1][1] - along[0][1] * along[1][0]) < LEAST_SINE:
                        return None
                    corners.append(CornerData(pair, end, along))
            if free:
                corners.append(CornerData((n,)))
        return cls(sides, corners, size)

    def __call__(self, p: Points) -> Field:
        """Lift at points."""
        distances = [
            p.field(Boundary(s.part.name, (s.part,), self.size).distance(*p.coordinates), "a distance")
            * (1.0 / self.size)
            for s in self.sides
        ]
        weights = [
            reduce(mul, (d for n, d in enumerate(distances) if n not in corner.sides), p.field(1.0, "one"))
            for corner in self.corners
        ]
        total = reduce(add, weights)
        return reduce(add, (w * self._at(c, p) for w, c in zip(weights, self.corners, strict=True))) / total

    def _at(self, corner: CornerData, p: Points) -> Field:
        """Data of the sides of a corner."""
        first = self.sides[corner.sides[0]]
        if corner.point is None or first.value is self.sides[corner.sides[1]].value:
            return _datum(first, p.coordinates, p)
        (a, b), c = corner.along, corner.point
        sine = a[0] * b[1] - a[1] * b[0]
        x, y = (coordinate - float(at) for coordinate, at in zip(p.coordinates, c, strict=True))
        shares = (x * float(b[1] / sine) - y * float(b[0] / sine), y * float(a[0] / sine) - x * float(a[1] / sine))
        on_sides = [
            _datum(self.sides[n], [s * float(along[0]) + float(c[0]), s * float(along[1]) + float(c[1])], p)
            for n, s, along in zip(corner.sides, shares, corner.along, strict=True)
        ]
        at_corner = [p.field(float(at), "a corner") for at in c]
        return on_sides[0] + on_sides[1] - _datum(first, at_corner, p)


def straight_or_closed(part: Part) -> tuple[Array, ...] | None:
    """Ends of a straight part in front of which the domain lies, none of a closed one; None of any other."""
    ends = part.patch.rim(2)
    if len(ends) < 2 or np.array_equal(ends[0], ends[-1]) or np.allclose(ends[0], ends[-1], rtol=0, atol=1e-12):
        return ()
    straight = isinstance(part.patch.implicit, Plane) and part.positive_inside
    return (ends[0], ends[-1]) if straight else None


def _datum(side: SideDatum, coordinates: Sequence[Field], p: Points) -> Field:
    """Datum of a side at other coordinates."""
    value: Any | Callable[..., Any] = side.value
    found = call_by_name(value, p.names, coordinates) if callable(value) else value
    return p.field(found, f"the value of {side.label}")


def _direction(side: SideDatum, end: Array) -> Array:
    """Unit vector along a straight side from one of its ends."""
    other = max(side.ends, key=lambda e: float(np.linalg.norm(e - end)))
    return np.asarray((other - end) / np.linalg.norm(other - end))


def _same(a: Array, b: Array, size: float) -> bool:
    return float(np.linalg.norm(a - b)) <= CLOSE * size
