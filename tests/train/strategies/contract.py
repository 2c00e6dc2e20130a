"""What every strategy keeps to, whatever it changes: a test class of each inherits these."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from kinn import MLP, Dirichlet, Initial, Interval, Problem, TimeInterval
from kinn.config import from_config, to_config, to_plain
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.train.strategies.stack import StrategyStack
from kinn.train.strategies.strategy import Strategy, StrategyState
from tests.train.strategies.objectives import heat

#: Enough steps for any strategy of the contract to change something.
STEPS = 6


def saved(states: list[StrategyState]) -> list[StrategyState]:
    """States that were written to a checkpoint and read back."""
    buffer = io.BytesIO()
    torch.save(states, buffer)
    buffer.seek(0)
    loaded: list[StrategyState] = torch.load(buffer, weights_only=True)
    return loaded


def same(a: Any, b: Any) -> bool:
    """Whether two states agree bit for bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


class StrategyContract:
    """Base of the test classes of strategies.

    Attributes:
        strategy: A strategy that changes something within a few steps.
        kinds: The strategies of its kind by name; None for one that configurations do not hold.
    """

    strategy: Strategy
    kinds: Mapping[str, type[Strategy]] | None = None

    def objective(self) -> Any:
        """Objective that the strategy changes."""
        return heat(60)

    def trained(self, objective: Any, steps: int, seed: int = 0, stack: StrategyStack | None = None) -> StrategyStack:
        """Strategy after some steps on a path that is the same for all."""
        begun = stack or StrategyStack([self.strategy], objective, seed=seed)
        start = objective.start()
        if stack is None:
            begun.begin(start)
        for n in range(steps):
            begun.refresh(start + 0.02 * n, n + 1)
        return begun

    def test_it_is_a_frozen_dataclass(self) -> None:
        assert dataclasses.is_dataclass(self.strategy)
        for field in dataclasses.fields(self.strategy):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(self.strategy, field.name, getattr(self.strategy, field.name))
        assert dataclasses.replace(self.strategy) == self.strategy
        assert type(self.strategy).name

    def test_a_configuration_rebuilds_it(self) -> None:
        config = to_plain(to_config(self.strategy))
        assert config["name"] == self.strategy.name
        if self.kinds is not None:
            assert from_config(self.kinds, config, "strategy") == self.strategy

    def test_one_seed_gives_one_sequence_of_states(self) -> None:
        first, second = (self.trained(self.objective(), STEPS, seed=3) for _ in range(2))
        assert same(first.states, second.states)
        theta = first.objective.start()
        assert first.objective.loss(theta) == second.objective.loss(theta)

    def test_it_continues_from_a_checkpoint_bit_for_bit(self) -> None:
        uninterrupted = self.trained(self.objective(), STEPS, seed=3)
        interrupted = self.trained(self.objective(), STEPS // 2, seed=3)
        objective = self.objective()
        resumed = StrategyStack([self.strategy], objective, seed=3)
        resumed.resume(saved(interrupted.states))
        assert same(resumed.states, interrupted.states)
        start = objective.start()
        assert objective.loss(start) == interrupted.objective.loss(start)
        for n in range(STEPS // 2, STEPS):
            resumed.refresh(start + 0.02 * n, n + 1)
        assert same(resumed.states, uninterrupted.states)
        assert objective.loss(start) == uninterrupted.objective.loss(start)

    def test_relaxing_ends(self) -> None:
        stack = self.trained(self.objective(), 1)
        for n in range(40):
            if not stack.relax():
                break
            stack.refresh(stack.objective.start(), 1000 + n)
        assert not stack.relax()

    def test_it_leaves_a_problem_alone_whose_residual_is_zero(self) -> None:
        objective = solved()
        theta = objective.start()
        stack = StrategyStack([self.strategy], objective)
        stack.begin(theta)
        for n in range(STEPS):
            stack.refresh(theta, n + 1)
        assert objective.loss(theta) == 0.0
        assert not objective.gradient(theta)[1].any()


def solved() -> ResidualObjective:
    """Residuals of a problem that the network solves exactly, at its parameters zero."""
    problem = Problem(
        "solved", Interval(0, 1) * TimeInterval(0, 2), strong=lambda u, p: u.t - 0.1 * u.xx,
        conditions=[Initial("u", 0.0), *(Dirichlet("u", 0.0, on=s) for s in ("left", "right"))],
    )  # fmt: skip
    trial = DomainTrial(problem, MLP((6,)), seed=0)
    trial.flat.set(torch.zeros(trial.parameter_count, dtype=torch.float64))
    return strong_form(trial, points=60)
