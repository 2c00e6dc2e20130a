"""Weights by gradients: every term is to pull at the parameters with the same force."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting, check_period, relative


@dataclass(frozen=True)
class GradientNorm(Weighting):
    """Gives term n the weight sum_m |g_m| / |g_n|, g_n the gradient of its mean square, averaged over refreshes.

    Source: Wang, Sankaran, Wang and Perdikaris (2023, arXiv:2308.08468), algorithm 1, after Wang, Teng and Perdikaris
    (2021, SIAM J. Sci. Comput. 43, A3055).

    Attributes:
        every: Steps between two refreshes.
        momentum: The weight of the past in the average.
    """

    name: ClassVar[str] = "gradient-norm"

    every: int = 100
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_period(self.every, "weights")
        if not 0 <= self.momentum < 1:
            raise InputError(f"weights.momentum is at least 0 and below 1, not {self.momentum}")

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return the weights at the start."""
        weights = self._present(system, theta)
        return {"averages": weights, "factors": relative(weights, system)}

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return the average with the weights at the present parameters, when due."""
        if iteration % self.every:
            return None
        past = self.momentum
        present = self._present(system, theta)
        averages = [past * a + (1 - past) * b for a, b in zip(memory["averages"], present, strict=True)]
        return {"averages": averages, "factors": relative(averages, system)}

    def moved(self, system: ResidualObjective, theta: Tensor, memory: StrategyState, seed: int) -> StrategyState:
        """Return the memory as it is: it is about terms, not points."""
        return memory

    def _present(self, system: ResidualObjective, theta: Tensor) -> list[float]:
        parts = (ResidualObjective(system.trial, [replace(term, weight=1.0)]) for term in system.terms)
        norms = [float(part.gradient(theta)[1].norm()) for part in parts]
        # a term without gradient, such as a condition that holds already, would get all the weight
        least = 1e-12 * max(norms)
        return [sum(norms) / max(norm, least, 1e-300) for norm in norms]
