"""Rules graded towards the corners of a domain in the plane at which a field is singular.

Near a corner a field that goes as r^a has, in s = r^a, an energy that is smooth. So triangles at the corner are images of squares
(Duffy 1982, SIAM J. Numer. Anal. 19, 1260, with a power): one coordinate is s, the other runs along the opposite side. Rectangles
stay what they are, both coordinates being powers. Where a network has to hold something on the sides, both may be crowded
towards these too: it makes thin layers between the sides and the outermost points otherwise, which cost no energy that the
rule can see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.quadrature.cells import Bricks, CellPoints, Cells, Simplices
from kinn.geometry.quadrature.reference_cells import LINE
from kinn.geometry.triangulation import ROUNDING, cross
from kinn.geometry.types import Array, Indices


class GradedSquares(Cells):
    """Images of squares whose densities are powers."""

    curved = True
    factors = (LINE, LINE)


@dataclass(frozen=True, eq=False)
class GradedRectangles(GradedSquares):
    """Rectangles graded towards one of their corners, `apex`, and if asked towards the sides.

    Both coordinates go as s^power from there; `opposite` are the corners across, (C, 2) as these.
    """

    apex: Array
    opposite: Array
    power: float
    sides: bool

    @property
    def count(self) -> int:
        return len(self.apex)

    @cached_property
    def measures(self) -> Array:
        return np.asarray(np.abs(np.prod(self.opposite - self.apex, axis=1)))

    @cached_property
    def extents(self) -> Array:
        return self.power * np.abs(self.opposite - self.apex)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        s, slopes = _between_sides(unit) if self.sides else (unit, np.ones_like(unit))
        span = (self.opposite - self.apex)[which]
        density = np.prod(np.abs(span) * self.power * s ** (self.power - 1) * slopes, axis=1)
        return CellPoints(self.apex[which] + s**self.power * span, density)


@dataclass(frozen=True, eq=False)
class DuffyTriangles(GradedSquares):
    """Triangles with corners (C, 3, 2) graded towards the first, and if asked towards the sides.

    The distance from that corner is s^power times that of the opposite side.
    """

    corners: Array
    power: float
    sides: bool

    @property
    def count(self) -> int:
        return len(self.corners)

    @cached_property
    def measures(self) -> Array:
        a, b = self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0]
        return np.abs(cross(a, b)) / 2

    @cached_property
    def extents(self) -> Array:
        """Where they are longest: at the far end outwards, and along the opposite side."""
        apex, a, b = np.moveaxis(self.corners, 1, 0)
        legs, opposite = np.linalg.norm([a - apex, b - apex], axis=2), np.linalg.norm(b - a, axis=1)
        return np.stack([self.power * legs.max(axis=0), opposite], axis=1)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        apex, a, b = np.moveaxis(self.corners[which], 1, 0)
        (s, along), slopes = unit.T, np.ones(len(unit))
        if self.sides:
            slopes = 3 * (1 - s) ** 2
            s = 1 - (1 - s) ** 3  # graded towards 1, as the cube of what is left
            along, across = _between_sides(along)
            slopes = across * slopes
        points = apex + (s**self.power)[:, None] * (a + along[:, None] * (b - a) - apex)
        density = self.power * s ** (2 * self.power - 1) * slopes * np.abs(cross(a - apex, b - apex))
        return CellPoints(points, density)


@dataclass(frozen=True, eq=False)
class GradedCurveCells(Cells):
    """Rows of other cells, of curves, from one parameter to another above or below.

    They are graded towards the start: the parameter goes as s^power from there.
    """

    base: Cells
    rows: Indices
    start: float
    end: float
    power: float

    curved = True
    factors = (LINE,)

    @property
    def count(self) -> int:
        return len(self.rows)

    @cached_property
    def measures(self) -> Array:
        """Measures of the base times the share of the parameter: curves have constant speed."""
        return np.asarray(self.base.measures[self.rows] * abs(self.end - self.start))

    def at(self, which: Indices, unit: Array) -> CellPoints:
        span = self.end - self.start
        base = self.base.at(self.rows[which], self.start + span * unit**self.power)
        density = base.density * abs(span) * self.power * unit[:, 0] ** (self.power - 1)
        return CellPoints(base.points, density, base.normals)


def _between_sides(unit: Array) -> tuple[Array, Array]:
    """Parameters graded towards 0 and 1, as the cubes of the distances, and their slopes."""
    return unit**3 * (10 - 15 * unit + 6 * unit**2), 30 * (unit * (1 - unit)) ** 2


#: Powers that both coordinates of a rectangle have more, for the field is not smooth in them.
RECTANGLE_POWER = 1.3

#: The least exponent: below, points come nearer to the corner than numbers can tell.
MIN_EXPONENT = 0.1


@dataclass(frozen=True)
class Grading:
    """Corners at which a field is singular.

    Attributes:
        towards: The corners (x, y), vertices of polygons or rectangles.
        exponent: The field goes as the distance to this power, 0.1 to 1.
        sides: Whether points are graded towards the sides of the triangles around the corners, too: for networks that are given
            the singular field, and else hold conditions there in thin layers.
    """

    towards: Sequence[tuple[float, float]]
    exponent: float
    sides: bool = False

    def __post_init__(self) -> None:
        corners = tuple(
            arguments.point(corner, "a corner that a quadrature is graded towards", 2) for corner in self.towards
        )
        object.__setattr__(self, "towards", corners)
        if not corners:
            raise InputError("a graded quadrature needs at least one corner that it is graded towards")
        if not MIN_EXPONENT <= self.exponent <= 1:
            raise InputError(f"the exponent of a graded quadrature is {MIN_EXPONENT} to 1, not {self.exponent}")

    @property
    def power(self) -> float:
        """The power p of r = s^p."""
        return 1 / self.exponent

    def inside(self, groups: Sequence[Cells]) -> tuple[Cells, ...]:
        """Cells of a domain, those at the corners graded; InputError if a corner is none of a straight cell."""
        out: list[Cells] = []
        for cells in groups:
            polygons = cells.polygons
            if polygons is None:
                raise InputError("a quadrature is graded towards corners of polygons and of rectangles alone")
            out += self._triangles(polygons) if polygons.shape[1] == 3 else self._boxes(polygons[:, ::2])
        return tuple(out)

    def along(self, groups: Sequence[Cells]) -> tuple[Cells, ...]:
        """Cells of a boundary, those that end at a corner graded towards it."""
        return tuple(part for cells in groups for part in self._line(cells))

    def _boxes(self, ends: Array) -> list[Cells]:
        """Rectangles (C, 2, 2), lower and upper ends each, as cells."""
        plain, graded = [], []
        queue = list(ends)
        while queue:
            box = queue.pop()
            loop = [box[[i, j], [0, 1]] for i, j in product(range(2), repeat=2)]
            at = [k for k in range(4) if self._meets(loop[k])]
            if len(at) > 1:  # each of the two gets its half
                axis = int(np.argmax(loop[at[0]] != loop[at[1]]))
                lower, upper = box.copy(), box.copy()
                lower[1, axis] = upper[0, axis] = box[:, axis].mean()
                queue += [lower, upper]
            elif at:
                graded.append([loop[at[0]], loop[3 - at[0]]])
            else:
                self._check_clear(np.array(loop)[[0, 2, 3, 1]])
                plain.append(box)
        out: list[Cells] = [Bricks(*np.moveaxis(np.array(plain), 1, 0))] if plain else []
        if graded:
            apex, opposite = np.moveaxis(np.array(graded), 1, 0)
            out.append(GradedRectangles(apex, opposite, RECTANGLE_POWER * self.power, self.sides))
        return out

    def _triangles(self, corners: Array) -> list[Cells]:
        """Triangles (C, 3, 2) as cells."""
        plain, wedges = [], []
        queue = list(corners)
        while queue:
            triangle = queue.pop()
            at = [k for k in range(3) if self._meets(triangle[k])]
            if len(at) > 1:  # each of the two gets half of the side between them
                a, b, c = np.roll(triangle, -at[0] if at[1] == at[0] + 1 else -at[1], axis=0)
                queue += [np.array([a, (a + b) / 2, c]), np.array([(a + b) / 2, b, c])]
            elif at:
                wedges.append(np.roll(triangle, -at[0], axis=0))
            else:
                self._check_clear(triangle)
                plain.append(triangle)
        out: list[Cells] = [Simplices(np.array(plain))] if plain else []
        return [*out, DuffyTriangles(np.array(wedges), self.power, self.sides)] if wedges else out

    def _meets(self, point: Array) -> bool:
        """Whether a point is one of the corners."""
        size = float(np.abs(self.towards).max()) + float(np.abs(point).max())
        return bool((np.linalg.norm(np.array(self.towards) - point, axis=1) <= ROUNDING * size).any())

    def _check_clear(self, loop: Array) -> None:
        """Raise if a corner lies in a convex polygon (n, 2) of which it is no vertex."""
        edges = np.roll(loop, -1, axis=0) - loop
        turn = np.sign(cross(edges[0], edges[1]))
        for corner in self.towards:
            heights = turn * cross(edges, np.array(corner) - loop) / np.linalg.norm(edges, axis=1)
            if heights.min() > -ROUNDING * np.abs(edges).max():
                raise InputError(
                    f"a quadrature is graded towards corners, and {corner} is no vertex of the shape that it lies in"
                )

    def _line(self, cells: Cells) -> list[Cells]:
        """Cells of a curve, cut in the middle where both ends are corners."""
        if cells.factors != (LINE,):
            return [cells]
        first, last = (
            np.array([self._meets(x) for x in cells.at_each(np.array([[end]])).points], dtype=bool)
            for end in (0.0, 1.0)
        )
        if not (first | last).any():
            return [cells]
        spans = [
            (first & ~last, 0.0, 1.0, self.power),
            (last & ~first, 1.0, 0.0, self.power),
            (first & last, 0.0, 0.5, self.power),
            (first & last, 1.0, 0.5, self.power),
            (~first & ~last, 0.0, 1.0, 1.0),
        ]
        return [GradedCurveCells(cells, np.flatnonzero(rows), *span) for rows, *span in spans if rows.any()]
