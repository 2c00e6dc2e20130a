"""Errors of trained fields by the linearised equations, in spaces of random features, cross-validated on two sets of points.

What the trained network cannot represent oscillates, and no space of moderate size explains much of its residual. The smooth
part of the error, by far the larger one, is found nonetheless where points outnumber features by far: then the rest
averages out. The errors by either set of points, and in two spaces, show how much of an estimate is noise or the space's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinn.forms import DomainTrial, ResidualObjective
from kinn.forms.linearisation import Linearisation
from kinn.networks.corrected import CorrectionFeatures
from kinn.problem import Array
from kinn.train.corrections import (
    DAMPINGS,
    SEED_OFFSET,
    VALIDATION_SEED_OFFSET,
    FeatureSpace,
    corrected,
    fresh_objective,
    noise_square,
)

#: The spaces tried.
SPACES = (
    FeatureSpace(1.0, 1.0), FeatureSpace(24.0, 0.25), FeatureSpace(3.0, 0.5), FeatureSpace(12.0, 0.25),
    FeatureSpace(6.0, 0.25),
)  # fmt: skip

#: The number of spaces that the work must suffice for where there is a choice of their size.
SPACES_COMPARED = 3

#: Interior points of each set for each feature of a field.
POINTS_PER_FEATURE = 20

#: The most features of each field and of all fields together; those of all by which one space tells more than several
#: smaller ones, and the fewest.
MOST_FEATURES_PER_FIELD, MOST_FEATURES, ENOUGH_FEATURES, FEWEST_FEATURES = 400, 800, 200, 96

#: How much fewer features are tried where they take too much work.
FEATURES_STEP = 16

#: Work of an entry of the Jacobian for so many derivatives of the fields, and of a residual over the number of trained
#: parameters.
ENTRY_WORK, DERIVATIVES, RESIDUAL_WORK = 600.0, 6, 30.0

#: Work of the singular values over the cube of the number of features.
SINGULAR_VALUES_WORK = 45.0

#: Residuals for each feature, of the equation of one field and its conditions.
RESIDUALS_PER_FEATURE = 2.6 * POINTS_PER_FEATURE

#: No other space is tried after one that leaves less than this of the residual.
ACCURATE = 0.1

#: Where an error leaves more than this of the residual, another space is tried whatever it takes; and the more of it is left,
#: the more it counts as the residual of an oscillation. Above the second value the largest error of all spaces is taken.
NOT_EXPLAINED, NOTHING_EXPLAINED, FEWEST_SPACES = 0.9, 0.99, 2

#: The frequency of the oscillation, in radians over half the domain's extent, and how many waves of it stand for others.
OSCILLATION, OSCILLATION_WAVES = 24.0, 16

#: The most points at which errors are compared.
COMPARISON_POINTS = 500


@dataclass(frozen=True)
class LinearisedError:
    """Error of trained fields in a space of random features.

    Attributes:
        trial: The trained fields with features, whose coefficients are zero.
        step: The coefficients (P,) of the error.
        halves: Those by each set of points alone.
        undamped: Those with the least damping.
        ratio: The norm of the residuals that the error by one set leaves at the other, relative to that before, without the
            noise of observations.
        residual: That norm before.
    """

    trial: DomainTrial
    step: Tensor
    halves: tuple[Tensor, Tensor]
    undamped: tuple[Tensor, Tensor]
    ratio: float
    residual: float

    def evaluate(self, points: Array, step: Tensor) -> Array:
        """Errors (N, outputs) of fields and unknown fields with some coefficients."""
        return Linearisation(self.trial, step).evaluate(points, self.trial.problem.output_names)

    def sizes(self, points: Array) -> Array:
        """Norms (fields,) of the error at points, with what damping has taken from it.

        The errors by either set of points have independent noise, so that their product has none, however little it is damped.
        """
        norms = np.linalg.norm(self.evaluate(points, self.step), axis=0)
        first, second = (self.evaluate(points, step) for step in self.undamped)
        undamped = np.sqrt((first * second).sum(axis=0).clip(min=0.0))
        return np.asarray(np.sqrt(norms * np.maximum(norms, undamped)))


def linearised_error(
    trained: ResidualObjective, points: Array, *, work: float, seed: int
) -> tuple[LinearisedError, float, Array] | None:
    """The error that explains most of the residual, its uncertainty, and its norms with what it lacks relative to its own.

    None where the equations have no finite values.

    Args:
        trained: The trained residuals.
        points: Points (N, d) at which errors are compared.
        work: The multiplications that it may take.
        seed: Fixes points and features.
    """
    fields = len(trained.trial.problem.names)
    most = min(MOST_FEATURES, MOST_FEATURES_PER_FIELD * fields)
    works = {n: _work(trained, n) for n in range(most, FEWEST_FEATURES, -FEATURES_STEP)}
    of_several = (n for n, w in works.items() if SPACES_COMPARED * w <= work)
    of_one = (n for n, w in works.items() if n <= ENOUGH_FEATURES and w <= work)
    features = max(next(of_several, FEWEST_FEATURES), next(of_one, FEWEST_FEATURES))
    count = max(1, int(work / _work(trained, features)))
    per_field = max(8, features // fields)
    first, second = (
        fresh_objective(trained, POINTS_PER_FEATURE * per_field, seed + offset, half=half)
        for half, offset in enumerate((SEED_OFFSET, VALIDATION_SEED_OFFSET))
    )
    errors: list[LinearisedError] = []
    for space in SPACES[: max(count, FEWEST_SPACES)]:
        error = _error_in(space, first, second, per_field, seed)
        if error is not None:
            errors.append(error)
        best = min((error.ratio for error in errors), default=math.inf)
        if best < ACCURATE or (best < NOT_EXPLAINED and len(errors) == count):
            break
    errors.sort(key=lambda error: error.ratio)
    some = points[:: max(1, len(points) // COMPARISON_POINTS)]
    if not errors:
        return None
    error, sizes = errors[0], errors[0].sizes(some)
    if error.ratio > NOT_EXPLAINED:
        # what no space explains, none can rule out
        if error.ratio > NOTHING_EXPLAINED:
            sizes = np.max([error.sizes(some) for error in errors], axis=0)
        weight = (errors[0].ratio - NOT_EXPLAINED) / (1 - NOT_EXPLAINED)
        sizes = np.hypot(sizes, min(1.0, weight) * error.ratio * _oscillation_sizes(first, error.residual, some, seed))
    norms = np.linalg.norm(error.evaluate(some, error.step), axis=0)
    return error, _uncertainty(errors, some), np.where(norms > 0, sizes / np.where(norms > 0, norms, 1.0), 1.0)


def _work(trained: ResidualObjective, features: int) -> float:
    """Multiplications that a space takes."""
    residuals = RESIDUALS_PER_FEATURE * features
    derivatives = max(len(index) for term in trained.terms for index in term.index) / DERIVATIVES
    entries = residuals * features * (ENTRY_WORK * derivatives + 4 * features)
    return entries + residuals * RESIDUAL_WORK * trained.size + SINGULAR_VALUES_WORK * features**3


def _error_in(
    space: FeatureSpace, first: ResidualObjective, second: ResidualObjective, features: int, seed: int
) -> LinearisedError | None:
    """Error in a space of random features, a number of them for each field; None where residuals are not finite."""
    network = CorrectionFeatures(features // 2, space.frequency, len(first.trial.problem.names), space.share)
    trial = corrected(first.trial, network, seed=seed + SEED_OFFSET, composed=True)
    sets = [_triangular_factors(objective.of_trial(trial)) for objective in (first, second)]
    if not all(bool(factor.isfinite().all()) for factors in sets for factor in factors):
        return None
    norms = torch.cat([factor[:, :-1] for factors in sets for factor in factors]).square().sum(dim=0).sqrt()
    norms = norms.clamp(min=1e-12 * float(norms.max()) or 1.0)
    by_set = [_damped_steps(factors, norms) for factors in sets]
    both = _damped_steps([factor for factors in sets for factor in factors], norms)
    # squared residuals at the points of the other set, before and after: of exact terms and of noisy observations
    start = torch.zeros(len(norms), 1, dtype=torch.float64)
    before = torch.stack([_squares(factors, start) for factors in sets]).sum(dim=0)[:, 0]
    after = torch.stack([_squares(sets[1 - n], by_set[n]) for n in range(2)]).sum(dim=0)
    total = after.sum(dim=0)
    best = int(torch.where(total.isfinite(), total, math.inf).argmin())
    noise = noise_square(first) + noise_square(second)
    left, initial = (max(float(s.sum()) - noise, float(s[0])) for s in (after[:, best], before))
    ratio = math.sqrt(left / initial) if initial > 0 else 0.0
    residual = math.sqrt(float(before.sum()) / 2)
    halves, undamped = ((by_set[0][:, n], by_set[1][:, n]) for n in (best, -1))
    return LinearisedError(trial, both[:, best], halves, undamped, ratio, residual)


def _oscillation_sizes(objective: ResidualObjective, residual: float, points: Array, seed: int) -> Array:
    """Norms (fields,) at points of random fields of high frequency with a residual of this norm."""
    trial = objective.trial
    network = CorrectionFeatures(OSCILLATION_WAVES, OSCILLATION, len(trial.problem.names), 0.0)
    trial = corrected(trial, network, seed=seed + SEED_OFFSET, composed=True)
    step = torch.randn(trial.flat.size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    for parameter, part in trial.flat.slices.items():
        if parameter.dim() < 2:  # constants and unknowns
            step[part] = 0.0
    image = float((torch.cat(_triangular_factors(objective.of_trial(trial)))[:, :-1] @ step).norm())
    step = step * (residual / image if image > 0 else 0.0)
    return np.asarray(np.linalg.norm(Linearisation(trial, step).evaluate(points, trial.problem.output_names), axis=0))


def _triangular_factors(objective: ResidualObjective) -> tuple[Tensor, Tensor]:
    """Triangular factors of [J r], of the terms without noise and of observations of known noise."""
    theta = objective.trial.flat.get()
    factors = [torch.zeros(0, len(theta) + 1, dtype=torch.float64) for _ in range(2)]
    for number, residual, jacobian in objective.term_blocks(theta):
        noisy = int(objective.terms[number].noise is not None)
        rows = torch.cat([jacobian.double(), residual.double().unsqueeze(1)], dim=1)
        factors[noisy] = torch.linalg.qr(torch.cat([factors[noisy], rows]), mode="r").R
    return factors[0], factors[1]


def _damped_steps(factors: Sequence[Tensor], norms: Tensor) -> Tensor:
    """Least-squares steps (P, D) by factors of [J r], one for each damping, of columns of these norms."""
    system = torch.linalg.qr(torch.cat(list(factors)), mode="r").R
    left, singular, right = torch.linalg.svd(system[:, :-1] / norms, full_matrices=False)
    image, floor = singular * (left.T @ system[:, -1]), float(singular[0]) ** 2
    if floor == 0.0:
        return torch.zeros(len(norms), len(DAMPINGS), dtype=torch.float64)
    return torch.stack([-(right.T @ (image / (singular**2 + mu * floor))) / norms for mu in DAMPINGS], dim=1)


def _squares(factors: Sequence[Tensor], steps: Tensor) -> Tensor:
    """Squared residuals (2, D) after steps (P, D), by each of two factors of [J r]."""
    return torch.stack([(f[:, :-1] @ steps + f[:, -1:]).square().sum(dim=0) for f in factors])


def _uncertainty(errors: Sequence[LinearisedError], points: Array) -> float:
    """Distance of the best error to that in the second-best space, or of those by each set of points, relative to it."""
    if len(errors) < 2:
        return math.inf
    best, second = errors[:2]
    error = best.evaluate(points, best.step)
    first_half, second_half = (best.evaluate(points, step) for step in best.halves)
    distances = (0.5 * (first_half - second_half), second.evaluate(points, second.step) - error)
    sizes = np.linalg.norm(error, axis=0)
    ratios = [np.linalg.norm(d, axis=0) / np.where(sizes > 0, sizes, np.inf) for d in distances]
    return float(np.max(ratios))
