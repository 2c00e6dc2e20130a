"""Products of a shape with an interval of one more coordinate, the last; their lateral and end patches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import Face, Label, Part
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.distances.distance import Patch
from kinn.geometry.distances.implicit import ImplicitFunction, Plane
from kinn.geometry.distances.rfunctions import Half, Region, between, intersection
from kinn.geometry.geometry import CLOSE, Geometry
from kinn.geometry.quadrature.cells import Cells, EmbeddedCells, LiftedCells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array, Mask


def level_set(dim: int, value: float, side: int) -> Plane:
    """Return how far the last of `dim` coordinates is above (`side` 0) or below (`side` 1) a value."""
    sign = 1.0 - 2.0 * side
    return Plane((0.0,) * (dim - 1) + (sign,), -sign * value)


def slab(dim: int, start: float, end: float) -> Region:
    """Return the points whose last of `dim` coordinates lies between two values."""
    return intersection((Half(level_set(dim, start, 0), end - start), Half(level_set(dim, end, 1), end - start)))


@dataclass(frozen=True)
class Lateral(BoundaryPatch):
    """A piece of a shape's boundary times the interval; its normals have no component along the last coordinate."""

    base: BoundaryPatch
    start: float
    end: float

    @property
    def rejects(self) -> bool:
        """As the piece of the shape."""
        return self.base.rejects

    @property
    def dim(self) -> int:
        """One more than that of the piece of the shape."""
        return self.base.dim + 1

    @property
    def measure(self) -> float:
        """Measure of the piece of the shape times the length of the interval."""
        return self.base.measure * (self.end - self.start)

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points whose last parameter is the last coordinate."""
        base = self.base.at(unit[:, :-1])
        last = self.start + unit[:, -1] * (self.end - self.start)
        return BoundaryPoints(
            np.column_stack([base.points, last]), np.column_stack([base.normals, np.zeros(len(unit))])
        )

    def accepts(self, located: BoundaryPoints) -> Mask:
        """Return which points the piece of the shape accepts."""
        return self.base.accepts(BoundaryPoints(located.points[:, :-1], located.normals[:, :-1]))

    def cells(self, wanted: QuadratureSpec) -> tuple[Cells, ...]:
        """Return those of the piece of the shape, carried along."""
        return carried_along(self.base.cells(wanted.fewer(power=self.base.dim / self.dim)), self.start, self.end)

    @property
    def carrier(self) -> ImplicitFunction:
        """That of the piece of the shape."""
        return self.base.carrier.lifted()

    def extent(self, start: float, end: float) -> Region:
        """Return the disk around a stretch of the line that an end point of an interval runs through."""
        first, last = self.at(np.array([[start], [end]])).points
        return between(first, last)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Those of the piece of the shape, between the ends of the interval."""
        within = slab(self.dim + 1, self.start, self.end)
        return tuple(
            Patch(patch.carrier.lifted(), intersection((patch.region.lifted(), within))) for patch in self.base.patches
        )


