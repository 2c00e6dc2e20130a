"""Residual-based attention: points where the residual stays large weigh more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.train.strategies.strategy import StrategyState, Weighting, check_period, interior


@dataclass(frozen=True)
class ResidualAttention(Weighting):
    """Multiplies the residual at point i of an equation by l_i, l_i <- decay l_i + (1 - decay) |r_i| / max |r|.

    The multipliers are then scaled to a mean square of 1, so that equations keep their weight against conditions.
    Source: Anagnostopoulos, Toscano, Stergiopulos and Karniadakis (2024, Comput. Methods Appl. Mech. Eng. 421, 116805).

    Attributes:
        every: Steps between two refreshes.
        decay: The weight of the past in the average.
    """

    name: ClassVar[str] = "rba"

    every: int = 10
    decay: float = 0.9

    def __post_init__(self) -> None:
        check_period(self.every, "weights")
        if not 0 <= self.decay < 1:
            raise InputError(f"weights.decay is at least 0 and below 1, not {self.decay}")

    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return equal weights."""
        equal = {n: theta.new_ones(system.terms[n].points) for n in interior(system)}
        return {"multipliers": equal, "weights": equal}

    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return the weights after another look at the residuals, when due."""
        if iteration % self.every:
            return None
        squares = system.squared_residuals(theta)
        multipliers = {}
        for n, past in memory["multipliers"].items():
            size = squares[n].sqrt()
            multipliers[n] = self.decay * past + (1 - self.decay) * size / size.max().clamp(min=1e-300)
        weights = {n: m.square() / m.square().mean() for n, m in multipliers.items()}
        return {"multipliers": multipliers, "weights": weights}
