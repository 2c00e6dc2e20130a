"""Reversing a long chain of steps in little memory: some states are kept, the others are computed again.

Griewank and Walther (2000, ACM Trans. Math. Softw. 26, 19): with s states kept, and none computed more than r times
again, a chain of C(s + r, s) steps can be reversed.
"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import TypeVar

State = TypeVar("State")


def next_kept(length: int, spare: int) -> int:
    """Return after how many of `length` steps the next state is kept, if `spare` can be."""
    repeats = 1
    while comb(spare + repeats, spare) < length:
        repeats += 1
    return min(comb(spare + repeats - 1, spare), length - 1)


def kept_on_the_way(length: int, spare: int) -> list[int]:
    """Return which states a first pass over the chain keeps: those that `reverse` needs first."""
    kept, at = [], 0
    while spare and length - at > 1:
        at += next_kept(length - at, spare)
        kept.append(at)
        spare -= 1
    return kept


def reverse(
    start: State,
    length: int,
    spare: int,
    forth: Callable[[int, State], State],
    back: Callable[[int, State], None],
    kept: dict[int, State],
) -> None:
    """Visit the steps of a chain from the last to the first, each with the state before it.

    Args:
        start: The state before step 0.
        length: The number of steps.
        spare: How many states may be kept beside the first, at least 1.
        forth: Returns the state after step n.
        back: Called with n and the state before step n, from the last n to 0.
        kept: States of the first pass, by the number of steps before them.
    """

    def part(state: State, low: int, high: int, spare: int) -> None:
        while high - low > 1:
            middle = low + next_kept(high - low, spare)
            between = kept.get(middle, state)
            for n in range(low if middle not in kept else middle, middle):
                between = forth(n, between)
            part(between, middle, high, spare - 1)
            high = middle
        back(low, state)

    part(start, 0, length, spare)
