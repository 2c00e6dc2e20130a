"""Cells: images of reference cells that a shape or a boundary is cut into, many of one kind together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.geometry.quadrature.gauss import Array, Indices
from kinn.geometry.quadrature.reference_cells import LINE, Circle, Factor, Latitude, Simplex, tensor

_FINE = 47  # degree of the rules that measure curved cells: 24 points along each axis


@dataclass(frozen=True)
class CellPoints:
    """Points (m, d) of cells, what a unit of reference measure stands for there (m,), and on boundaries normals (m, d)."""

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
        """Return the points of the cells `which`, (m,), at reference coordinates `unit`, (m, k)."""

    @property
    def degrees(self) -> tuple[int, ...]:
        """Degree of the density along each factor, which is added to the degree of the rule."""
        return (0,) * len(self.factors)

    @cached_property
    def measures(self) -> Array:
        """The measure of each cell, (C,), by Gauss rules with many points; asked for where cells are curved."""
        unit, weights = tensor(self.factors, (_FINE,) * len(self.factors), (1,) * len(self.factors))
        located = self.at(np.repeat(np.arange(self.count), len(unit)), np.tile(unit, (self.count, 1)))
        return np.asarray(located.density.reshape(self.count, -1) @ weights)

    @cached_property
    def extents(self) -> Array:
        """How long each cell is along each factor, (C, F)."""
        columns = []
        for index, factor in enumerate(self.factors):
            lengths = []
            for path in factor.paths:
                middle = [np.tile(other.center, (len(path), 1)) for other in self.factors]
                middle[index] = path
                unit = np.tile(np.concatenate(middle, axis=1), (self.count, 1))
                points = self.at(np.repeat(np.arange(self.count), len(path)), unit).points
                steps = np.diff(points.reshape(self.count, len(path), -1), axis=1)
                lengths.append(np.sum(np.linalg.norm(steps, axis=2), axis=1))
            columns.append(np.max(lengths, axis=0))
        return np.stack(columns, axis=1) if columns else np.zeros((self.count, 0))


@dataclass(frozen=True, eq=False)
class Simplices(Cells):
    """Straight simplices, with normals where they are triangles of a surface.

    Attributes:
        corners: Their corners, (C, k + 1, d).
        normals: Unit normals, (C, d).
    """

    corners: Array
    normals: Array | None = None

    @property
    def factors(self) -> tuple[Factor, ...]:
        """One simplex."""
        return (Simplex(self.corners.shape[1] - 1),)

    @property
    def count(self) -> int:
        """Number of simplices."""
        return len(self.corners)

    @cached_property
    def _density(self) -> Array:
        edges = self.corners[:, 1:] - self.corners[:, :1]
        return np.asarray(np.sqrt(np.linalg.det(np.einsum("cid,cjd->cij", edges, edges))))

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return points by their barycentric coordinates."""
        shares = np.concatenate([1 - unit.sum(axis=1, keepdims=True), unit], axis=1)
        points = np.einsum("mk,mkd->md", shares, self.corners[which])
        return CellPoints(points, self._density[which], None if self.normals is None else self.normals[which])


@dataclass(frozen=True, eq=False)
class Bricks(Cells):
    """Axis-aligned boxes between corners `lower` and `upper`, (C, d) each."""

    lower: Array
    upper: Array

    @property
    def factors(self) -> tuple[Factor, ...]:
        """One line for each axis."""
        return (LINE,) * int(self.lower.shape[1])

    @property
    def count(self) -> int:
        """Number of boxes."""
        return len(self.lower)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return points between the corners."""
        lower, span = self.lower[which], (self.upper - self.lower)[which]
        return CellPoints(lower + unit * span, np.prod(span, axis=1))


@dataclass(frozen=True, eq=False)
class Shells(Cells):
    """Shells between two radii around a point, or spheres.

    Attributes:
        center: The centre, (d,), d >= 2.
        radii: The inner and the outer radius of each, (C, 2); on spheres both are the same.
        surface: Whether they are spheres.
    """

    center: tuple[float, ...]
    radii: Array
    surface: bool = False

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The radius, the heights of one dimension after the other, and the angle in the plane."""
        around = (*(Latitude(n) for n in range(len(self.center), 2, -1)), Circle())
        first: tuple[Factor, ...] = () if self.surface else (LINE,)
        return (*first, *around)

    @property
    def degrees(self) -> tuple[int, ...]:
        """The power of the radius."""
        return (0,) * len(self.factors) if self.surface else (len(self.center) - 1, *(0,) * (len(self.factors) - 1))

    @property
    def count(self) -> int:
        """Number of shells."""
        return len(self.radii)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return points in polar coordinates."""
        d, (inner, outer) = len(self.center), self.radii[which].T
        radius = inner if self.surface else inner + (outer - inner) * unit[:, 0]
        density = 2 * np.pi * radius ** (d - 1) * (1 if self.surface else outer - inner)
        around, ring, columns = unit[:, unit.shape[1] - (d - 1) :], np.ones(len(unit)), []
        for height in around[:, :-1].T:
            columns.append(ring * height)
            ring = ring * np.sqrt(1 - height**2)
        angle = 2 * np.pi * around[:, -1]
        directions = np.column_stack([ring * np.cos(angle), ring * np.sin(angle), *columns[::-1]])
        points = np.asarray(self.center) + radius[:, None] * directions
        return CellPoints(points, density, directions if self.surface else None)


@dataclass(frozen=True, eq=False)
class WeightedPoints(Cells):
    """Single points with weights of their own: what is known by points alone, or the ends of an interval.

    Attributes:
        points: The points, (C, d).
        weights: What each stands for, (C,).
        normals: Unit normals, (C, d), on boundaries.
    """

    points: Array
    weights: Array
    normals: Array | None = None

    @property
    def factors(self) -> tuple[Factor, ...]:
        """None."""
        return ()

    @property
    def count(self) -> int:
        """Number of points."""
        return len(self.points)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return the points."""
        return CellPoints(
            self.points[which], self.weights[which], None if self.normals is None else self.normals[which]
        )
