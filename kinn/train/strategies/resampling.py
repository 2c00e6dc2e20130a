"""Resampling: collocation points go where the residual is large."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.forms.terms import split_blocks
from kinn.train.strategies.strategy import Sampling, StrategyState, check_period, interior


@dataclass(frozen=True)
class Adaptive(Sampling):
    """What the residual-based ways of resampling have in common.

    Points are drawn from fresh candidates with the probability |r|^power / mean |r|^power + floor, up to a factor.
    Source: Wu, Zhu, Tan, Kartha and Lu (2023, Comput. Methods Appl. Mech. Eng. 403, 115671), eq. 2.

    Attributes:
        every: Steps between two refreshes.
        power: How strongly large residuals attract points.
        floor: What attracts them everywhere.
        candidates: Candidates for each point.
    """

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

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return the points as they are."""
        return {"seed": seed, "points": {}}

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return new points, when due."""
        if iteration % self.every:
            return None
        generator = np.random.default_rng((memory["seed"], iteration))
        points = {n: self._moved(system, n, theta, generator, memory) for n in interior(system)}
        return {**memory, "points": points}

    @abstractmethod
    def _moved(
        self, system: ResidualObjective, n: int, theta: Tensor, generator: np.random.Generator, memory: StrategyState
    ) -> Tensor:
        """Return new points (N, d) of a term."""

    def _drawn(
        self, system: ResidualObjective, n: int, count: int, theta: Tensor, generator: np.random.Generator
    ) -> Tensor:
        """Return `count` points of term n, drawn from candidates by its residual."""
        term, problem = system.terms[n], system.trial.problem
        geometry, draw = problem.subdomains[term.subdomains[0]], problem.defaults.sampler
        pool, seed = self.candidates * count, int(generator.integers(2**31))
        candidates = draw(geometry, pool, seed) if draw else geometry.sample(pool, method="random", seed=seed)
        x = torch.as_tensor(candidates, dtype=system.trial.dtype)
        tried = ResidualObjective(system.trial, [replace(term, blocks=split_blocks(problem.points(x)))])
        size = tried.squared_residuals(theta)[0].double().numpy() ** (self.power / 2)
        mean = size.mean()
        density = (size / mean if np.isfinite(mean) and mean > 0 else np.ones(len(x))) + self.floor
        chosen = generator.choice(len(x), size=min(count, len(x)), replace=False, p=density / density.sum())
        return x[torch.as_tensor(np.sort(chosen))]


@dataclass(frozen=True)
class RAD(Adaptive):
    """Residual-based adaptive distribution: all points are drawn anew."""

    name: ClassVar[str] = "rad"

    def _moved(
        self, system: ResidualObjective, n: int, theta: Tensor, generator: np.random.Generator, memory: StrategyState
    ) -> Tensor:
        return self._drawn(system, n, system.terms[n].points, theta, generator)


@dataclass(frozen=True)
class RARD(Adaptive):
    """Residual-based adaptive refinement with distribution: points are added, a set fraction of the first number each time.

    Attributes:
        growth: The points added at a refresh, as a fraction of those at the beginning.
        most: No more points than so many times those at the beginning.
    """

    name: ClassVar[str] = "rar-d"

    power: float = 2.0
    floor: float = 0.0
    growth: float = 0.1
    most: float = 2.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (self.growth > 0 and self.most >= 1):
            raise InputError(f"sampling.growth is positive and sampling.most at least 1: {self.growth}, {self.most}")

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return the points as they are."""
        first = {n: system.terms[n].points for n in interior(system)}
        return {**super().begin(system, theta, seed), "first": first}

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return more points, when due and there is room."""
        if all(system.terms[n].points >= self.most * first for n, first in memory["first"].items()):
            return None
        return super().refresh(system, theta, memory, iteration)

    def _moved(
        self, system: ResidualObjective, n: int, theta: Tensor, generator: np.random.Generator, memory: StrategyState
    ) -> Tensor:
        present = torch.cat([block.tensor for block in system.terms[n].blocks])
        added = max(1, round(self.growth * memory["first"][n]))
        return torch.cat([present, self._drawn(system, n, added, theta, generator)])
