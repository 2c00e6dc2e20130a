"""More points for an energy whose quadrature the network began to exploit, which the second rule tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from kinn.train.strategies.strategy import Strategy, StrategyState


@dataclass(frozen=True)
class QuadratureRefinement(Strategy):
    """Doubles the points inside once the method can go no further and the energies by the two rules differ.

    Attributes:
        gap: The relative difference of the energies from which on they do.
        most: How many times the first points are taken at most.
    """

    name: ClassVar[str] = "refinement"

    gap: float = 1e-12
    most: int = 16

    def begin(self, system: Any, theta: Tensor, seed: int) -> StrategyState:
        """Begin with the points that there are."""
        return {"finer": 1, "due": False, "done": False}

    def refresh(self, system: Any, theta: Tensor, memory: StrategyState, iteration: int) -> StrategyState | None:
        """Return twice the points where more are due and would tell."""
        if not memory["due"]:
            return None
        if system.quadrature_gap(theta) < self.gap:
            return {**memory, "due": False, "done": True}
        return {"finer": 2 * memory["finer"], "due": False, "done": 2 * memory["finer"] >= self.most}

    def apply(self, system: Any, memory: StrategyState) -> None:
        """Take so many points."""
        if memory["finer"] > 1:
            system.refine(memory["finer"])

    def released(self, memory: StrategyState) -> StrategyState | None:
        """Ask for more points, up to the most."""
        return None if memory["done"] or memory["due"] else {**memory, "due": True}
