"""Cells that are crowded towards a point at which a field is singular, and towards their sides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.gauss import Array, Indices
from kinn.geometry.quadrature.reference_cells import LINE, Factor
from kinn.geometry.triangles.triangulation import cross


class GradedSquares(Cells):
    """Images of squares whose densities are powers."""

    curved = True

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Both coordinates of the square."""
        return (LINE, LINE)


@dataclass(frozen=True, eq=False)
class DuffyCells(GradedSquares):
    """Rectangles crowded towards one of their corners.

    Attributes:
        apex: These corners, (C, 2).
        opposite: Those across, (C, 2).
        power: Both coordinates go as s^power from there.
        sides: Whether points crowd towards the sides.
    """

    apex: Array
    opposite: Array
    power: float
    sides: bool

    @property
    def count(self) -> int:
        """Number of rectangles."""
        return len(self.apex)

    @cached_property
    def measures(self) -> Array:
        """Their areas."""
        return np.asarray(np.abs(np.prod(self.opposite - self.apex, axis=1)))

    @cached_property
    def extents(self) -> Array:
        """Where they are longest: at the far end."""
        return self.power * np.abs(self.opposite - self.apex)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return points from the corner outwards."""
        s, slopes = _between_sides(unit) if self.sides else (unit, np.ones_like(unit))
        span = (self.opposite - self.apex)[which]
        density = np.prod(np.abs(span) * self.power * s ** (self.power - 1) * slopes, axis=1)
        return CellPoints(self.apex[which] + s**self.power * span, density)


@dataclass(frozen=True, eq=False)
class WedgeCells(GradedSquares):
    """Triangles crowded towards their first corner.

    Attributes:
        corners: Their corners, (C, 3, 2).
        power: The distance from the first is s^power times that of the opposite side.
        sides: Whether points crowd towards the sides.
    """

    corners: Array
    power: float
    sides: bool

    @property
    def count(self) -> int:
        """Number of triangles."""
        return len(self.corners)

    @cached_property
    def measures(self) -> Array:
        """Their areas."""
        a, b = self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0]
        return np.abs(cross(a, b)) / 2

    @cached_property
    def extents(self) -> Array:
        """Where they are longest: at the far end outwards, and along the opposite side."""
        apex, a, b = np.moveaxis(self.corners, 1, 0)
        legs, opposite = np.linalg.norm([a - apex, b - apex], axis=2), np.linalg.norm(b - a, axis=1)
        return np.stack([self.power * legs.max(axis=0), opposite], axis=1)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return points from the first corner outwards."""
        apex, a, b = np.moveaxis(self.corners[which], 1, 0)
        s, along = unit.T
        slopes = np.ones(len(unit))
        if self.sides:
            s, outwards = _from_side(s)
            along, slopes = _between_sides(along)
            slopes = slopes * outwards
        points = apex + (s**self.power)[:, None] * (a + along[:, None] * (b - a) - apex)
        density = self.power * s ** (2 * self.power - 1) * slopes * np.abs(cross(a - apex, b - apex))
        return CellPoints(points, density)


@dataclass(frozen=True, eq=False)
class GradedCells(Cells):
    """Cells of curves from one parameter to another, crowded towards where they start.

    Attributes:
        base: The cells.
        rows: Which of them.
        start: The parameter at which points are closest.
        end: The parameter where they end, above or below.
        power: The parameter goes as s^power from there.
    """

    base: Cells
    rows: Indices
    start: float
    end: float
    power: float

    curved = True

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The parameter."""
        return (LINE,)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self.rows)

    @cached_property
    def measures(self) -> Array:
        """Those of the base times the share of the parameter, for curves are run through at constant speed."""
        return np.asarray(self.base.measures[self.rows] * abs(self.end - self.start))

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Return the points of the base."""
        span = self.end - self.start
        base = self.base.at(self.rows[which], self.start + span * unit**self.power)
        density = base.density * abs(span) * self.power * unit[:, 0] ** (self.power - 1)
        return CellPoints(base.points, density, base.normals)


def _from_side(unit: Array) -> tuple[Array, Array]:
    """Return parameters crowded towards 1, as the cube of what is left, and their slopes."""
    return 1 - (1 - unit) ** 3, 3 * (1 - unit) ** 2


def _between_sides(unit: Array) -> tuple[Array, Array]:
    """Return parameters crowded towards 0 and 1, as the cubes of the distances, and their slopes."""
    return unit**3 * (10 - 15 * unit + 6 * unit**2), 30 * (unit * (1 - unit)) ** 2
