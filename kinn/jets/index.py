"""Multi-indices: which partial derivatives a jet carries, in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import comb, prod
from typing import TypeAlias

from kinn.errors import InputError

#: A partial derivative: entry i counts the derivatives along coordinate i, so (1, 2) is d^3/dx dy^2. A sum of second
#: derivatives that is wanted as a whole, such as the Laplacian, is one component too: its index (see `trace`) has TRACE
#: along every coordinate of the sum.
Index: TypeAlias = tuple[int, ...]

TRACE = -2

MAX_DIMENSION = 6
MAX_ORDER = 4


def zero(dimension: int) -> Index:
    """Index of the value itself."""
    return (0,) * dimension


def unit(dimension: int, axis: int) -> Index:
    """Index of the first derivative along `axis`."""
    return tuple(int(i == axis) for i in range(dimension))


def add(a: Index, b: Index) -> Index:
    """Sum of two multi-indices."""
    return tuple(i + j for i, j in zip(a, b, strict=True))


def subtract(a: Index, b: Index) -> Index:
    """Difference of two multi-indices (entries may come out negative: then b is not below a)."""
    return tuple(i - j for i, j in zip(a, b, strict=True))


def trace(dimension: int, axes: Iterable[int]) -> Index:
    """Index of the sum of the second derivatives along `axes`."""
    chosen = set(axes)
    return tuple(TRACE if i in chosen else 0 for i in range(dimension))


def trace_axes(a: Index) -> tuple[int, ...]:
    """Axes that a sum of second derivatives runs over; none if `a` is an ordinary multi-index."""
    return tuple(i for i, n in enumerate(a) if n == TRACE)


def order_of(a: Index) -> int:
    """Order of the derivative."""
    return 2 if TRACE in a else sum(a)


def below(a: Index) -> Iterator[Index]:
    """Yield every multi-index b with b <= a in each entry, a itself and zero included."""
    return product(*(range(i + 1) for i in a))


def binomial(a: Index, b: Index) -> int:
    """Multi-index binomial coefficient, the weight of Leibniz' rule."""
    return prod(comb(i, j) for i, j in zip(a, b, strict=True))


def first_axis(a: Index) -> int:
    """First axis along which a differentiates (a must not be zero)."""
    return next(i for i, n in enumerate(a) if n)


def restricted(a: Index, axes: Collection[int]) -> Index | None:
    """Derivative of a function that depends on the coordinates `axes` alone, or None if it vanishes."""
    remaining = [axis for axis in trace_axes(a) if axis in axes]
    if trace_axes(a):
        if len(remaining) > 1:
            return trace(len(a), remaining)
        return tuple(2 * (axis in remaining) for axis in range(len(a))) if remaining else None
    return None if any(n and axis not in axes for axis, n in enumerate(a)) else a


@dataclass(frozen=True)
class IndexSet:
    """A downward-closed set of multi-indices, in graded order with the value first.

    Attributes:
        dimension: The number d of coordinates.
        indices: The A multi-indices, each of length d.
    """

    dimension: int
    indices: tuple[Index, ...]

    @classmethod
    def closure(cls, dimension: int, indices: Iterable[Index]) -> IndexSet:
        """Smallest downward-closed set that holds all of `indices`.

        Raises:
            InputError: If the dimension or an order is out of range.
        """
        if not 1 <= dimension <= MAX_DIMENSION:
            raise InputError(f"derivatives are supported in 1 to {MAX_DIMENSION} coordinates, not {dimension}")
        closed = {zero(dimension)}
        for a in indices:
            if (order := order_of(a)) > MAX_ORDER:
                raise InputError(f"derivatives are supported up to order {MAX_ORDER}, and order {order} was asked for")
            axes = trace_axes(a)
            closed.update([a, *(unit(dimension, i) for i in axes)] if axes else below(a))
        return cls(dimension, tuple(sorted(closed, key=lambda a: (order_of(a), tuple(-i for i in a)))))

    @classmethod
    def full(cls, dimension: int, order: int) -> IndexSet:
        """All indices up to `order`."""
        cube = product(range(order + 1), repeat=dimension)
        return cls.closure(dimension, (a for a in cube if sum(a) <= order))

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[Index]:
        return iter(self.indices)

    def __contains__(self, a: object) -> bool:
        return a in self.position

    @cached_property
    def position(self) -> dict[Index, int]:
        """Where each index stands in a stack of components."""
        return {a: i for i, a in enumerate(self.indices)}

    @cached_property
    def order(self) -> int:
        """The highest order of derivative in the set."""
        return max(order_of(a) for a in self.indices)

    @cached_property
    def firsts(self) -> tuple[tuple[int, int], ...]:
        """The first derivatives, as pairs (position, axis)."""
        return tuple((i, first_axis(a)) for i, a in enumerate(self.indices) if sum(a) == 1)

    @cached_property
    def seconds(self) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
        """The second-order components: the position of each, and the positions of the pairs (u_i, u_j) that belong to it.

        An ordinary u_ij has the one pair (u_i, u_j), a sum of second derivatives a pair (u_i, u_i) for each of its terms.
        """
        return tuple((i, self._pairs(a)) for i, a in enumerate(self.indices) if order_of(a) == 2)

    def _pairs(self, a: Index) -> tuple[tuple[int, int], ...]:
        firsts = [self.position[unit(self.dimension, axis)] for axis in trace_axes(a)]
        if firsts:
            return tuple(zip(firsts, firsts, strict=True))
        e = unit(self.dimension, first_axis(a))
        return ((self.position[e], self.position[subtract(a, e)]),)
