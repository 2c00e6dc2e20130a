"""Base classes of strategies: frozen dataclasses that change the objective between steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from kinn.errors import InputError
from kinn.forms import ResidualObjective

#: What a strategy keeps from step to step: plain data and tensors, for it goes into checkpoints.
StrategyState = dict[str, Any]


@dataclass(frozen=True)
class Strategy(ABC):
    """A strategy as the user specifies it; its state is kept outside.

    A user's strategy without a `name` is named after its class.
    """

    #: The name on the command line and in configurations.
    name: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "name" not in cls.__dict__:
            cls.name = cls.__name__

    @abstractmethod
    def begin(self, objective: ResidualObjective, theta: Tensor, seed: int) -> StrategyState:
        """State before the first step, at parameters (P,); the seed fixes all random draws."""

    def refresh(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, iteration: int
    ) -> StrategyState | None:
        """State after a change of the objective before step `iteration`; None, the default, where nothing changes."""
        return None

    @abstractmethod
    def apply(self, objective: ResidualObjective, state: StrategyState) -> None:
        """Change the objective to agree with a state."""

    def after_resampling(
        self, objective: ResidualObjective, theta: Tensor, state: StrategyState, seed: int
    ) -> StrategyState:
        """State once points have moved: by default that of a new beginning."""
        return self.begin(objective, theta, seed)

    def objective_is_transient(self, state: StrategyState) -> bool:
        """Whether the objective is not yet the final one, so that no parameters should be kept as the best."""
        return False

    def relax(self, state: StrategyState) -> StrategyState | None:
        """State after giving way when the optimizer makes no progress; None where the strategy does not."""
        return None

    def final_parameters(self, state: StrategyState) -> Tensor | None:
        """Parameters (P,) to end with, once further training would lead away from them; None until then."""
        return None


@dataclass(frozen=True)
class Weighting(Strategy):
    """A strategy that weights terms and points.

    Its state may hold `factors`, a number for each term, and `weights`, those of the points (N,) by the number of the
    term. The weights of several strategies multiply.
    """

    def apply(self, objective: ResidualObjective, state: StrategyState) -> None:
        """Nothing: `StrategyStack` applies the weights of all strategies together."""


@dataclass(frozen=True)
class Sampling(Strategy):
    """A strategy that moves the points of the equations.

    Its state holds `points`, the new ones (N, d) by the number of the term.
    """

    def apply(self, objective: ResidualObjective, state: StrategyState) -> None:
        for n, x in state["points"].items():
            objective.move(n, objective.trial.problem.points(x))


def interior_terms(objective: ResidualObjective) -> list[int]:
    """Numbers of the terms that hold throughout a subdomain: those of the equations."""
    return [n for n, term in enumerate(objective.terms) if term.interior]


def check_period(every: int, owner: str) -> None:
    """Refuse a number of steps below 1."""
    if every < 1:
        raise InputError(f"{owner}.every is at least 1, not {every}")
