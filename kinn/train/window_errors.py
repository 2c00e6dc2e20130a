"""Errors of time windows: each with the error at the end of the window before as an error of its initial data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from kinn.forms import DomainTrial, ResidualObjective
from kinn.metrics import evaluation_points
from kinn.problem import Array
from kinn.train.field_difference import FieldDifference
from kinn.train.linearised_error import linearised_error
from kinn.train.plans.time_marching import TimeMarchingSolution, window_problem
from kinn.train.state import TrainingResult


class WindowErrors(NamedTuple):
    """Error of all windows, and of its parts the largest ratio, residual, uncertainty and norms: see `LinearisedError`."""

    field: FieldDifference
    ratio: float
    residual: float
    uncertainty: float
    sizes: Array


def window_errors(
    fields: TimeMarchingSolution, results: Sequence[TrainingResult], *, work: float, seed: int
) -> WindowErrors | None:
    """Error of the fields of successive windows; None where one of them cannot be estimated.

    Args:
        fields: The fields.
        results: The training of each window.
        work: The multiplications that it may take.
        seed: Fixes points and features.
    """
    corrected: list[DomainTrial] = []
    values: list[tuple[float, float, float]] = []
    sizes: list[Array] = []
    for number, (trial, result) in enumerate(zip(fields.trials, results, strict=True)):
        if not (isinstance(trial, DomainTrial) and isinstance(result.objective, ResidualObjective)):
            return None
        objective = result.objective
        if corrected:
            problem = window_problem(fields.problem, fields.instants.tolist(), number, previous=corrected[-1])
            start = DomainTrial(problem, trial.architecture, dtype=trial.dtype, scales=trial.scales)
            start.load_state_dict(trial.state_dict())
            objective = objective.of_trial(start)
        found = linearised_error(objective, evaluation_points(trial.problem), work=work / len(results), seed=seed)
        if found is None:
            return None
        error, uncertainty, relative_sizes = found
        error.trial.flat.set(error.step)
        corrected.append(error.trial)
        values.append((error.ratio, error.residual, uncertainty))
        sizes.append(relative_sizes)
    difference = FieldDifference(TimeMarchingSolution(fields.problem, corrected, fields.instants.tolist()), fields)
    ratio, residual, uncertainty = (max(column) for column in zip(*values, strict=True))
    return WindowErrors(difference, ratio, residual, uncertainty, np.max(sizes, axis=0))
