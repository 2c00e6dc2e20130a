"""The multipliers of an energy's conditions, brought up to date now and then: see `kinn.forms.energy.penalty`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from kinn.train.strategies.strategy import Strategy, StrategyState

#: An update is in vain that left no less than the share `BETTER` of the least since the energy changed by no more than the
#: share `SETTLED` from one update to the next. After so many in a row training ends: what a network cannot resolve adds up without end
#: in multipliers that are sums, and leads it astray.
VAIN, BETTER, SETTLED = 8, 0.95, 1e-3

#: An update that leaves more than this share of what the one before left over is the last that a method which can go no
#: further is given.
GAIN = 0.5


@dataclass(frozen=True)
class Multipliers(Strategy):
    """Updates the multipliers every so many steps, and once the method can go no further with those that there are.

    Attributes:
        every: Steps between two updates.
    """

    name: ClassVar[str] = "multipliers"

    every: int = 5

    def begin(self, system: Any, theta: Tensor, seed: int) -> StrategyState:
        """Begin with the penalty alone."""
        never = float("inf")
        return {
            "multipliers": [],
            "updated": 0,
            "due": False,
            "left": never,
            "gains": True,
            "least": never,
            "best": theta,
            "value": never,
            "vain": 0,
        }

    def refresh(self, system: Any, theta: Tensor, memory: StrategyState, iteration: int) -> StrategyState | None:
        """Return the multipliers at theta, where an update is due."""
        if not memory["due"] and iteration - memory["updated"] <= self.every:
            return None
        value = system.loss(theta)  # by the multipliers that led here
        multipliers, left = system.updated_multipliers(theta)
        least = memory["least"] if abs(value - memory["value"]) <= SETTLED * abs(value) else float("inf")
        return {
            "multipliers": multipliers,
            "updated": iteration,
            "due": False,
            "left": left,
            "gains": left < GAIN * memory["left"],
            "least": min(left, least),
            "best": theta if left < least else memory["best"],
            "value": value,
            "vain": memory["vain"] + 1 if system.accumulates_multipliers and left >= BETTER * least else 0,
        }

    def apply(self, system: Any, memory: StrategyState) -> None:
        """Give them to the energy."""
        if memory["multipliers"]:
            system.set_multipliers(memory["multipliers"])

    def unsettled(self, memory: StrategyState) -> bool:
        """Return True: energies with other multipliers are no measure of the parameters."""
        return True

    def released(self, memory: StrategyState) -> StrategyState | None:
        """Ask for an update while updates help."""
        return {**memory, "due": True} if memory["gains"] and not memory["due"] else None

    def concluded(self, memory: StrategyState) -> Tensor | None:
        """Return the parameters that held the conditions best, once updates are in vain."""
        return memory["best"] if memory["vain"] >= VAIN else None
