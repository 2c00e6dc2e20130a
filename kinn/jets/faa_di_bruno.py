"""Faa di Bruno's formula as a table: which products of an inner jet's components a composition is made of.

The partial derivative of multi-index a of f(u) is the sum over the partitions of its |a| differentiations into m blocks
of f^(m)(u) times the product of the derivatives of u that the blocks stand for (Hardy, Combinatorics of partial
derivatives, Electronic Journal of Combinatorics 13, 2006). With Q[a, m] for the sum of the products of m blocks,

    D^a f(u) = sum_m Q[a, m] f^(m)(u),        1 <= m <= |a|.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kinn.jets.index import Index, IndexSet, order_of, trace_axes, unit


@dataclass(frozen=True)
class FaaDiBrunoTable:
    """The polynomials Q[a, m] in the components of a stack.

    Attributes:
        orders: The order of every component of the stack but the value.
        rows: The pairs (a, m) of a component's position and a number of blocks, component by component.
        monomials: Triples of a row, a factor, and the positions of the components to multiply.
    """

    orders: tuple[int, ...]
    rows: tuple[tuple[int, int], ...]
    monomials: tuple[tuple[int, int, tuple[int, ...]], ...]


@lru_cache(maxsize=256)
def composition(index: IndexSet) -> FaaDiBrunoTable:
    """Polynomials of a set of multi-indices."""
    orders = tuple(order_of(a) for a in index)[1:]
    rows = tuple((a, m) for a, order in enumerate(orders, start=1) for m in range(1, order + 1))
    counts: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for position, a in enumerate(index):
        if position == 0:
            continue
        for factors in _products(a, index):
            counts[rows.index((position, len(factors))), factors] += 1
    return FaaDiBrunoTable(orders, rows, tuple((row, n, factors) for (row, factors), n in sorted(counts.items())))


def _products(a: Index, index: IndexSet) -> Iterator[tuple[int, ...]]:
    """Products of components that D^a f(u) consists of, as sorted positions, repeated as often as they occur."""
    axes = trace_axes(a)
    if axes:
        yield (index.position[a],)
        for axis in axes:
            first = index.position[unit(index.dimension, axis)]
            yield (first, first)
        return
    for blocks in _partitions([axis for axis, n in enumerate(a) for _ in range(n)]):
        yield tuple(sorted(index.position[tuple(b.count(i) for i in range(index.dimension))] for b in blocks))


def _partitions(items: Sequence[int]) -> Iterator[list[list[int]]]:
    """Partitions of a sequence into blocks."""
    if not items:
        yield []
        return
    first, *others = items
    for partition in _partitions(others):
        yield [[first], *partition]
        for n, block in enumerate(partition):
            yield [*partition[:n], [first, *block], *partition[n + 1 :]]
