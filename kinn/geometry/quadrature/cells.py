"""Cells: images of reference cells that a shape or a boundary is divided into, many of one kind together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import factorial

import numpy as np

from kinn.geometry.quadrature.reference_cells import LINE, Factor, Simplex, tensor_rule
from kinn.geometry.types import Array, Indices, delegated

_FINE = 47  # degree of the rules that measure curved cells: 24 points along each axis


@dataclass(frozen=True)
class CellPoints:
    """Points (m, d) of cells, the measure per unit of reference measure (m,), and on boundaries normals (m, d)."""

    points: Array
    density: Array
    normals: Array | None = None


class Cells(ABC):
    """Cells with one reference cell, a product of factors."""

    #: Whether the density is no polynomial: then the weights of a cell are scaled to its measure.
    curved: bool = False

    @property
    @abstractmethod
    def factors(self) -> tuple[Factor, ...]:
        """What the reference cell is the product of."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Number of cells."""

    @abstractmethod
    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Points of the cells `which`, (m,), at reference coordinates `unit`, (m, k)."""

    def at_each(self, unit: Array, rows: Indices | None = None) -> CellPoints:
        """Points, (C n, d), of every cell, or of the cells `rows`, at reference coordinates, (n, k)."""
        cells = np.arange(self.count) if rows is None else rows
        return self.at(np.repeat(cells, len(unit)), np.tile(unit, (len(cells), 1)))

    def cut(self, breaks: Sequence[Sequence[float]]) -> Cells:
        """Cells with edges at values of each coordinate; only those of boxes can be cut so."""
        return self

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degree of the density along each factor, which is added to the degree of the rule."""
        return (0,) * len(self.factors)

    @property
    def polygons(self) -> Array | None:
        """Corners, (C, 3 or 4, 2), of triangles or axis-aligned rectangles; None for other cells."""
        return None

    @cached_property
    def measures(self) -> Array:
        """The measure of each cell, (C,), by Gauss rules with many points; asked for where cells are curved."""
        unit, weights = tensor_rule(self.factors, (_FINE,) * len(self.factors), (1,) * len(self.factors))
        return np.asarray(self.at_each(unit).density.reshape(self.count, -1) @ weights)

    @cached_property
    def extents(self) -> Array:
        """How long each cell is along each factor, (C, F)."""
        columns = []
        for index, factor in enumerate(self.factors):
            lengths = []
            for path in factor.paths:
                middle = [np.tile(other.center, (len(path), 1)) for other in self.factors]
                middle[index] = path
                points = self.at_each(np.concatenate(middle, axis=1)).points
                steps = np.diff(points.reshape(self.count, len(path), -1), axis=1)
                lengths.append(np.sum(np.linalg.norm(steps, axis=2), axis=1))
            columns.append(np.max(lengths, axis=0))
        return np.stack(columns, axis=1) if columns else np.zeros((self.count, 0))


@dataclass(frozen=True, eq=False)
class Simplices(Cells):
    """Straight simplices with corners (C, k + 1, d), and unit normals (C, d) where they are triangles of a surface."""

    corners: Array
    normals: Array | None = None

    @property
    def factors(self) -> tuple[Factor, ...]:
        return (Simplex(self.corners.shape[1] - 1),)

    @property
    def count(self) -> int:
        return len(self.corners)

    @property
    def polygons(self) -> Array | None:
        return self.corners if self.corners.shape[1:] == (3, 2) else None

    @property
    def volumes(self) -> Array:
        """Lengths, areas or volumes of the simplices, (C,)."""
        return self._density / factorial(self.corners.shape[1] - 1)

    @cached_property
    def _density(self) -> Array:
        edges = self.corners[:, 1:] - self.corners[:, :1]
        return np.asarray(np.sqrt(np.maximum(0.0, np.linalg.det(np.einsum("cid,cjd->cij", edges, edges)))))

    def at(self, which: Indices, unit: Array) -> CellPoints:
        shares = np.concatenate([1 - unit.sum(axis=1, keepdims=True), unit], axis=1)
        points = np.einsum("mk,mkd->md", shares, self.corners[which])
        return CellPoints(points, self._density[which], None if self.normals is None else self.normals[which])


