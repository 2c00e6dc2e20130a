"""Resampling: collocation points go where the residual is large."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, TypeAlias

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.forms.terms import split_blocks
from kinn.train.strategies.strategy import Sampling, StrategyState, check_period, interior_terms

#: Draws a number of points (N, d) of a term.
Draw: TypeAlias = Callable[[int], Tensor]


@dataclass(frozen=True)
class RAD(Sampling):
    """Residual-based adaptive distribution: all points are drawn anew where the residual is large.

    Points are drawn from fresh candidates with the probability |r|^power / mean |r|^power + floor, up to a factor.
    Source: Wu, Zhu, Tan, Kartha and Lu (2023, Comput. Methods Appl. Mech. Eng. 403, 115671), eq. 2.

    Attributes:
        every: Steps between two refreshes.
        power: How strongly large residuals attract points.
        floor: The probability everywhere, relative to the mean.
        candidates: Candidates for each point.
    """

    name: ClassVar[str] = "rad"

    every: int = 50
    power: float = 1.0
    floor: float = 1.0
    candidates: int = 10

    def __post_init__(self) -> None:
        check_period(self.every, "sampling")
        if self.power < 0 or self.floor < 0:
            raise InputError(f"sampling.power and sampling.floor are not negative: {self.power}, {self.floor}")
        if self.candidates < 2:
            raise InputError(f"sampling.candidates is at least 2, not {self.candidates}")

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        return {"seed": seed, "points": {}}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if iteration % self.every:
            return None
        generator = np.random.default_rng((state["seed"], iteration))
        draw = partial(self.drawn, objective, theta=theta, generator=generator)
        points = {n: self._resampled(objective, n, state, partial(draw, n)) for n in interior_terms(objective)}
        return {**state, "points": points}

    def _resampled(self, objective: ResidualObjective, n: int, state: StrategyState, draw: Draw) -> Tensor:
        """New points (N, d) of a term."""
        return draw(objective.terms[n].points)

    def drawn(
        self, objective: ResidualObjective, n: int, count: int, theta: Tensor, generator: np.random.Generator
    ) -> Tensor:
        """Points (count, d) of term n, drawn from candidates by its residual at parameters (P,)."""
        term, problem = objective.terms[n], objective.trial.problem
        geometry, draw = problem.subdomains[term.subdomains[0]], problem.defaults.sampler
        pool, seed = self.candidates * count, int(generator.integers(2**31))
        candidates = draw(geometry, pool, seed) if draw else geometry.sample(pool, method="random", seed=seed)
        x = torch.as_tensor(candidates, dtype=objective.trial.dtype)
        tried = ResidualObjective(objective.trial, [replace(term, blocks=split_blocks(problem.points(x)))])
        size = tried.squared_residuals(theta)[0].double().numpy() ** (self.power / 2)
        mean = size.mean()
        density = (size / mean if np.isfinite(mean) and mean > 0 else np.ones(len(x))) + self.floor
        chosen = generator.choice(len(x), size=min(count, len(x)), replace=False, p=density / density.sum())
        return x[torch.as_tensor(np.sort(chosen))]


@dataclass(frozen=True)
class RARD(RAD):
    """Residual-based adaptive refinement with distribution: points are added, a set fraction of the first number each time.

    Attributes:
        growth: The points added at a refresh, as a fraction of those at the beginning.
        max_factor: The largest number of points, as a multiple of those at the beginning.
    """

    name: ClassVar[str] = "rar-d"

    power: float = 2.0
    floor: float = 0.0
    growth: float = 0.1
    max_factor: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.growth > 0 and self.max_factor >= 1):
            raise InputError(
                f"sampling.growth is positive and sampling.max_factor at least 1: {self.growth}, {self.max_factor}"
            )

    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        first = {n: objective.terms[n].points for n in interior_terms(objective)}
        return {**super().begin(objective, theta, seed), "first": first}

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        if all(objective.terms[n].points >= self.max_factor * first for n, first in state["first"].items()):
            return None
        return super().refresh(objective, theta, state, iteration)

    def _resampled(self, objective: ResidualObjective, n: int, state: StrategyState, draw: Draw) -> Tensor:
        present = torch.cat([block.tensor for block in objective.terms[n].blocks])
        added = max(1, round(self.growth * state["first"][n]))
        return torch.cat([present, draw(added)])


#: The ways of resampling by their names on the command line.
SAMPLINGS: dict[str, type[Sampling]] = {s.name: s for s in (RAD, RARD)}
