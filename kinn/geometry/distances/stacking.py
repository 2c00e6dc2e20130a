"""Evaluation of many functions of one form together: planes, segments, triangles.

Their numbers become columns of one function, whose values at N points are rows. So the 1,000 sides of a polygon take a few
operations on large arrays, not thousands on small ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from kinn.geometry.distances.implicit import Values, like, to_numpy

T = TypeVar("T")

FEWEST = 8  # functions of one form that are worth it
_ENTRIES = 2**17  # rows times points of one evaluation, which bounds the memory of what is in between


def reduce_balanced(function: Callable[[T, T], T], values: Iterable[T]) -> T:
    """Values joined in pairs, the pairs in pairs, ...: expressions nest as deeply as the logarithm of their number."""
    items = list(values)
    while len(items) > 1:
        pairs = [function(a, b) for a, b in zip(items[::2], items[1::2], strict=False)]
        items = [*pairs, items[-1]] if len(items) % 2 else pairs
    return items[0]


def group_alike(items: Iterable[T], rows: int) -> Iterator[list[T]]:
    """Items of one form together, `rows` at most; few, or those of other forms, one by one."""
    groups: defaultdict[Hashable, list[T]] = defaultdict(list)
    for item in items:
        groups[_form(item)].append(item)
    for form, alike in groups.items():
        size = 1 if form is None or len(alike) < FEWEST else rows
        yield from (alike[start : start + size] for start in range(0, len(alike), size))


def most_rows(x: Values) -> int:
    """Number of rows of values at the points of a coordinate that bounds the memory; 1 where it is a single number."""
    values = to_numpy(x)
    return max(FEWEST, _ENTRIES // max(1, values.size)) if values.ndim == 1 else 1


def reduce_rows(function: Callable[[Values, Values], Values], values: Values, count: int) -> Values:
    """The rows of values (S, N) joined by a function, as `reduce_balanced` does, half of them with the other half."""
    single = []
    while count > 1:
        if count % 2:
            single.append(_rows(values, count - 1))
        half = count // 2
        values, count = function(_rows(values, 0, half), _rows(values, half, 2 * half)), half
    return reduce_balanced(function, [_rows(values, 0), *single])


def sum_rows(values: Values, count: int) -> Values:
    """Sum (N,) of the rows of values (S, N)."""

    def total(component: Any) -> Any:
        return component.sum(0) if getattr(component, "ndim", 0) == 2 else count * component

    return values.linear(total) if hasattr(values, "linear") else total(values)


def _rows(values: Values, start: int, end: int | None = None) -> Values:
    """Rows from `start` to `end` of values (S, N), or the single row `start`."""

    def rows(component: Any) -> Any:
        if getattr(component, "ndim", 0) < 2:  # the same in all rows
            return component
        return component[start] if end is None else component[start:end]

    return values.linear(rows) if hasattr(values, "linear") else rows(values)


def _form(item: Any) -> Hashable:
    """What items that can be stacked have in common; None where an item consists of other things than numbers."""
    if isinstance(item, int | float):
        return "number"
    if isinstance(item, tuple):
        parts = tuple(_form(part) for part in item)
    elif is_dataclass(item):
        parts = tuple(_form(getattr(item, f.name)) for f in fields(item))
    else:
        return None
    return None if None in parts else (type(item), parts)


def stacked(items: Sequence[Any], kind: Values) -> Any:
    """Item whose numbers are columns (S, 1) of those of the items, or numbers where these are all equal."""
    first = items[0]
    if isinstance(first, int | float):
        numbers = np.array(items, dtype=np.float64)
        return first if bool(np.all(numbers == numbers[0])) else like(numbers[:, None], kind)
    if isinstance(first, tuple):
        return tuple(stacked(parts, kind) for parts in zip(*items, strict=True))
    return replace(first, **{f.name: stacked([getattr(i, f.name) for i in items], kind) for f in fields(first)})
