"""Regions: closed sets put together from half-spaces of carriers, and smooth functions of how far a point is outside.

They say which part of a carrier's zero set a piece of a boundary is. The excess of a region is zero, to high order in
the carrier f of the piece, where the point lies in it and positive elsewhere: of a half-space h >= 0 it is the square
of (sqrt(h^2 + f^4) - h) / 2. Source of that trimming, and of its being smooth: A. Biswas and V. Shapiro, "Approximate
distance fields with non-vanishing gradients", Graphical Models 66 (2004), with lengths put in so that it scales.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from kinn.geometry.distances.implicit import ImplicitFunction, Round, Values

TINY = 1e-30  # of a length squared: keeps roots of zero, in corners, and their derivatives finite
_BOTH_ZERO = 1e-12  # the same for quotients of excesses, which are zero together wherever regions overlap


class Region(ABC):
    """A closed set, with the length `scale` over which its excess grows from zero."""

    scale: float

    @abstractmethod
    def excess(self, x: Sequence[Values], f: Values) -> Values:
        """Return the excess, (N,), a squared length, at coordinates x where the carrier of the piece has values f."""

    @abstractmethod
    def complement(self) -> Region:
        """Return the closure of what is outside."""

    @abstractmethod
    def mapped(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        """Return the region of changed carriers."""

    def on(self, carrier: ImplicitFunction, sign: int) -> Region:
        """Return the region next to a carrier's zero set, on its positive (1) or negative (-1) side.

        Half-spaces that the zero set bounds hold there everywhere or nowhere.
        """
        return self

    def lifted(self) -> Region:
        """Return the region with one more coordinate, the last."""
        return self.mapped(lambda carrier: carrier.lifted())


@dataclass(frozen=True)
class Everywhere(Region):
    """All of space."""

    scale = 0.0

    def excess(self, x: Sequence[Values], f: Values) -> Values:
        """Return zero."""
        return 0.0

    def complement(self) -> Region:
        """Return nothing."""
        return Nowhere()

    def mapped(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        """Return the same."""
        return self


@dataclass(frozen=True)
class Nowhere(Region):
    """The empty set, which no piece of a boundary lies in."""

    scale = 0.0

    def excess(self, x: Sequence[Values], f: Values) -> Values:
        """Raise: nothing is near to it."""
        raise ArithmeticError("the empty region is infinitely far away")

    def complement(self) -> Region:
        """Return everything."""
        return Everywhere()

    def mapped(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        """Return the same."""
        return self


@dataclass(frozen=True)
class Half(Region):
    """The points where a carrier is not negative.

    Attributes:
        carrier: The carrier.
        scale: The length over which the trimming works, that of the piece.
    """

    carrier: ImplicitFunction
    scale: float

    def excess(self, x: Sequence[Values], f: Values) -> Values:
        """Return the square of (sqrt(h^2 + f^4) - h) / 2."""
        h, bent = self.carrier(x), f * f * (1 / self.scale)
        gap = (h * h + bent * bent + TINY * self.scale**2) ** 0.5 - h
        return gap * gap * 0.25

    def complement(self) -> Region:
        """Return the other half-space."""
        return Half(-self.carrier, self.scale)

    def mapped(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        """Return the half-space of the changed carrier."""
        return Half(change(self.carrier), self.scale)

    def on(self, carrier: ImplicitFunction, sign: int) -> Region:
        """Return everything or nothing where the carriers are the same."""
        side = self.carrier.matches(carrier) * sign
        return self if side == 0 else Everywhere() if side > 0 else Nowhere()


@dataclass(frozen=True)
class Combined(Region):
    """Regions put together; the two ways of doing so are each other's complement."""

    regions: tuple[Region, ...]

    @staticmethod
    @abstractmethod
    def joined(regions: Iterable[Region]) -> Region:
        """Return regions put together in this way."""

    @staticmethod
    @abstractmethod
    def opposite(regions: Iterable[Region]) -> Region:
        """Return regions put together in the other way."""

    @cached_property
    def scale(self) -> float:  # type: ignore[override]
        """The largest of them."""
        return max(region.scale for region in self.regions)

    def complement(self) -> Region:
        """Return the complements, put together in the other way."""
        return self.opposite(region.complement() for region in self.regions)

    def mapped(self, change: Callable[[ImplicitFunction], ImplicitFunction]) -> Region:
        """Return the changed regions, put together in the same way."""
        return self.joined(region.mapped(change) for region in self.regions)

    def on(self, carrier: ImplicitFunction, sign: int) -> Region:
        """Return what is left of each, put together in the same way."""
        return self.joined(region.on(carrier, sign) for region in self.regions)


class RIntersection(Combined):
    """The intersection of regions."""

    @staticmethod
    def joined(regions: Iterable[Region]) -> Region:
        """Return their intersection."""
        return intersection(regions)

    @staticmethod
    def opposite(regions: Iterable[Region]) -> Region:
        """Return their union."""
        return union(regions)

    def excess(self, x: Sequence[Values], f: Values) -> Values:
        """Return the sum."""
        first, *rest = (region.excess(x, f) for region in self.regions)
        return sum(rest, first)


class RUnion(Combined):
    """The union of regions."""

    @staticmethod
    def joined(regions: Iterable[Region]) -> Region:
        """Return their union."""
        return union(regions)

    @staticmethod
    def opposite(regions: Iterable[Region]) -> Region:
        """Return their intersection."""
        return intersection(regions)

    def excess(self, x: Sequence[Values], f: Values) -> Values:
        """Return a b / (a + b) and so on: zero where one of them is, no larger than any."""
        first, *rest = (region.excess(x, f) for region in self.regions)
        for other in rest:
            first = first * other / (first + other + _BOTH_ZERO * self.scale**2)
        return first


def between(start: Sequence[float], end: Sequence[float]) -> Region:
    """Return the disk or ball that has two points as ends of a diameter: what trims a line to the segment there."""
    ball = Round.between(start, end)
    return Half(ball, 2 * ball.radius)


def intersection(regions: Iterable[Region]) -> Region:
    """Return the points that lie in all regions."""
    left = [region for region in regions if not isinstance(region, Everywhere)]
    if any(isinstance(region, Nowhere) for region in left):
        return Nowhere()
    flat = tuple(
        part for region in left for part in (region.regions if isinstance(region, RIntersection) else (region,))
    )
    return RIntersection(flat) if len(flat) > 1 else flat[0] if flat else Everywhere()


def union(regions: Iterable[Region]) -> Region:
    """Return the points that lie in one of the regions."""
    left = [region for region in regions if not isinstance(region, Nowhere)]
    if any(isinstance(region, Everywhere) for region in left):
        return Everywhere()
    flat = tuple(part for region in left for part in (region.regions if isinstance(region, RUnion) else (region,)))
    return RUnion(flat) if len(flat) > 1 else flat[0] if flat else Nowhere()
