"""Axis-aligned boxes of any dimension; interval, rectangle and cuboid are those of one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kinn.errors import InputError, check_name
from kinn.geometry import arguments, distances
from kinn.geometry.boundary.boundary import BoundaryName, Face, Label, Part, slab
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Chart, quadrilateral_chart
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Bricks, Cells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array

_SIDES = (("left", "right"), ("bottom", "top"), ("back", "front"))


@dataclass(frozen=True)
class BoxSide(BoundaryPatch):
    """The side of a box on which coordinate `axis` has its lower (`side` 0) or upper (`side` 1) value."""

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    axis: int
    side: int

    @property
    def dim(self) -> int:
        return len(self.lower) - 1

    @property
    def measure(self) -> float:
        return float(np.prod(np.delete(np.subtract(self.upper, self.lower), self.axis)))

    def at(self, unit: Array) -> BoundaryPoints:
        full = np.insert(unit, self.axis, float(self.side), axis=1)
        points = (1 - full) * np.asarray(self.lower) + full * np.asarray(self.upper)
        normals = np.zeros_like(points)
        normals[:, self.axis] = 2.0 * self.side - 1.0
        return BoundaryPoints(points, normals)

    def charts(self) -> list[Chart]:
        if self.dim != 2:
            return super().charts()
        lower, upper = np.array(self.lower), np.array(self.upper)
        a, b = ((self.axis + 1) % 3, (self.axis + 2) % 3)[:: 1 if self.side else -1]
        corners = np.tile((upper if self.side else lower), (4, 1))
        for axis, column in ((a, (0, 1, 1, 0)), (b, (0, 0, 1, 1))):
            corners[:, axis] = np.where(np.array(column), upper[axis], lower[axis])
        return [quadrilateral_chart(corners)]

    @property
    def implicit(self) -> distances.ImplicitFunction:
        return Face(self.axis, (self.lower, self.upper)[self.side][self.axis], self.side).plane(len(self.lower))

    def trimming_region(self, start: float, end: float) -> distances.Region:
        if self.dim == 1:
            return super().trimming_region(start, end)
        return _between(self.lower, self.upper, [axis for axis in range(len(self.lower)) if axis != self.axis])


def _between(lower: Sequence[float], upper: Sequence[float], axes: Iterable[int]) -> distances.Region:
    """Points between the sides of some axes."""
    return distances.intersection(slab(len(lower), axis, lower[axis], upper[axis]) for axis in axes)


class Box(Geometry):
    """An axis-aligned box.

    Its sides are named left, right (x), bottom, top (y), back, front (z), and x1-lower, x1-upper, ... beyond three
    dimensions; the name of the box stands for all of them.

    Args:
        lower: The corner with the smallest coordinates, (d,).
        upper: The corner with the largest coordinates, (d,).
        name: Name of the box.
        sides: Other names for some of its sides: `{"right": "joint"}`.

    Raises:
        InputError: Not finite, of different dimension, a lower bound that is not below the upper one, or names of no side.
    """

    rejects = False
    cuts_cells = True

    def __init__(
        self,
        lower: Sequence[float],
        upper: Sequence[float],
        *,
        name: str = "box",
        sides: Mapping[str, str] | None = None,
    ) -> None:
        self.name = arguments.label(name)
        self.lower = arguments.point(lower, "the lower corner")
        self.upper = arguments.point(upper, "the upper corner", len(self.lower))
        for coordinate, a, b in zip(self.coordinates, self.lower, self.upper, strict=True):
            if not a < b:
                raise InputError(f"the lower bound of {coordinate} must be below the upper one, got {a:g} and {b:g}")
        self.sides = dict(sides or {})
        names = [name for pair in self._default_names for name in pair]
        for side, label in self.sides.items():
            check_name("side", side, names, f"{self.name!r}")
            arguments.label(label, "the name of a side")
            if label in ("boundary", "outer", "interior", self.name):
                raise InputError(f"a side may not be called {label!r}, which means something else")
            if label != side and label in names and label not in self.sides:
                raise InputError(f"side {side!r} may not be called {label!r}, as another side is: rename that one too")

    def __repr__(self) -> str:
        sides = f", sides={self.sides}" if self.sides else ""
        return f"{type(self).__name__}({self.lower}, {self.upper}, name={self.name!r}{sides})"

    @property
    def bounds(self) -> tuple[Array, Array]:
        return np.array(self.lower), np.array(self.upper)

    @property
    def side_names(self) -> tuple[tuple[str, str], ...]:
        """Names of the lower and the upper side along each axis."""
        return tuple((self.sides.get(a, a), self.sides.get(b, b)) for a, b in self._default_names)

    @property
    def _default_names(self) -> tuple[tuple[str, str], ...]:
        if self.dim <= len(_SIDES):
            return _SIDES[: self.dim]
        return tuple((f"{coordinate}-lower", f"{coordinate}-upper") for coordinate in self.coordinates)

    @property
    def measure(self) -> float:
        return float(np.prod(np.subtract(self.upper, self.lower)))

    def level(self, points: Array) -> Array:
        """Signed distance; outside, next to an edge or a corner, something less than it."""
        lower, upper = self.bounds
        return np.asarray(np.max(np.maximum(lower - points, points - upper), axis=1))

    @property
    def region(self) -> distances.Region:
        return _between(self.lower, self.upper, range(self.dim))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        lower, upper = self.bounds
        return (Bricks(lower[None], upper[None]),)

    def charts(self) -> list[Chart]:
        if self.dim != 2:
            return super().charts()
        (a, b), (c, d) = self.bounds
        return [quadrilateral_chart(np.array([[a, b], [c, b], [c, d], [a, d]]))]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        owner = BoundaryName(self.name)
        return tuple(
            Part(
                Label(BoundaryName(name), owner),
                BoxSide(self.lower, self.upper, axis, side),
                Face(axis, value, side),
                positive_inside=True,
            )
            for axis, names in enumerate(self.side_names)
            for side, (name, value) in enumerate(zip(names, (self.lower[axis], self.upper[axis]), strict=True))
        )


class Interval(Box):
    """The interval from a to b, with boundaries "left" and "right".

    Args:
        a: The lower end.
        b: The upper end.
        ends: Other names of the ends: `Interval(0, 0.5, ends=("wall", "joint"))`.
        name: Name of the interval.

    Raises:
        InputError: As for `Box`.
    """

    def __init__(
        self, a: float, b: float, *, ends: tuple[str, str] = ("left", "right"), name: str = "interval"
    ) -> None:
        if isinstance(ends, str) or len(ends) != 2:
            raise InputError(f"an interval has two ends to name, ends=('wall', 'joint'), not {ends!r}")
        renamed = {side: end for side, end in zip(_SIDES[0], ends, strict=True) if side != end}
        lower, upper = (arguments.number(a, "the lower end"),), (arguments.number(b, "the upper end"),)
        super().__init__(lower, upper, name=name, sides=renamed)

    def __repr__(self) -> str:
        ends = f", ends={self.side_names[0]}" if self.sides else ""
        return f"{type(self).__name__}({self.lower[0]}, {self.upper[0]}{ends}, name={self.name!r})"


class Cuboid(Box):
    """An axis-aligned cuboid with boundaries left and right (x), bottom and top (y), back and front (z); see `Box`."""

    def __init__(self, lower: Any, upper: Any, *, name: str = "cuboid", sides: Mapping[str, str] | None = None) -> None:
        super().__init__(arguments.point(lower, "the lower corner", 3), upper, name=name, sides=sides)


class Rectangle(Box):
    """An axis-aligned rectangle between two corners, with boundaries "left", "right", "bottom" and "top"; see `Box`."""

    def __init__(
        self, lower: Any, upper: Any, *, name: str = "rectangle", sides: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(arguments.point(lower, "the lower corner", 2), upper, name=name, sides=sides)