@dataclass(frozen=True, eq=False)
class Bricks(Cells):
    """Axis-aligned boxes between corners `lower` and `upper`, (C, d) each."""

    lower: Array
    upper: Array

    def __getitem__(self, rows: Indices | slice) -> Bricks:
        return Bricks(self.lower[rows], self.upper[rows])

    @property
    def volumes(self) -> Array:
        """Volumes of the boxes, (C,)."""
        return np.asarray(np.prod(self.upper - self.lower, axis=1))

    def halved(self) -> Bricks:
        """Each box as 2^d boxes, those of one box together."""
        d = self.lower.shape[1]
        corners = np.array(list(product((0, 1), repeat=d)))
        half = (self.upper - self.lower)[:, None] / 2
        lower = (self.lower[:, None] + half * corners).reshape(-1, d)
        return Bricks(lower, lower + np.repeat(half[:, 0], len(corners), axis=0))

    def cut(self, breaks: Sequence[Sequence[float]]) -> Bricks:
        lower, upper = self.lower, self.upper
        for axis, values in enumerate(breaks):
            for value in values:
                inside = (lower[:, axis] < value) & (value < upper[:, axis])
                lower = np.concatenate([lower, lower[inside]])
                upper = np.concatenate([upper, upper[inside]])
                upper[: len(inside), axis][inside] = value
                lower[len(inside) :, axis] = value
        return Bricks(lower, upper)

    @property
    def factors(self) -> tuple[Factor, ...]:
        return (LINE,) * int(self.lower.shape[1])

    @property
    def count(self) -> int:
        return len(self.lower)

    @property
    def polygons(self) -> Array | None:
        if self.lower.shape[1] != 2:
            return None
        (a, b), (c, d) = self.lower.T, self.upper.T
        return np.stack([np.stack(corner, axis=1) for corner in ((a, b), (c, b), (c, d), (a, d))], axis=1)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        lower, span = self.lower[which], (self.upper - self.lower)[which]
        return CellPoints(lower + unit * span, np.prod(span, axis=1))


@dataclass(frozen=True, eq=False)
class WeightedPoints(Cells):
    """Single points (C, d), scattered or ends of an interval, their weights (C,), and on boundaries unit normals."""

    points: Array
    weights: Array
    normals: Array | None = None

    @property
    def factors(self) -> tuple[Factor, ...]:
        return ()

    @property
    def count(self) -> int:
        return len(self.points)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        normals = None if self.normals is None else self.normals[which]
        return CellPoints(self.points[which], self.weights[which], normals)


@dataclass(frozen=True, eq=False)
class DerivedCells(Cells):
    """Cells with the reference cell of others."""

    base: Cells

    curved = delegated("curved")
    factors = delegated("factors")
    degrees = delegated("degrees")
    count = delegated("count")
    measures = delegated("measures")


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
        return self.base.measures * self._scale

    def at(self, which: Indices, unit: Array) -> CellPoints:
        base = self.base.at(which, unit)
        normals = None if base.normals is None else base.normals @ self.matrix.T
        return CellPoints(base.points @ self.matrix.T + self.shift, base.density * self._scale, normals)


@dataclass(frozen=True, eq=False)
class ReversedCells(DerivedCells):
    """Cells of a boundary whose normals point the other way."""

    def at(self, which: Indices, unit: Array) -> CellPoints:
        base = self.base.at(which, unit)
        return CellPoints(base.points, base.density, None if base.normals is None else -base.normals)


@dataclass(frozen=True, eq=False)
class LiftedCells(DerivedCells):
    """Cells times the interval from `start` to `end` of one more coordinate, the last."""

    start: float
    end: float

    @property
    def factors(self) -> tuple[Factor, ...]:
        return (*self.base.factors, LINE)

    @property
    def degrees(self) -> tuple[int, ...]:
        return (*self.base.degrees, 0)

    @cached_property
    def measures(self) -> Array:
        return self.base.measures * (self.end - self.start)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        base = self.base.at(which, unit[:, :-1])
        last = self.start + unit[:, -1] * (self.end - self.start)
        normals = None if base.normals is None else np.column_stack([base.normals, np.zeros(len(unit))])
        return CellPoints(np.column_stack([base.points, last]), base.density * (self.end - self.start), normals)


@dataclass(frozen=True, eq=False)
class EmbeddedCells(DerivedCells):
    """Cells at one value of one more coordinate, the last: they bound a domain above (side 0) or below (side 1)."""

    value: float
    side: int

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Points of the base with one more coordinate, and normals along it."""
        base = self.base.at(which, unit)
        normals = np.zeros((len(unit), base.points.shape[1] + 1))
        normals[:, -1] = 2.0 * self.side - 1.0
        return CellPoints(np.column_stack([base.points, np.full(len(unit), self.value)]), base.density, normals)
