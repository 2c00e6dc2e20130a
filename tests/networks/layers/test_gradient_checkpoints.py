from __future__ import annotations

import pytest

from kinn.networks.layers.gradient_checkpoints import first_pass_checkpoints, reverse


@pytest.mark.parametrize("length", [1, 2, 3, 7, 40])
@pytest.mark.parametrize("slots", [1, 2, 5, 50])
def test_every_step_is_visited_once_from_the_last_with_its_state(length: int, slots: int) -> None:
    chosen = first_pass_checkpoints(length, slots)
    assert len(chosen) <= slots
    visited, computed = [], []

    def forth(n: int, state: int) -> int:
        assert state == n
        computed.append(n)
        return n + 1

    def back(n: int, state: int) -> None:
        assert state == n
        visited.append(n)

    reverse(0, length, slots, forth, back, {n: n for n in chosen})
    assert visited == list(reversed(range(length)))
    if slots >= length - 1:
        assert not computed


def test_few_steps_are_computed_again() -> None:
    """With 3 states beside the first, 35 = C(3 + 4, 3) steps are reversed with none computed more than 4 times again."""
    counts = [0] * 35

    def forth(n: int, state: int) -> int:
        counts[n] += 1
        return state + 1

    reverse(0, 35, 3, forth, lambda n, state: None, {n: n for n in first_pass_checkpoints(35, 3)})
    assert max(counts) <= 4
