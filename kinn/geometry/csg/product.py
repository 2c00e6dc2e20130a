"""Products of a shape with an interval of one more coordinate, the last: over time, and as an extrusion in space."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from kinn.geometry import arguments
from kinn.geometry.boundaries import Face, Label, Part
from kinn.geometry.boundary.patch import Array, Mask
from kinn.geometry.csg.prism import Lateral, caps, carried_along, slab
from kinn.geometry.distances.rfunctions import Region, intersection
from kinn.geometry.geometry import CLOSE, Geometry
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.rule import QuadratureSpec


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