@dataclass(frozen=True)
class Cap(BoundaryPatch):
    """A whole shape at one value of the last coordinate, the domain lying above (`side` 0) or below it (`side` 1)."""

    base: Geometry
    value: float
    side: int

    @property
    def rejects(self) -> bool:
        """As the shape."""
        return self.base.rejects

    @property
    def dim(self) -> int:
        """That of the shape."""
        return self.base.dim

    @property
    def measure(self) -> float:
        """Measure of the shape."""
        return self.base.measure

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points of the shape, or of its bounding box where the shape rejects."""
        return self._lift(self.base.from_unit(unit))

    def accepts(self, located: BoundaryPoints) -> Mask:
        """Return which points lie in the shape."""
        return self.base.contains(located.points[:, :-1])

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        """Return points of the shape, drawn in its own way."""
        return self._lift(self.base.draw(m, method, seed))

    def cells(self, wanted: QuadratureSpec) -> tuple[Cells, ...]:
        """Return those of the shape."""
        return tuple(EmbeddedCells(cells, self.value, self.side) for cells in self.base.cells(wanted))

    @property
    def carrier(self) -> ImplicitFunction:
        """The plane on which the last coordinate is constant."""
        return level_set(self.dim + 1, self.value, self.side)

    @property
    def patches(self) -> tuple[Patch, ...]:
        """The shape in this plane."""
        return (Patch(self.carrier, self.base.region.lifted()),)

    def _lift(self, points: Array) -> BoundaryPoints:
        normals = np.zeros((len(points), self.dim + 1))
        normals[:, -1] = 2.0 * self.side - 1.0
        return BoundaryPoints(np.column_stack([points, np.full(len(points), self.value)]), normals)


def carried_along(groups: Sequence[Cells], start: float, end: float) -> tuple[Cells, ...]:
    """Return groups of cells carried along the interval."""
    return tuple(LiftedCells(cells, start, end) for cells in groups)


def caps(base: Geometry, value: float, side: int) -> list[BoundaryPatch]:
    """Return the pieces of one end; of a shape in one dimension they are segments, so that they can be trimmed."""
    if base.dim != 1:
        return [Cap(base, value, side)]
    ends = sorted(float(part.piece.at(np.zeros((1, 0))).points[0, 0]) for part in base.parts)
    normal = (0.0, 2.0 * side - 1.0)
    return [Segment((a, value), (b, value), normal) for a, b in zip(ends[::2], ends[1::2], strict=True)]


class Product(Geometry):
    """A shape times an interval.

    Args:
        base: The shape.
        ends: The interval.
    """

    def __init__(self, base: Geometry, ends: tuple[float, float]) -> None:
        self.base, self.ends = base, ends
        self.rejects, self.dear = base.rejects, base.dear

    @property
    @abstractmethod
    def cap_labels(self) -> Sequence[Label]:
        """The labels of the lower and the upper end."""

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Those of the shape and of the interval."""
        lower, upper = self.base.bounds
        return np.append(lower, self.ends[0]), np.append(upper, self.ends[1])

    @property
    def measure(self) -> float:
        """Measure of the shape times the length of the interval."""
        return self.base.measure * (self.ends[1] - self.ends[0])

    def level(self, points: Array) -> Array:
        """Return the larger of the levels of the shape and of the interval."""
        start, end = self.ends
        return np.maximum(self.base.level(points[:, :-1]), np.maximum(start - points[:, -1], points[:, -1] - end))

    def contains(self, points: Array) -> Mask:
        """Return which of the points, (N, d), lie in the shape and between the ends, (N,)."""
        x = arguments.points(points, self.coordinates)
        slack = CLOSE * self.rounding
        within = (x[:, -1] >= self.ends[0] - slack) & (x[:, -1] <= self.ends[1] + slack)
        return np.asarray(within & self.base.contains(x[:, :-1]))

    @property
    def region(self) -> Region:
        """The shape, between the ends."""
        return intersection((self.base.region.lifted(), slab(self.dim, *self.ends)))

    def from_unit(self, unit: Array) -> Array:
        """Return points whose last parameter is the last coordinate."""
        start, end = self.ends
        return np.column_stack([self.base.from_unit(unit[:, :-1]), start + unit[:, -1] * (end - start)])

    def cells(self, wanted: QuadratureSpec) -> tuple[Cells, ...]:
        """Return those of the shape, carried along."""
        return carried_along(self.base.cells(wanted.fewer(power=self.base.dim / self.dim)), *self.ends)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The boundary of the shape all along the interval, then both ends."""
        sides = tuple(
            replace(part, piece=Lateral(part.piece, *self.ends), negative_outside=False) for part in self.base.parts
        )
        return sides + tuple(
            Part(label, piece, Face(self.dim - 1, value, side), positive_inside=True)
            for side, (label, value) in enumerate(zip(self.cap_labels, self.ends, strict=True))
            for piece in caps(self.base, value, side)
        )
