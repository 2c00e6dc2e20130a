"""Multipliers: updated now and then while that helps, and the end of training once it does not."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from kinn.train.strategies.energy import MAX_FAILED_UPDATES, Multipliers


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
    """Return the states after each of as many updates, at parameters that count them."""
    strategy, objective = Multipliers(every=1), Held(left, fall)
    states = [strategy.begin(objective, torch.zeros(1), 0)]
    for n in range(len(left)):
        found = strategy.refresh(objective, torch.tensor([float(n)]), states[-1], 2 * (n + 1))
        assert found is not None
        states.append(found)
    return strategy, states


def test_go_on_while_less_is_left():
    strategy, states = run([0.5**n for n in range(20)])
    assert all(strategy.final_parameters(state) is None for state in states)
    assert all(strategy.objective_is_transient(state) for state in states)


def test_end_with_the_parameters_that_left_least():
    strategy, states = run([1.0, 0.1, 0.01, *(0.02,) * MAX_FAILED_UPDATES])
    assert strategy.final_parameters(states[-2]) is None
    best = strategy.final_parameters(states[-1])
    assert best is not None
    assert best.item() == 2.0


def test_a_gain_begins_the_count_anew():
    strategy, states = run([1.0, *(1.0,) * (MAX_FAILED_UPDATES - 1), 0.5, *(0.5,) * (MAX_FAILED_UPDATES - 1)])
    assert strategy.final_parameters(states[-1]) is None


def test_go_on_while_the_energy_falls():
    strategy, states = run([1.0] * 3 * MAX_FAILED_UPDATES, fall=0.01)
    assert strategy.final_parameters(states[-1]) is None


def test_go_on_where_nothing_adds_up():
    strategy, objective = Multipliers(every=1), Held([1.0] * 3 * MAX_FAILED_UPDATES, accumulates_multipliers=False)
    state = strategy.begin(objective, torch.zeros(1), 0)
    for n in range(3 * MAX_FAILED_UPDATES):
        found = strategy.refresh(objective, torch.zeros(1), state, 2 * (n + 1))
        assert found is not None
        state = found
    assert strategy.final_parameters(state) is None


def test_wait_between_updates():
    strategy = Multipliers(every=15)
    state = strategy.begin(Held([]), torch.zeros(1), 0)
    assert strategy.refresh(Held([]), torch.zeros(1), state, 15) is None
    assert strategy.refresh(Held([1.0]), torch.zeros(1), state, 16) is not None
