"""Self-adaptive weights: every point of every term has a weight that ascends the loss which the parameters descend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting, check_period


@dataclass(frozen=True)
class SelfAdaptive(Weighting):
    """Weights the square at point i with l_i^2, l_i ascending the gradient l_i w_i r_i^2 of the loss.

    The step is scaled so that the multiplier with the largest relative gradient grows by `rate`. Multipliers only grow.
    Source: McClenny and Braga-Neto (2023, J. Comput. Phys. 474, 111722), with the mask l^2.

    Attributes:
        every: Steps between two refreshes.
        rate: The growth of the fastest multiplier at a refresh.
    """

    name: ClassVar[str] = "sa"

    every: int = 10
    rate: float = 0.1

    def __post_init__(self) -> None:
        check_period(self.every, "weights")
        if not 0 < self.rate < 10:
            raise InputError(f"weights.rate lies between 0 and 10, not {self.rate}")

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return equal weights."""
        equal = {n: theta.new_ones(term.points) for n, term in enumerate(system.terms)}
        return {"multipliers": equal, "weights": equal}

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return the weights one step further up, when due."""
        if iteration % self.every:
            return None
        squares = [term.weight * s for term, s in zip(system.terms, system.squared_residuals(theta), strict=True)]
        largest = float(torch.stack([s.max() for s in squares]).max())
        if not largest > 0:
            return None
        multipliers = {n: past * (1 + self.rate * squares[n] / largest) for n, past in memory["multipliers"].items()}
        return {"multipliers": multipliers, "weights": {n: m.square() for n, m in multipliers.items()}}
