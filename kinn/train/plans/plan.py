"""Training plans: the stages of a solve in order, and the plan of a single stage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from kinn.forms import FieldScales, FormObjective, TrialFunctions
from kinn.networks import Architecture
from kinn.problem import Problem
from kinn.train.loop import StoppingCriteria
from kinn.train.state import TrainingResult


class TrialFactory(Protocol):
    """Builds trial functions of a problem at their initial parameters, by default of the network that the user named."""

    def __call__(
        self, problem: Problem, *, architecture: Architecture = ..., scales: FieldScales | None = None
    ) -> TrialFunctions: ...


class TrainingPlan(ABC):
    """Stages of a solve, each of which trains trial functions that may build on those trained before.

    There are `count` of them, unless `continues` decides by the results.
    """

    def __init__(self, problem: Problem, build_trial: TrialFactory, count: int = 1) -> None:
        self.problem, self.build_trial, self.count = problem, build_trial, count
        #: The trial functions of the stages begun.
        self.trials: list[TrialFunctions] = []

    @abstractmethod
    def build(self, stage: int) -> TrialFunctions:
        """Trial functions of a stage at the parameters where its training starts; those before it are trained."""

    @abstractmethod
    def fields(self) -> Any:
        """Solution, once all stages are trained."""

    @property
    def final_stages(self) -> list[int]:
        """The stages whose trial functions are the solution; the others lead to them."""
        return list(range(self.count))

    def continues(self, results: Sequence[TrainingResult]) -> bool:
        """Whether another stage follows those with these results."""
        return len(results) < self.count

    def limits(self, stopping: StoppingCriteria, results: Sequence[TrainingResult]) -> StoppingCriteria:
        """Limits of the next stage: an equal part of what those before it left."""
        left = self.count - len(results)
        budget = max(0.0, stopping.budget - sum(result.seconds for result in results)) / left
        iterations = stopping.iterations
        if iterations is not None:
            iterations = max(1, (iterations - sum(len(result.history) for result in results)) // left)
        return replace(stopping, budget=budget, iterations=iterations)

    def points(self, stage: int) -> int | None:
        """Number of interior points of a stage; None for that of the solve."""
        return None

    def place_points(self, objective: FormObjective, stage: int) -> None:  # noqa: B027
        """Move the points of a stage's objective to where they are needed; by default they stay."""

    def solves_problem(self, stage: int) -> bool:
        """Whether a stage is trained for the problem itself.

        Errors of a part of the time, or at another value of a constant, say nothing about the solution.
        """
        return self.trials[stage].problem is self.problem

    def stopped(self, results: Sequence[TrainingResult]) -> str:
        """Why training stopped: the reason, or the reasons, of the stages."""
        reasons = list(dict.fromkeys(result.stopped for result in results))
        return reasons[0] if len(reasons) == 1 else ", ".join(reasons)

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
