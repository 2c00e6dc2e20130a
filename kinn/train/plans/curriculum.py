"""A curriculum: the problem at milder values of a coefficient first, each training starting from the weights of the last.

At a high Reynolds number, say, training from random weights ends far from the solution; the solution at a lower one is
found easily and lies close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from kinn.errors import InputError, check_name
from kinn.forms import DomainTrial, TrialFunctions
from kinn.problem import Problem
from kinn.train.plans.plan import TrainingPlan, TrialFactory

#: The values of coefficients by name, from the mildest to that of the problem.
Values = Mapping[str, Sequence[float]]


class Curriculum(TrainingPlan):
    """Trains at one value of a coefficient after the other: as many values of each, the last that of the problem.

    Raises:
        InputError: If there is no such coefficient, or the values do not end at the problem's.
    """

    def __init__(self, problem: Problem, build_trial: TrialFactory, values: Values) -> None:
        self.values = _checked_values(problem, values)
        super().__init__(problem, build_trial, len(next(iter(self.values.values()))))

    @property
    def final_stages(self) -> list[int]:
        return [self.count - 1]

    def build(self, stage: int) -> TrialFunctions:
        """Trial functions of the problem at the next values, with the weights of the last."""
        coefficients = {**self.problem.coefficients, **{name: values[stage] for name, values in self.values.items()}}
        problem, previous = replace(self.problem, coefficients=coefficients), self.trials[-1] if self.trials else None
        if previous is None:
            return self.build_trial(problem)
        # the weights mean the same in the same scales alone
        trial = self.build_trial(problem, scales=previous.scales if isinstance(previous, DomainTrial) else None)
        trial.flat.set(previous.flat.get())
        return trial

    def fields(self) -> TrialFunctions:
        return self.trials[-1]

    def label(self, stage: int) -> str:
        return " ".join(f"{name}={values[stage]:g}" for name, values in self.values.items())


def _checked_values(problem: Problem, values: Values) -> dict[str, tuple[float, ...]]:
    """Values of a curriculum as tuples.

    Raises:
        InputError: If there is no such coefficient, or the values do not end at the problem's.
    """
    where = f"the curriculum of problem {problem.name!r}"
    numbers = {name: v for name, v in problem.coefficients.items() if isinstance(v, int | float)}
    for name, stated in values.items():
        check_name("coefficient", name, numbers, where)
        if not stated or not all(isinstance(v, int | float) and isfinite(v) for v in stated):
            raise InputError(f"{where} takes finite numbers for {name}, not {stated}")
        if stated[-1] != numbers[name]:
            raise InputError(f"{where} ends at {name}={stated[-1]:g}, and the problem has {name}={numbers[name]:g}")
    if len({len(stated) for stated in values.values()}) != 1:
        raise InputError(f"{where} takes as many values of each coefficient")
    return {name: tuple(float(v) for v in stated) for name, stated in values.items()}
