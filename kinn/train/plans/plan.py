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
    """Stages of a solve, `count` of them, each of which trains trial functions that may build on those trained before."""

    def __init__(self, problem: Problem, build_trial: TrialFactory, count: int = 1) -> None:
        self.problem, self.build_trial, self.count = problem, build_trial, count
        #: The number of consecutive stages that share the budget.
        self.sharing = count
        #: The stages whose trial functions are the solution; the others lead to them.
        self.final_stages = list(range(count))
        #: The trial functions of the stages begun.
        self.trials: list[TrialFunctions] = []

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

    def build(self, stage: int) -> TrialFunctions:
        return self.build_trial(self.problem)

    def fields(self) -> TrialFunctions:
        return self.trials[0]
