"""A curriculum: the problem at milder values of a coefficient first, each training starting from the weights of the last.

At a high Reynolds number, say, training from random weights ends far from the solution; the solution at a lower one is
found easily and lies close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isfinite

from kinn.errors import InputError, unknown
from kinn.forms import TrialFunctions
from kinn.problem import Problem
from kinn.train.plans.plan import TrainingPlan, TrialBuilder

#: The values of coefficients by name, from the mildest to the problem's own.
Values = Mapping[str, Sequence[float]]


class Curriculum(TrainingPlan):
    """Trains at one value of a coefficient after the other.

    Args:
        start: What the trial functions are made from.
        values: The values that coefficients of the problem take, as many of each; the last is the problem's own.

    Raises:
        InputError: If there is no such coefficient, or the values do not end at the problem's.
    """

    def __init__(self, start: TrialBuilder, values: Values) -> None:
        super().__init__()
        self.start = start
        self.values = checked_values(start.problem, values)

    @property
    def count(self) -> int:
        """The number of values."""
        return len(next(iter(self.values.values())))

    def made(self) -> TrialFunctions:
        """Return trial functions of the problem at the next values, with the weights of the last."""
        leg = len(self.trials)
        stage = {name: values[leg] for name, values in self.values.items()}
        problem = replace(self.start.problem, coefficients={**self.start.problem.coefficients, **stage})
        trial = replace(self.start, problem=problem).trial()
        if self.trials:
            trial.flat.set(self.trials[-1].flat.get())
        return trial

    def fields(self) -> TrialFunctions:
        """Return the functions trained at the problem's own values."""
        return self.trials[-1]

    def label(self, leg: int) -> str:
        """Return the values."""
        return " ".join(f"{name}={values[leg]:g}" for name, values in self.values.items())

    def loss(self, losses: Sequence[float]) -> float:
        """Return the loss at the problem's own values."""
        return losses[-1]


def checked_values(problem: Problem, values: Values) -> dict[str, tuple[float, ...]]:
    """Return the values of a curriculum.

    Raises:
        InputError: If there is no such coefficient, or the values do not end at the problem's.
    """
    where = f"the curriculum of problem {problem.name!r}"
    numbers = {name: v for name, v in problem.coefficients.items() if isinstance(v, int | float)}
    for name, given in values.items():
        if name not in numbers:
            raise unknown("coefficient", name, numbers, where)
        if not given or not all(isinstance(v, int | float) and isfinite(v) for v in given):
            raise InputError(f"{where} takes finite numbers for {name}, not {given}")
        if given[-1] != numbers[name]:
            raise InputError(f"{where} ends at {name}={given[-1]:g}, and the problem has {name}={numbers[name]:g}")
    if len({len(given) for given in values.values()}) != 1:
        raise InputError(f"{where} takes as many values of each coefficient")
    return {name: tuple(float(v) for v in given) for name, given in values.items()}
