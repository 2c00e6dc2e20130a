"""Strategies of the energy form: multipliers of its penalised conditions, and refinement of its quadrature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from kinn.forms import FormObjective
from kinn.train.strategies.strategy import Strategy, StrategyState

#: An update of the multipliers fails that leaves at least this fraction of the least violation since the energy settled.
VIOLATION_FRACTION = 0.95

#: The energy has settled when it changes by at most this fraction from one update to the next.
SETTLED_FRACTION = 1e-3

#: Training ends after this many failed updates in a row: what a network cannot resolve adds up without end in multipliers
#: that are sums, and leads it astray.
MAX_FAILED_UPDATES = 8

#: An update that leaves more than this fraction of the violation before is the last one once the optimizer stalls.
GAIN_FRACTION = 0.5


def energy_strategies(objective: FormObjective) -> tuple[Strategy, ...]:
    """Strategies that the training of an energy needs."""
    return (QuadratureRefinement(), Multipliers()) if objective.penalised else (QuadratureRefinement(),)


@dataclass(frozen=True)
class Multipliers(Strategy):
    """Updates the multipliers of conditions periodically, and whenever the optimizer stalls; see `kinn.forms.energy.penalty`.

    Attributes:
        every: Steps between two updates.
    """

    name: ClassVar[str] = "multipliers"

    every: int = 5

    def begin(self, objective: Any, theta: Tensor, seed: int) -> StrategyState:
        state = {"multipliers": [], "updated": 0, "due": False, "gains": True, "best": theta, "failed": 0}
        return state | dict.fromkeys(("violation", "least_violation", "energy"), float("inf"))

    def refresh(self, objective: Any, theta: Tensor, state: StrategyState, iteration: int) -> StrategyState | None:
        if not state["due"] and iteration - state["updated"] <= self.every:
            return None
        energy = objective.loss(theta)  # with the multipliers that led here
        multipliers, violation = objective.updated_multipliers(theta)
        settled = abs(energy - state["energy"]) <= SETTLED_FRACTION * abs(energy)
        least = state["least_violation"] if settled else float("inf")
        failed = objective.accumulates_multipliers and violation >= VIOLATION_FRACTION * least
        return {
            "multipliers": multipliers,
            "updated": iteration,
            "due": False,
            "violation": violation,
            "gains": violation < GAIN_FRACTION * state["violation"],
            "least_violation": min(violation, least),
            "best": theta if violation < least else state["best"],
            "energy": energy,
            "failed": state["failed"] + 1 if failed else 0,
        }

    def apply(self, objective: Any, state: StrategyState) -> None:
        if state["multipliers"]:
            objective.set_multipliers(state["multipliers"])

    def objective_is_transient(self, state: StrategyState) -> bool:
        return True

    def relax(self, state: StrategyState) -> StrategyState | None:
        return {**state, "due": True} if state["gains"] and not state["due"] else None

    def final_parameters(self, state: StrategyState) -> Tensor | None:
        return state["best"] if state["failed"] >= MAX_FAILED_UPDATES else None


@dataclass(frozen=True)
class QuadratureRefinement(Strategy):
    """Doubles the points inside once the optimizer stalls and the energies by the two quadratures differ.

    Attributes:
        gap: The relative difference of the energies that calls for more points.
        max_factor: The largest multiple of the first number of points.
    """

    name: ClassVar[str] = "refinement"

    gap: float = 1e-12
    max_factor: int = 16

    def begin(self, objective: Any, theta: Tensor, seed: int) -> StrategyState:
        return {"refinement": 1, "due": False, "done": False}

    def refresh(self, objective: Any, theta: Tensor, state: StrategyState, iteration: int) -> StrategyState | None:
        """State with twice the points, where more are due and the energies differ."""
        if not state["due"]:
            return None
        if objective.quadrature_gap(theta) < self.gap:
            return {**state, "due": False, "done": True}
        return {"refinement": 2 * state["refinement"], "due": False, "done": 2 * state["refinement"] >= self.max_factor}

    def apply(self, objective: Any, state: StrategyState) -> None:
        if state["refinement"] > 1:
            objective.refine(state["refinement"])

    def relax(self, state: StrategyState) -> StrategyState | None:
        return None if state["done"] or state["due"] else {**state, "due": True}
