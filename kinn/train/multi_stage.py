"""Multi-stage training: corrections of trained fields, one after the other, while each reduces the residuals much.

The first training leaves errors that its network can hardly represent; each correction is a new network for what those
before it left (Wang and Lai 2024, arXiv:2303.01767), here of random features, whose coefficients least squares finds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from kinn.forms import DomainTrial, ResidualObjective
from kinn.metrics import FieldEvaluator
from kinn.train.corrections import (
    FIT_POINTS,
    SEED_OFFSET,
    SPACES,
    VALIDATION_POINTS,
    VALIDATION_SEED_OFFSET,
    FeatureSpace,
    affordable_features,
    correction_in,
    fresh_objective,
    least_squares_step,
)
from kinn.train.plans.ensemble import EnsembleSolution
from kinn.train.state import TrainingResult

#: Corrections are added that reduce the norm of the residuals at validation points by this factor; Gauss-Newton steps go
#: on while each reduces their square by it.
MIN_GAIN = 4.0

#: No other space is tried after a correction that leaves less than this of the residuals.
VERY_ACCURATE = 1e-3

#: The most Gauss-Newton steps of a correction.
MAX_STEPS = 6

#: The most random features of a correction: of all fields together, and of each.
MOST_FEATURES, MOST_FEATURES_PER_FIELD = 1800, 600

#: The fewest, of all fields together.
FEWEST_FEATURES = 128


def add_corrections(
    fields: FieldEvaluator, results: Sequence[TrainingResult], count: int, *, work: float, seed: int
) -> tuple[FieldEvaluator, list[TrainingResult]]:
    """Fields with their corrections, `count` at most, and their trainings; unchanged where these cannot be corrected.

    Args:
        fields: Trial functions on the domain, or an ensemble of them.
        results: The training of each.
        count: The most corrections.
        work: The multiplications that a least-squares problem may take.
        seed: Fixes points and features.
    """
    members = fields.members if isinstance(fields, EnsembleSolution) else (fields,)
    if len(members) != len(results) or not all(isinstance(member, DomainTrial) for member in members):
        return fields, list(results)
    trials, after = zip(*(_corrected(result, count, work / len(results), seed) for result in results), strict=True)
    return trials[0] if len(trials) == 1 else EnsembleSolution(trials), list(after)


def _corrected(result: TrainingResult, count: int, work: float, seed: int) -> tuple[DomainTrial, TrainingResult]:
    """Trial functions of a training with corrections, and the training at their parameters."""
    objective = result.objective
    assert isinstance(objective, ResidualObjective)
    most = min(MOST_FEATURES, MOST_FEATURES_PER_FIELD * len(objective.trial.problem.names))
    features = max(FEWEST_FEATURES, min(most, affordable_features(work)))
    for n in range(count):
        corrected = add_correction(objective, features, seed=seed + n)
        if corrected is None:
            break
        objective = corrected
    theta = objective.start()
    return objective.trial, replace(result, theta=theta, loss=objective.loss(theta), objective=objective)


def add_correction(
    trained: ResidualObjective, features: int, *, seed: int, spaces: Sequence[FeatureSpace] = SPACES[:4]
) -> ResidualObjective | None:
    """Objective of trial functions with one more correction, None where it gains too little to be added.

    It is added where it reduces the norm of the residuals at validation points by `MIN_GAIN`. Equations that are not
    linear take several Gauss-Newton steps.

    Args:
        trained: The objective of the trained fields.
        features: The number of random features of all fields together.
        seed: Fixes points and features; each correction needs another.
        spaces: The spaces that are tried, until one is `VERY_ACCURATE`.
    """
    trial = trained.trial
    per_field = max(8, features // len(trial.problem.names))
    fit = fresh_objective(trained, round(FIT_POINTS * per_field), seed + SEED_OFFSET)
    validation = fresh_objective(trained, round(VALIDATION_POINTS * per_field), seed + VALIDATION_SEED_OFFSET)
    before, best = validation.loss(validation.start()), None
    for space in spaces:
        correction = correction_in(space, fit, validation, per_field, seed)
        if best is None or correction.ratio < best.ratio:
            best = correction
        if best.ratio < VERY_ACCURATE:
            break
    if best is None or not best.ratio * MIN_GAIN < 1:
        return None
    theta, after = best.step, math.inf  # corrections start at zero
    objective, check = fit.of_trial(best.trial), validation.of_trial(best.trial)
    for _ in range(MAX_STEPS):
        loss = check.loss(theta)
        if not loss < after:
            break
        slow, accepted, after = loss > after / MIN_GAIN, theta, loss
        if trained.affine or slow:
            break
        best.trial.flat.set(theta)
        theta = theta + least_squares_step(objective, check).step
    if not after * MIN_GAIN**2 < before:
        return None
    best.trial.flat.set(accepted)
    return trained.of_trial(best.trial)
