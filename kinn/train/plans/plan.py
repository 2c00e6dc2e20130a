"""Training plans: the stages of a solve in order, and the plan of a single stage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeAlias

from kinn.forms import TrialFunctions
from kinn.problem import Problem

#: Builds trial functions of a problem at their initial parameters.
TrialFactory: TypeAlias = Callable[[Problem], TrialFunctions]


class TrainingPlan(ABC):
    """Stages of a solve, each of which trains trial functions that may build on those trained before.

    Args:
        problem: The problem.
        build_trial: Builds trial functions of it, or of a part of it.
    """

    def __init__(self, problem: Problem, build_trial: TrialFactory) -> None:
        self.problem = problem
        self.build_trial = build_trial
        #: The trial functions of the stages begun.
        self.trials: list[TrialFunctions] = []

    @property
    @abstractmethod
    def count(self) -> int:
        """The number of stages."""

    @property
    def sharing(self) -> int:
        """The number of consecutive stages that share the budget."""
        return self.count

    @property
    def final_stages(self) -> list[int]:
        """The stages whose trial functions are the solution; the others lead to them."""
        return list(range(self.count))

    @abstractmethod
    def build(self, stage: int) -> TrialFunctions:
        """Trial functions of a stage at the parameters where its training starts; those before it are trained."""

    @abstractmethod
    def fields(self) -> Any:
        """Solution, once all stages are trained."""

    def trial(self, stage: int) -> TrialFunctions:
        """Trial functions of a stage, built when it begins."""
        if stage == len(self.trials):
            self.trials.append(self.build(stage))
        return self.trials[stage]

    def label(self, stage: int) -> str:
        """Name of a stage in the history, "" where there is only one."""
        return ""

    def seed_offset(self, stage: int) -> int:
        """Number added to the seed for the points of a stage."""
        return 0


class SingleStage(TrainingPlan):
    """Trains once."""

    @property
    def count(self) -> int:
        """One."""
        return 1

    def build(self, stage: int) -> TrialFunctions:
        """New trial functions."""
        return self.build_trial(self.problem)

    def fields(self) -> TrialFunctions:
        """The trained functions."""
        return self.trials[0]
