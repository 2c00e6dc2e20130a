"""The strategies of one training, which change its objective together, and its mini-batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from kinn.forms import FormObjective, ResidualObjective
from kinn.train.strategies.strategy import Sampling, Strategy, StrategyState, interior_terms


class StrategyStack:
    """Strategies with their states, and the objective that they change; a step sees all or `batch` interior points.

    Those that move points are applied before those that weight them.
    """

    def __init__(
        self, strategies: Sequence[Strategy], objective: FormObjective, *, batch: int | None = None, seed: int = 0
    ) -> None:
        self.strategies = sorted(strategies, key=lambda s: not isinstance(s, Sampling))
        self.objective: Any = objective  # each strategy knows one kind of objective, and meets no other
        self.batch, self.seed = batch, seed
        self.states: list[StrategyState] = []
        self._batches: Batches | None = None

    def step_objective(self, iteration: int) -> FormObjective:
        """Objective that a step sees: a mini-batch, or all points."""
        if self.batch is None:
            objective: FormObjective = self.objective
            return objective
        self._batches = self._batches or Batches(self.objective, self.batch, self.seed)
        return self._batches.at(iteration)

    def begin(self, theta: Tensor) -> None:
        """Change the objective to that of the first step."""
        self.states = []
        for strategy in self.strategies:
            self.states.append(strategy.begin(self.objective, theta, self.seed))
            strategy.apply(self.objective, self.states[-1])
        self._set_weights()

    def resume(self, states: Sequence[StrategyState]) -> None:
        """Change the objective to agree with states read from a checkpoint."""
        self.states = list(states)
        for strategy, state in zip(self.strategies, self.states, strict=True):
            strategy.apply(self.objective, state)
        self._set_weights()

    def refresh(self, theta: Tensor, iteration: int) -> bool:
        """Change the objective before a step, and return whether it did."""
        changed = resampled = False
        for n, strategy in enumerate(self.strategies):
            state = self.states[n]
            if resampled:
                state = strategy.after_resampling(self.objective, theta, state, self.seed)
            refreshed = strategy.refresh(self.objective, theta, state, iteration)
            if refreshed is not None:
                state = refreshed
            elif not resampled:
                continue
            self.states[n] = state
            strategy.apply(self.objective, state)
            changed, resampled = True, resampled or isinstance(strategy, Sampling)
        if changed:
            self._set_weights()
        return changed

    def relax(self) -> bool:
        """Let strategies give way as the optimizer makes no progress; return whether any did."""
        relaxed = [s.relax(state) for s, state in zip(self.strategies, self.states, strict=True)]
        self.states = [old if new is None else new for old, new in zip(self.states, relaxed, strict=True)]
        changed = any(new is not None for new in relaxed)
        if changed:
            self._set_weights()
        return changed

    @property
    def final_parameters(self) -> Tensor | None:
        """Parameters (P,) to end with, where a strategy gives them."""
        ends = (s.final_parameters(state) for s, state in zip(self.strategies, self.states, strict=True))
        return next((theta for theta in ends if theta is not None), None)

    @property
    def objective_is_transient(self) -> bool:
        """Whether the objective is not yet the final one."""
        return any(s.objective_is_transient(state) for s, state in zip(self.strategies, self.states, strict=True))

    def _set_weights(self) -> None:
        """Weight terms and points by the product of all weights."""
        self._batches = None
        if not isinstance(self.objective, ResidualObjective):
            return
        for n in range(len(self.objective.terms)):
            factor, weights = 1.0, None
            for state in self.states:
                if "factors" in state:
                    factor *= state["factors"][n]
                of_points = state.get("weights", {}).get(n)
                if of_points is not None:
                    weights = of_points if weights is None else weights * of_points
            self.objective.set_weights(n, factor, weights)


class Batches:
    """Mini-batches: a step of a first-order method sees some of the points, and within a pass all of them.

    Points are dealt out at random: every m-th of a Sobol sequence would lie in one part of the domain. A batch has about
    `size` interior points; the order of the batches changes from one pass to the next.
    """

    def __init__(self, objective: ResidualObjective, size: int, seed: int) -> None:
        inside = sum(objective.terms[n].points for n in interior_terms(objective)) or objective.samples
        self.count = max(1, round(inside / size))
        self.parts = objective.minibatches(self.count, seed)
        self.seed = seed

    def at(self, iteration: int) -> ResidualObjective:
        """Batch of a step, counted from 1."""
        turn, place = divmod(iteration - 1, self.count)
        return self.parts[int(np.random.default_rng((self.seed, turn)).permutation(self.count)[place])]
