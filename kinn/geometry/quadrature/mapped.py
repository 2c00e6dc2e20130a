"""Cells made of other cells: mapped by a matrix, turned round, carried along one more axis, laid into a plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.gauss import Array, Indices
from kinn.geometry.quadrature.reference_cells import LINE, Factor


@dataclass(frozen=True, eq=False)
class DerivedCells(Cells):
    """Cells with the reference cell of others."""

    base: Cells

    @property
    def curved(self) -> bool:  # type: ignore[override]
        """As the base."""
        return self.base.curved

    @property
    def factors(self) -> tuple[Factor, ...]:
        """As the base."""
        return self.base.factors

    @property
    def degrees(self) -> tuple[int, ...]:
        """As the base."""
        return self.base.degrees

    @property
    def count(self) -> int:
        """As the base."""
        return self.base.count

    @cached_property
    def measures(self) -> Array:
        """As the base."""
        return self.base.measures


@dataclass(frozen=True, eq=False)
class MappedCells(DerivedCells):
    """Cells x -> matrix x + shift; those of a boundary by a motion alone, which keeps areas and turns normals."""

    matrix: Array
    shift: Array

    @property
    def _scale(self) -> float:
        return abs(float(np.linalg.det(self.matrix)))

    @cached_property
    def measures(self) -> Array:
        """Those of the base times the determinant."""
        return self.base.measures * self._scale

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return the points of the base, mapped."""
        base = self.base.at(which, unit)
        normals = None if base.normals is None else base.normals @ self.matrix.T
        return CellPoints(base.points @ self.matrix.T + self.shift, base.density * self._scale, normals)


@dataclass(frozen=True, eq=False)
class ReversedCells(DerivedCells):
    """Cells of a boundary whose normals point the other way."""

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return the points of the base with normals reversed."""
        base = self.base.at(which, unit)
        return CellPoints(base.points, base.density, None if base.normals is None else -base.normals)


@dataclass(frozen=True, eq=False)
class LiftedCells(DerivedCells):
    """Cells times the interval from `start` to `end` of one more coordinate, the last."""

    start: float
    end: float

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Those of the base and a line."""
        return (*self.base.factors, LINE)

    @property
    def degrees(self) -> tuple[int, ...]:
        """Those of the base; it is constant along the interval."""
        return (*self.base.degrees, 0)

    @cached_property
    def measures(self) -> Array:
        """Those of the base times the length."""
        return self.base.measures * (self.end - self.start)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return points whose last reference coordinate is the last coordinate."""
        base = self.base.at(which, unit[:, :-1])
        last = self.start + unit[:, -1] * (self.end - self.start)
        normals = None if base.normals is None else np.column_stack([base.normals, np.zeros(len(unit))])
        return CellPoints(np.column_stack([base.points, last]), base.density * (self.end - self.start), normals)


@dataclass(frozen=True, eq=False)
class EmbeddedCells(DerivedCells):
    """Cells of a shape at one value of one more coordinate, the last: they bound what lies above or below.

    Attributes:
        value: The value.
        side: 0 where the domain lies above, 1 where it lies below.
    """

    value: float
    side: int

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return the points of the base with one more coordinate, and normals along it."""
        base = self.base.at(which, unit)
        normals = np.zeros((len(unit), base.points.shape[1] + 1))
        normals[:, -1] = 2.0 * self.side - 1.0
        return CellPoints(np.column_stack([base.points, np.full(len(unit), self.value)]), base.density, normals)
