"""The boundary of a product with an interval: pieces of a shape's boundary carried along it, and the shape at its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinn.geometry.boundary.patch import Array, BoundaryPatch, BoundaryPoints, Mask, Segment
from kinn.geometry.distances.distance import Patch
from kinn.geometry.distances.implicit import ImplicitFunction, Plane
from kinn.geometry.distances.rfunctions import Half, Region, between, intersection
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.mapped import EmbeddedCells, LiftedCells
from kinn.geometry.quadrature.rule import QuadratureSpec


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
