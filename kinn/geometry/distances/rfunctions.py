"""Regions, their trimming functions, and smooth distances to boundaries, for hard boundary conditions.

A boundary consists of trimmed zero sets: each is the part of an implicit function's zero set that lies in a region, a closed
set made of half-spaces. Where the function is positive all over the domain it is a distance itself. Elsewhere it is trimmed:
the trimming function of a region is zero, to high order in the function f, where the point lies in it, and positive
elsewhere; of a half-space h >= 0 it is the square of (sqrt(h^2 + f^4) - h) / 2, with lengths put in so that it scales.
Distances are joined by R-equivalence, a b / sqrt(a^2 + b^2), which keeps what they are normalised to. Sources: V. Shapiro,
"Semi-analytic geometry with R-functions", Acta Numerica 16 (2007); A. Biswas and V. Shapiro, "Approximate distance fields
with non-vanishing gradients", Graphical Models 66 (2004); N. Sukumar and A. Srivastava, Computer Methods in Applied
Mechanics and Engineering 389 (2022) 114333.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import add
from typing import ClassVar

import numpy as np

from kinn.geometry.distances.implicit import ImplicitFunction, ImplicitSphere, Plane, Values, like, to_numpy
from kinn.geometry.distances.stacking import (
    group_alike,
    most_rows,
    reduce_balanced,
    reduce_rows,
    stacked,
    sum_rows,
)
from kinn.geometry.types import Array

TINY = 1e-30  # of a length squared: keeps roots of zero, in corners, and their derivatives finite
_BOTH_ZERO = 1e-12  # the same for quotients of trimming functions, which are zero together wherever regions overlap


class Region(ABC):
    """A closed set, with the length `scale` over which its trimming grows from zero."""

    scale: float

    @abstractmethod
    def trimming(self, x: Sequence[Values], f: Values) -> Values:
        """Trimming function, (N,), a squared length, at coordinates x where the implicit function is f."""

    @abstractmethod
    def complement(self) -> Region:
        """Closure of what is outside."""

    def map_functions(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        """Region of changed functions."""
        return self

    def restricted(self, function: ImplicitFunction, sign: int) -> Region:
        """Region next to a function's zero set, on its positive (1) or negative (-1) side.

        Half-spaces that the zero set bounds hold there everywhere or nowhere.
        """
        return self

    def lifted(self) -> Region:
        """Region with one more coordinate, the last."""
        return self.map_functions(lambda function: function.lifted())


@dataclass(frozen=True)
class FullSpace(Region):
    """All of space."""

    scale = 0.0

    def trimming(self, x: Sequence[Values], f: Values) -> Values:
        return 0.0

    def complement(self) -> Region:
        return EmptySet()


@dataclass(frozen=True)
class EmptySet(Region):
    """The empty set, which no patch of a boundary lies in."""

    scale = 0.0

    def trimming(self, x: Sequence[Values], f: Values) -> Values:
        raise ArithmeticError("the empty region is infinitely far away")

    def complement(self) -> Region:
        return FullSpace()


@dataclass(frozen=True)
class HalfSpace(Region):
    """The points where a function is not negative; its trimming works over the length `scale`, that of the patch."""

    function: ImplicitFunction
    scale: float

    def trimming(self, x: Sequence[Values], f: Values) -> Values:
        h, bent = self.function(x), f * f * (1 / self.scale)
        gap = (h * h + bent * bent + TINY * self.scale**2) ** 0.5 - h
        return gap * gap * 0.25

    def complement(self) -> Region:
        return HalfSpace(-self.function, self.scale)

    def map_functions(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        return HalfSpace(change(self.function), self.scale)

    def restricted(self, function: ImplicitFunction, sign: int) -> Region:
        side = self.function.matches(function) * sign
        return self if side == 0 else FullSpace() if side > 0 else EmptySet()


@dataclass(frozen=True)
class RegionCombination(Region):
    """Regions put together; the two ways of doing so are each other's complement."""

    regions: tuple[Region, ...]

    #: The region that changes no combination, and the one that swallows all others.
    neutral: ClassVar[type[Region]]
    absorbing: ClassVar[type[Region]]

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Region:
        """Regions put together in this way, simplified."""
        flat: list[Region] = []
        for region in regions:
            if isinstance(region, cls.absorbing):
                return region
            if not isinstance(region, cls.neutral):
                flat += region.regions if isinstance(region, cls) else (region,)
        return cls(tuple(flat)) if len(flat) > 1 else flat[0] if flat else cls.neutral()

    @cached_property
    def scale(self) -> float:  # type: ignore[override]
        """The largest of them."""
        return max(region.scale for region in self.regions)

    def complement(self) -> Region:
        dual = union if self.neutral is FullSpace else intersection
        return dual(region.complement() for region in self.regions)

    def map_functions(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        return self.of(region.map_functions(change) for region in self.regions)

    def restricted(self, function: ImplicitFunction, sign: int) -> Region:
        return self.of(region.restricted(function, sign) for region in self.regions)


class RIntersection(RegionCombination):
    """The intersection of regions."""

    neutral, absorbing = FullSpace, EmptySet

    def trimming(self, x: Sequence[Values], f: Values) -> Values:
        return reduce_balanced(add, (region.trimming(x, f) for region in self.regions))


class RUnion(RegionCombination):
    """The union of regions."""

    neutral, absorbing = EmptySet, FullSpace

    def trimming(self, x: Sequence[Values], f: Values) -> Values:
        """Quotients a b / (a + b), and so on: zero where one of them is, no larger than any."""
        tiny = _BOTH_ZERO * self.scale**2
        return reduce_balanced(lambda a, b: a * b / (a + b + tiny), (r.trimming(x, f) for r in self.regions))


intersection, union = RIntersection.of, RUnion.of


def diametral_ball(start: Sequence[float], end: Sequence[float]) -> Region:
    """Disk or ball that has two points as ends of a diameter: what trims a line to the segment there."""
    ball = ImplicitSphere.between(start, end)
    return HalfSpace(ball, 2 * ball.radius)


# A point this near to a patch, relative to the size, is on it: its derivatives are taken from inside.
_ON, _ON_SINGLE = 1e-9, 1e-5
# Nearer than this roots of sums of inverse squares lose digits.
_NEAR, _NEAR_SINGLE = 1e-6, 1e-3


@dataclass(frozen=True)
class TrimmedZeroSet:
    """The part of a function's zero set that lies in a region; the function is positive on the inner side."""

    function: ImplicitFunction
    region: Region


def distance(
    distances: Iterable[ImplicitFunction], zero_sets: Iterable[TrimmedZeroSet], x: tuple[Values, ...], size: float
) -> Values:
    """Smooth distance to trimmed zero sets.

    Args:
        distances: Functions that are positive all over the domain: distances to their zero sets without trimming.
        zero_sets: Trimmed zero sets of other functions.
        x: The coordinates: arrays, tensors or fields of N points.
        size: The size of the domain.

    Returns:
        The same kind as the coordinates. In a corner the value is zero and derivatives are finite but meaningless.
    """
    items: list[ImplicitFunction | TrimmedZeroSet] = [*distances, *zero_sets]
    values = [_joined_distance(alike, x, size) for alike in group_alike(items, most_rows(x[0]))]
    return reduce_balanced(partial(_join, size), values)


def _join(size: float, a: Values, b: Values) -> Values:
    """R-equivalence of two distances in a domain of this size."""
    return a * b * (a * a + b * b + TINY * size**2) ** -0.5


def _joined_distance(items: Sequence[ImplicitFunction | TrimmedZeroSet], x: tuple[Values, ...], size: float) -> Values:
    """Distances to one, or to several of one form, as if `_join` had joined them.

    That is (sum 1 / a^2)^-1/2, which takes fewer operations, but means nothing on the zero sets.
    """
    if len(items) == 1:
        return _single_distance(items[0], x, size)

    def build() -> Values:
        together = stacked(items, x[0])
        square = _squared(together, x)
        values = to_numpy(square)
        if np.min(values) > ((_NEAR if values.dtype == np.float64 else _NEAR_SINGLE) * size) ** 2:
            return sum_rows(1.0 / square, len(items)) ** -0.5
        return reduce_rows(partial(_join, size), _single_distance(together, x, size), len(items))

    # a field keeps what its components are computed from
    return x[0].recomputed(build) if hasattr(x[0], "recomputed") else build()


def _squared(item: ImplicitFunction | TrimmedZeroSet, x: tuple[Values, ...]) -> Values:
    """Square of a distance: f^2 + trimming."""
    if not isinstance(item, TrimmedZeroSet):
        f = item(x)
        return f * f
    f = item.function(x)
    return f * f + item.region.trimming(x, f)


def _single_distance(item: ImplicitFunction | TrimmedZeroSet, x: tuple[Values, ...], size: float) -> Values:
    """Distance to a zero set: its function where that is positive all over the domain, else with its trimming."""
    return _zero_set_distance(item, x, size) if isinstance(item, TrimmedZeroSet) else item(x)


def _zero_set_distance(zero_set: TrimmedZeroSet, x: tuple[Values, ...], size: float) -> Values:
    """Root of f^2 + trimming: positive on both sides of the zero set, but on it smooth as its function f is."""
    f = zero_set.function(x)
    trimming = zero_set.region.trimming(x, f)
    near = (_ON if to_numpy(f).dtype == np.float64 else _ON_SINGLE) * size
    on = np.abs(to_numpy(f)) <= near
    if not isinstance(zero_set.region, FullSpace):
        on = on & (to_numpy(trimming) <= near**2)
    if not on.any():
        return (f * f + trimming) ** 0.5
    # A root has no derivative at zero. There the trimming vanishes to the eighth order, and f itself takes its place.
    here = like(on, f)
    return here * f + (1.0 - here) * (f * f + trimming + here) ** 0.5


MAX_ZERO_SETS = 128  # a smooth distance takes an expression for each triangle


def triangle_zero_set(corners: Array) -> TrimmedZeroSet:
    """A triangle, (3, 3), as a patch: its plane, between the planes through its edges."""
    edges = np.roll(corners, -1, axis=0) - corners
    normal = np.cross(edges[0], edges[1])
    normal /= np.linalg.norm(normal)
    halves = []
    for corner, edge in zip(corners, edges, strict=True):
        out = np.cross(edge, normal)
        length = float(np.linalg.norm(edge))
        halves.append(HalfSpace(Plane.through(corner.tolist(), (out / length).tolist()), length))
    return TrimmedZeroSet(Plane.through(corners[0].tolist(), normal.tolist()), intersection(halves))
