"""Multi-indices: which partial derivatives a jet carries, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import comb, prod
from typing import TypeAlias

from kinn.errors import InputError

#: A partial derivative: entry i counts the derivatives along coordinate i, so (1, 2) is d^3/dx dy^2.
Index: TypeAlias = tuple[int, ...]

MAX_DIMENSION = 6
MAX_ORDER = 4


def zero(dimension: int) -> Index:
    """Return the index of the value itself."""
    return (0,) * dimension


def unit(dimension: int, axis: int) -> Index:
    """Return the index of the first derivative along `axis`."""
    return tuple(int(i == axis) for i in range(dimension))


def add(a: Index, b: Index) -> Index:
    """Return a + b."""
    return tuple(i + j for i, j in zip(a, b, strict=True))


def subtract(a: Index, b: Index) -> Index:
    """Return a - b (entries may come out negative: then b is not below a)."""
    return tuple(i - j for i, j in zip(a, b, strict=True))


def below(a: Index) -> Iterator[Index]:
    """Yield every index b with b <= a in each entry, a itself and zero included."""
    return product(*(range(i + 1) for i in a))


def binomial(a: Index, b: Index) -> int:
    """Return the multi-index binomial coefficient, the weight of Leibniz' rule."""
    return prod(comb(i, j) for i, j in zip(a, b, strict=True))


def first_axis(a: Index) -> int:
    """Return the first axis along which a differentiates (a must not be zero)."""
    return next(i for i, n in enumerate(a) if n)


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
    def closure(cls, dimension: int, wanted: Iterable[Index]) -> IndexSet:
        """Return the smallest downward-closed set that holds all of `wanted`.

        Raises:
            InputError: If the dimension or an order is out of range.
        """
        if not 1 <= dimension <= MAX_DIMENSION:
            raise InputError(f"derivatives are supported in 1 to {MAX_DIMENSION} coordinates, not {dimension}")
        closed = {zero(dimension)}
        for a in wanted:
            if sum(a) > MAX_ORDER:
                raise InputError(f"derivatives are supported up to order {MAX_ORDER}, and order {sum(a)} was asked for")
            closed.update(below(a))
        return cls(dimension, tuple(sorted(closed, key=lambda a: (sum(a), tuple(-i for i in a)))))

    @classmethod
    def full(cls, dimension: int, order: int) -> IndexSet:
        """Return every index up to `order`."""
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
        return max(sum(a) for a in self.indices)

    @cached_property
    def firsts(self) -> tuple[tuple[int, int], ...]:
        """The first derivatives, as pairs (position, axis)."""
        return tuple((i, first_axis(a)) for i, a in enumerate(self.indices) if sum(a) == 1)

    @cached_property
    def seconds(self) -> tuple[tuple[int, int, int], ...]:
        """The second derivatives u_ij, as triples of positions (of u_ij, of u_i, of u_j)."""
        triples = []
        for i, a in enumerate(self.indices):
            if sum(a) == 2:
                e = unit(self.dimension, first_axis(a))
                triples.append((i, self.position[e], self.position[subtract(a, e)]))
        return tuple(triples)
