"""Causal weights: early times are learnt before late ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import TIME
from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting, check_period, interior_terms


@dataclass(frozen=True)
class Causal(Weighting):
    """Weights the square at time t with exp(-e S(t)), S(t) the loss of the initial conditions and the equations up to t.

    A field may satisfy the equations late in time without having come from the initial state; with these weights late
    times do not count until early ones are satisfied. The weights are constants to the optimizer. Once all of them come
    near 1, e grows tenfold; after the last they are 1, and training goes on without. Conditions after the start are
    weighted alike. Source: Wang, Sankaran and Perdikaris (2022, arXiv:2203.07404), algorithm 1; here e is relative to S
    over all time at the start of training.

    Attributes:
        every: Steps between two refreshes.
        chunks: The number of intervals of time over which S is summed.
        sharpness: The first e, in units of 1 / S(end) at the start of training.
        stages: How often e grows.
        growth: The factor by which it grows.
        threshold: The least weight at which it grows.
        min_change: Smaller changes of the weights are left out.
        floor: The least weight. Splines at late times, which early ones say nothing about, would go anywhere at weight 0.
    """

    name: ClassVar[str] = "causal"

    every: int = 1
    chunks: int = 32
    sharpness: float = 10.0
    stages: int = 2
    growth: float = 10.0
    threshold: float = 0.9
    min_change: float = 1e-3
    floor: float = 1e-2

    def __post_init__(self) -> None:
        check_period(self.every, "causal")
        if self.chunks < 2 or self.stages < 0:
            raise InputError(f"causal.chunks is at least 2 and causal.stages at least 0: {self.chunks}, {self.stages}")
        if not (self.sharpness > 0 and self.growth > 1 and 0 <= self.floor < self.threshold < 1):
            raise InputError("causal takes sharpness > 0, growth > 1 and 0 <= floor < threshold < 1")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Weights at the start.

        Raises:
            InputError: If the problem has no time.
        """
        if TIME not in objective.trial.problem.coordinates or not interior_terms(objective):
            raise InputError(f"problem {objective.trial.problem.name!r} has no time that causal weights could follow")
        past = self._past(objective, theta)
        total = max(float(past[-1]), 1e-300)
        return self._weighted(objective, past, {"steepness": self.sharpness / total, "stage": 0})

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if state["stage"] > self.stages or iteration % self.every:
            return None
        past = self._past(objective, theta)
        steepness, stage = state["steepness"], state["stage"]
        while math.exp(-steepness * float(past[-2])) > self.threshold:
            steepness, stage = self.growth * steepness, stage + 1
            if stage > self.stages:
                return {"steepness": steepness, "stage": stage}
        fresh = self._weighted(objective, past, {"steepness": steepness, "stage": stage})
        # weights that stand still are no reason to disturb the method, which may end there
        changed = max(float((w - state["weights"][n]).abs().max()) for n, w in fresh["weights"].items())
        return fresh if changed > self.min_change else None

    def after_resampling(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, seed: int
    ) -> StrategyState:
        if not self.objective_is_transient(state):
            return state
        return self._weighted(objective, self._past(objective, theta), state)

    def objective_is_transient(self, state: StrategyState) -> bool:
        return bool(state["stage"] <= self.stages)

    def relax(self, state: StrategyState) -> StrategyState | None:
        if not self.objective_is_transient(state):
            return None
        return {"steepness": state["steepness"], "stage": self.stages + 1}

    def _past(self, objective: ResidualObjective, theta: Tensor) -> Tensor:
        """Loss before each interval of time and, last, over all time (chunks + 1,)."""
        squares = objective.squared_residuals(theta)
        inside = interior_terms(objective)
        start = 0.0
        total, count = (torch.zeros(self.chunks, dtype=torch.float64) for _ in range(2))
        for n, term in enumerate(objective.terms):
            chunk = self._chunk(objective, n)
            if n in inside:
                total.index_add_(0, chunk, term.weight * squares[n].double())
                count.index_add_(0, chunk, torch.ones(len(chunk), dtype=torch.float64))
            elif not bool(chunk.any()):  # all at the start
                start += term.weight * float(squares[n].mean())
        means = total / count.clamp(min=1) / self.chunks
        return start + torch.cat([torch.zeros(1, dtype=torch.float64), means.cumsum(0)])

    def _chunk(self, objective: ResidualObjective, n: int) -> Tensor:
        """Number of the interval of time that each point (N,) of a term lies in."""
        problem = objective.trial.problem
        axis = problem.coordinates.index(TIME)
        begin, end = (float(corner[axis]) for corner in problem.bounds)
        t = torch.cat([block.tensor[:, axis] for block in objective.terms[n].blocks]).double()
        return ((t - begin) / (end - begin) * self.chunks).long().clamp(0, self.chunks - 1)

    def _weighted(self, objective: ResidualObjective, past: Tensor, state: StrategyState) -> StrategyState:
        """State with the weights that the loss of the past gives."""
        weights = torch.exp(-state["steepness"] * past[:-1]).clamp(min=self.floor)
        chunks = {n: self._chunk(objective, n) for n in range(len(objective.terms))}
        later = {n: chunk for n, chunk in chunks.items() if n in interior_terms(objective) or bool(chunk.any())}
        return {**state, "weights": {n: weights[chunk] for n, chunk in later.items()}}


#: Causal weights by name: there is one kind.
CAUSAL: dict[str, type[Causal]] = {Causal.name: Causal}
