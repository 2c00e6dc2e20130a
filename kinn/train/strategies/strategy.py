"""What every strategy is: a frozen dataclass that changes the objective between steps, and remembers what it must."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective

#: What a strategy remembers: plain data and tensors, for it goes into checkpoints.
StrategyState = dict[str, Any]


@dataclass(frozen=True)
class Strategy(ABC):
    """A strategy as the user specifies it."""

    #: The name on the command line.
    name: ClassVar[str]

    @abstractmethod
    def begin(self, system: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """Return what is remembered before the first step.

        Args:
            system: The residuals.
            theta: The parameters (P,).
            seed: Fixes whatever is random.
        """

    @abstractmethod
    def refresh(
        self, system: ResidualObjective, theta: Tensor, memory: StrategyState, iteration: int
    ) -> StrategyState | None:
        """Return what is remembered after a change of the objective before step `iteration`, or None for no change."""

    @abstractmethod
    def apply(self, system: ResidualObjective, memory: StrategyState) -> None:
        """Change the system as the memory says."""

    def moved(self, system: ResidualObjective, theta: Tensor, memory: StrategyState, seed: int) -> StrategyState:
        """Return the memory once points were moved: it begins anew, for points that are no more say nothing."""
        return self.begin(system, theta, seed)

    def unsettled(self, memory: StrategyState) -> bool:
        """Return whether the objective is still a means to an end, at which no parameters should be kept for the best."""
        return False

    def released(self, memory: StrategyState) -> StrategyState | None:
        """Return the memory after the strategy gives way, as the method can go no further; None where it does not."""
        return None

    def concluded(self, memory: StrategyState) -> Tensor | None:
        """Return the parameters (P,) to end with, once the strategy knows that training on would lead away from them."""
        return None


@dataclass(frozen=True)
class Weighting(Strategy):
    """A strategy that gives terms factors, and points weights.

    Its memory holds `factors`, a number for each term, and `weights`, those of the points (N,) for each number of a term
    that has them. Several weightings at once multiply.
    """

    def apply(self, system: ResidualObjective, memory: StrategyState) -> None:
        """Do nothing alone: the weights of all strategies are applied together."""


@dataclass(frozen=True)
class Sampling(Strategy):
    """A strategy that moves the points of the equations.

    Its memory holds `points`, the new ones (N, d) for each number of a term that was moved.
    """

    def apply(self, system: ResidualObjective, memory: StrategyState) -> None:
        """Move the points."""
        for n, x in memory["points"].items():
            system.move(n, system.trial.problem.points(x))


def interior(system: ResidualObjective) -> list[int]:
    """Return the numbers of the terms that hold throughout a subdomain: those of the equations."""
    return [n for n, term in enumerate(system.terms) if term.interior]


def check_period(every: int, owner: str) -> None:
    """Refuse a number of steps below 1."""
    if every < 1:
        raise InputError(f"{owner}.every is at least 1, not {every}")


def relative(weights: list[float], system: ResidualObjective) -> list[float]:
    """Return the factors that give the terms weights in these proportions, the largest 1."""
    largest = max(weights)
    return [weight / largest / term.weight for weight, term in zip(weights, system.terms, strict=True)]
