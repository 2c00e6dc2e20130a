"""Ensembles: the same problem solved from several seeds, the mean of the fields and their standard deviation.

The standard deviation tells how much of the error is chance (initial weights, points); it cannot show an error that all
members have in common.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from torch import Tensor

from kinn.errors import InputError
from kinn.forms import FormObjective, TrialFunctions
from kinn.metrics import FieldEvaluator
from kinn.problem import Array, Problem
from kinn.train.loop import StoppingCriteria
from kinn.train.plans.plan import TrainingPlan
from kinn.train.state import TrainingResult

#: The difference of the seeds of successive members.
SEED_STRIDE = 15_485_863


class EnsembleSolution:
    """Mean of several solutions of one problem."""

    def __init__(self, members: Sequence[FieldEvaluator]) -> None:
        self.members = tuple(members)

    @property
    def problem(self) -> Problem:
        """The problem that is solved."""
        return self.members[0].problem

    @property
    def parameter_count(self) -> int:
        """The number of parameters of all members."""
        return sum(member.parameter_count for member in self.members)

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Mean of fields and derivatives at points; see `TrialFunctions.evaluate`."""
        return np.asarray(self._stacked(points, expressions, subdomain).mean(axis=0))

    def std(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Standard deviation of fields and derivatives among the members (of samples, n - 1)."""
        return np.asarray(self._stacked(points, expressions, subdomain).std(axis=0, ddof=1))

    def state_dict(self) -> Mapping[str, Tensor]:
        """Weights by name, those of each member under its number."""
        states = (member.state_dict() for member in self.members)
        return {f"members.{n}.{name}": tensor for n, state in enumerate(states) for name, tensor in state.items()}

    def _stacked(self, points: Array, expressions: str | Iterable[str], subdomain: str | None) -> Array:
        names = expressions if isinstance(expressions, str) else list(expressions)
        return np.stack([member.evaluate(points, names, subdomain=subdomain) for member in self.members])


class Ensemble(TrainingPlan):
    """Trains by a plan from each of several seeds, each with the full budget.

    Args:
        member_plan: Plan of a member, for the number added to the seed.
        size: The number of members.

    Raises:
        InputError: If there are fewer than two.
    """

    def __init__(self, member_plan: Callable[[int], TrainingPlan], size: int) -> None:
        if size < 2:
            raise InputError(f"an ensemble has at least 2 members, not {size}")
        self.members = [member_plan(SEED_STRIDE * n) for n in range(size)]
        #: The first stage of each member that has begun.
        self.begins = [0]
        super().__init__(self.members[0].problem, self.members[0].build_trial)

    @property
    def final_stages(self) -> list[int]:
        pairs = zip(self.begins, self.members, strict=False)
        return [begin + stage for begin, member in pairs for stage in member.final_stages]

    def continues(self, results: Sequence[TrainingResult]) -> bool:
        number = len(self.begins) - 1
        if self.members[number].continues(results[self.begins[-1] :]):
            return True
        if number + 1 == len(self.members):
            return False
        self.begins.append(len(results))
        return self.continues(results)

    def limits(self, stopping: StoppingCriteria, results: Sequence[TrainingResult]) -> StoppingCriteria:
        return self.members[len(self.begins) - 1].limits(stopping, results[self.begins[-1] :])

    def build(self, stage: int) -> TrialFunctions:
        member, member_stage = self._member(stage)
        return self.members[member].trial(member_stage)

    def fields(self) -> EnsembleSolution:
        return EnsembleSolution([member.fields() for member in self.members])

    def points(self, stage: int) -> int | None:
        member, member_stage = self._member(stage)
        return self.members[member].points(member_stage)

    def place_points(self, objective: FormObjective, stage: int) -> None:
        member, member_stage = self._member(stage)
        self.members[member].place_points(objective, member_stage)

    def solves_problem(self, stage: int) -> bool:
        return False  # the mean of the members does

    def label(self, stage: int) -> str:
        member, member_stage = self._member(stage)
        return f"member {member + 1} {self.members[member].label(member_stage)}".rstrip()

    def seed_offset(self, stage: int) -> int:
        member, member_stage = self._member(stage)
        return SEED_STRIDE * member + self.members[member].seed_offset(member_stage)

    def _member(self, stage: int) -> tuple[int, int]:
        """Number of the member of a stage, and that of the stage among the member's."""
        member = bisect_right(self.begins, stage) - 1
        return member, stage - self.begins[member]
