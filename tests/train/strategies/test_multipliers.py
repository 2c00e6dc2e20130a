"""Multipliers: updated now and then while that helps, and the end of training once it does not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kinn.train.strategies.multipliers import VAIN, Multipliers


class Held:
    """An energy whose updates leave over what a list says."""

    def __init__(self, left: list[float], fall: float = 0.0, accumulates_multipliers: bool = True) -> None:
        self.left, self.fall, self.energy, self.accumulates_multipliers = iter(left), fall, 1.0, accumulates_multipliers

    def loss(self, theta: Tensor) -> float:
        self.energy *= 1 - self.fall
        return self.energy

    def updated_multipliers(self, theta: Tensor) -> tuple[list[list[Tensor]], float]:
        return [[theta.clone()]], next(self.left)


def run(left: list[float], fall: float = 0.0) -> tuple[Multipliers, list[dict[str, Any]]]:
    """Return the memories after each of as many updates, at parameters that count them."""
    strategy, system = Multipliers(every=1), Held(left, fall)
    memories = [strategy.begin(system, torch.zeros(1), 0)]
    for n in range(len(left)):
        found = strategy.refresh(system, torch.tensor([float(n)]), memories[-1], 2 * (n + 1))
        assert found is not None
        memories.append(found)
    return strategy, memories


def test_go_on_while_less_is_left():
    strategy, memories = run([0.5**n for n in range(20)])
    assert all(strategy.concluded(memory) is None for memory in memories)
    assert all(strategy.unsettled(memory) for memory in memories)


def test_end_with_the_parameters_that_left_least():
    strategy, memories = run([1.0, 0.1, 0.01, *(0.02,) * VAIN])
    assert strategy.concluded(memories[-2]) is None
    best = strategy.concluded(memories[-1])
    assert best is not None
    assert best.item() == 2.0


def test_a_gain_begins_the_count_anew():
    strategy, memories = run([1.0, *(1.0,) * (VAIN - 1), 0.5, *(0.5,) * (VAIN - 1)])
    assert strategy.concluded(memories[-1]) is None


def test_go_on_while_the_energy_falls():
    strategy, memories = run([1.0] * 3 * VAIN, fall=0.01)
    assert strategy.concluded(memories[-1]) is None


def test_go_on_where_nothing_adds_up():
    strategy, system = Multipliers(every=1), Held([1.0] * 3 * VAIN, accumulates_multipliers=False)
    memory = strategy.begin(system, torch.zeros(1), 0)
    for n in range(3 * VAIN):
        found = strategy.refresh(system, torch.zeros(1), memory, 2 * (n + 1))
        assert found is not None
        memory = found
    assert strategy.concluded(memory) is None


def test_wait_between_updates():
    strategy = Multipliers(every=15)
    memory = strategy.begin(Held([]), torch.zeros(1), 0)
    assert strategy.refresh(Held([]), torch.zeros(1), memory, 15) is None
    assert strategy.refresh(Held([1.0]), torch.zeros(1), memory, 16) is not None
