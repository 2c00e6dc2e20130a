"""Corrections of fields that minimise an energy: the step that lowers its quadratic model most among random features.

Where the energy of trained fields u exceeds its least value by |e|^2 in the energy norm, a Newton step in a space V of
features lowers it by |P e|^2, P the projection of the error e onto V. Several spaces tell how much of it V contains.

The gradient of the energy vanishes with e, and quadrature errors do not: it takes many more points than the matrix does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from kinn.forms import DomainTrial
from kinn.forms.energy import EnergyObjective
from kinn.forms.energy.energy_form import DEGREE, QuadratureSampler, quadrature_objective
from kinn.networks.corrected import CorrectionFeatures
from kinn.optim.objective import Curvature
from kinn.train.corrections import SEED_OFFSET, SPACES, VALIDATION_SEED_OFFSET, Correction, FeatureSpace, corrected

#: Damping of the steps relative to the largest eigenvalue: that which lowers the energy most by the second quadrature.
DAMPINGS = tuple(10.0**-k for k in range(1, 16))

#: Points of the quadrature of the matrix for each feature of a field.
MATRIX_POINTS = 4

#: The fewest and the most points of the quadrature of the gradient, and the degree that it is exact for on each cell.
GRADIENT_POINTS, GRADIENT_DEGREE = (10_000, 20_000), 15

#: The most Newton steps where the energy is not quadratic; they end once the last gains less than a fraction of all.
NEWTON_STEPS, LAST_GAIN = 3, 0.01

#: Steps are halved up to this many times until they lower the energy.
HALVINGS = 3

#: The part of the error that counts as left where Newton's method, or multipliers of penalties, may not have converged.
UNCONVERGED = 0.75

#: Work of a space: of its matrices over the cube of the number of features, of its gradients over the product of points,
#: features and components of a gradient.
MATRIX_WORK, GRADIENT_WORK = 12.0, 160.0

#: The fewest features, of all fields together, and how much fewer are tried where they take too much work.
FEWEST_FEATURES, FEATURES_STEP = 128, 16

#: The fewest spaces that are compared; no others are where the best leaves less than a fraction of the error.
FEWEST_SPACES, ACCURATE = 2, 0.4


@dataclass(frozen=True)
class Quadratures:
    """One energy by a coarse quadrature, for its matrix, and by a fine one, for its gradient."""

    matrix: EnergyObjective
    gradient: EnergyObjective

    def model(self, trial: DomainTrial) -> Curvature:
        """Quadratic model of the energy of trial functions at their present parameters."""
        theta = trial.flat.get()
        coarse = self.matrix.of_trial(trial).curvature(theta)
        value, gradient = self.gradient.of_trial(trial).value_and_gradient(theta)
        return Curvature(value, 0.5 * gradient.double(), coarse.matrix)


@dataclass(frozen=True)
class EnergyStep:
    """A step of the parameters of trial functions and what it gains.

    Attributes:
        trial: The trial functions.
        step: The step (P,).
        decrease: That of the quadratic model of the energy at validation points.
        decrease_of_half: That by a step in the space of half the features.
    """

    trial: DomainTrial
    step: Tensor
    decrease: float
    decrease_of_half: float


def energy_correction(trained: EnergyObjective, features: int, *, work: float, seed: int) -> Correction | None:
    """The correction that lowers an energy most, None where none lowers it.

    Its ratio is the part of the error that it may have left, in the energy norm: what is missing of the decrease in the
    second-best space, or in that of half the features, is taken to be missing of this one, too.

    Args:
        trained: The energy at the trained parameters.
        features: The most random features of all fields together.
        work: The multiplications that it may take.
        seed: Fixes points and features.
    """
    dimension, names = trained.trial.problem.dimension, trained.trial.problem.names
    models = FEWEST_SPACES if trained.affine else FEWEST_SPACES + NEWTON_STEPS - 1
    points = min(GRADIENT_POINTS[1], max(GRADIENT_POINTS[0], trained.points))

    def space_work(n: int) -> float:
        return MATRIX_WORK * n**3 + GRADIENT_WORK * points * n * (1 + dimension)

    fewer = range(features, FEWEST_FEATURES, -FEATURES_STEP)
    features = next((n for n in fewer if models * space_work(n) <= work), FEWEST_FEATURES)
    count = max(FEWEST_SPACES, int(work / space_work(features)) - models + FEWEST_SPACES)
    per_field = max(8, features // len(names))
    fit, validation = _quadratures(trained, MATRIX_POINTS * per_field, points, seed)
    steps: list[EnergyStep] = []
    for space in SPACES:
        step = _step(space, fit, validation, per_field, seed)
        steps = sorted([*steps, step], key=lambda s: -s.decrease)
        count -= 1
        if count <= 0 or (len(steps) >= FEWEST_SPACES and _missing(*steps[:2]) <= ACCURATE):
            break
    best, second = steps[:2]
    if not 0.0 < best.decrease < math.inf:
        return None
    # the least penalised energy is not the solution before its multipliers have converged
    left = max(_missing(best, second), UNCONVERGED if trained.penalised else 0.0)
    correction = Correction(best.trial, best.step, left)
    return correction if trained.affine else _newton(correction, fit, validation)


def _newton(correction: Correction, fit: Quadratures, validation: Quadratures) -> Correction:
    """Correction by several Newton steps of an energy that is not quadratic, in the space of the first.

    The fields are affine in the coefficients of features: so the sum of all steps is one.
    """
    trial, step = correction.trial, correction.step
    theta = start = trial.flat.get()
    energy, total, converged = validation.gradient.of_trial(trial), 0.0, False
    value = energy.loss(start)
    for number in range(NEWTON_STEPS):
        if number:
            trial.flat.set(theta)
            model, checked = fit.model(trial), validation.model(trial)
            if not (_is_finite(model) and _is_finite(checked)):
                break
            step, _ = _minimiser(model, checked, torch.ones(len(theta), dtype=torch.bool))
        lengths = [0.5**halving for halving in range(HALVINGS + 1)]
        candidates = (theta + (length * step).to(theta.dtype) for length in lengths)
        lowered = next((n for n, c in enumerate(candidates) if energy.loss(c) < value), None)
        if lowered is None:
            break
        theta = theta + (lengths[lowered] * step).to(theta.dtype)
        gain, value = value - energy.loss(theta), energy.loss(theta)
        total += gain
        converged = lowered == 0 and gain <= LAST_GAIN * total
        if gain <= LAST_GAIN * total:
            break
    trial.flat.set(start)
    ratio = correction.ratio if converged else max(correction.ratio, UNCONVERGED)
    return Correction(trial, (theta - start).double(), ratio)


def _missing(best: EnergyStep, second: EnergyStep) -> float:
    """Part of the error that the best step leaves, in the energy norm."""
    if best.decrease <= 0.0:
        return math.inf
    least = min(second.decrease, best.decrease_of_half)
    return math.sqrt(min(1.0, max(0.0, 1.0 - least / best.decrease)))


def _quadratures(
    trained: EnergyObjective, matrix_points: int, gradient_points: int, seed: int
) -> tuple[Quadratures, Quadratures]:
    """Fresh quadratures for steps and for their validation.

    Penalties, whose multipliers belong to their points, are those of training and of its guard.
    """
    trial, guard = trained.trial, trained.guard or trained

    def energy(points: int, offset: int, degree: int, penalised: EnergyObjective) -> EnergyObjective:
        sampler = QuadratureSampler(trial.problem, trial.dtype, points, seed + offset, degree)
        fresh = quadrature_objective(trial, sampler)
        others = penalised.others if trained.penalised else fresh.others
        return EnergyObjective(trial, fresh.interior, others, None, fresh.refine_interior)

    offsets = ((SEED_OFFSET, guard), (VALIDATION_SEED_OFFSET, trained))
    fit, validation = (
        Quadratures(
            energy(matrix_points, offset, DEGREE, other),
            energy(gradient_points, offset + 1, GRADIENT_DEGREE, other),
        )
        for offset, other in offsets
    )
    return fit, validation


def _step(space: FeatureSpace, fit: Quadratures, validation: Quadratures, features: int, seed: int) -> EnergyStep:
    """Step in a space of random features, a number of them for each field."""
    waves, problem = features // 2, fit.matrix.trial.problem
    network = CorrectionFeatures(waves, space.frequency, len(problem.names), space.share)
    trial = corrected(fit.matrix.trial, network, seed=seed + SEED_OFFSET, composed=True)
    model, checked = fit.model(trial), validation.model(trial)
    if not (_is_finite(model) and _is_finite(checked)):
        return EnergyStep(trial, torch.zeros(trial.flat.size, dtype=torch.float64), -math.inf, -math.inf)
    step, decrease = _minimiser(model, checked, torch.ones(trial.flat.size, dtype=torch.bool))
    return EnergyStep(trial, step, decrease, _minimiser(model, checked, _every_second(trial, waves))[1])


def _is_finite(model: Curvature) -> bool:
    """Whether a quadratic model has finite coefficients."""
    return bool(model.matrix.isfinite().all() and model.half_gradient.isfinite().all())


def _minimiser(fit: Curvature, validation: Curvature, columns: Tensor) -> tuple[Tensor, float]:
    """Step (P,) in some of the parameters that lowers one model, damped so that another falls most, and the fall of this.

    Args:
        fit: The model that is minimised.
        validation: The other one.
        columns: Which parameters (P,) change.
    """
    positions = columns.nonzero()[:, 0]
    matrix, gradient = fit.matrix[positions][:, positions], fit.half_gradient[positions]
    scale = matrix.diagonal().clamp(min=0.0).sqrt()
    scale = scale.clamp(min=1e-12 * float(scale.max()) or 1.0)
    values, vectors = torch.linalg.eigh(matrix / scale / scale[:, None])
    image, largest = vectors.T @ (gradient / scale), float(values[-1])
    damped = [vectors @ (image / (values.clamp(min=0.0) + mu * largest)) for mu in DAMPINGS]
    steps = torch.zeros(len(columns), len(DAMPINGS), dtype=torch.float64)
    steps[positions] = -torch.stack(damped, dim=1) / scale[:, None]
    decrease = -2.0 * (validation.half_gradient @ steps) - (steps * (validation.matrix @ steps)).sum(dim=0)
    best = int(torch.where(decrease.isfinite(), decrease, -math.inf).argmax())
    return steps[:, best], float(decrease[best])


def _every_second(trial: DomainTrial, waves: int) -> Tensor:
    """Which parameters (P,) are coefficients of every second frequency, constants included."""
    chosen = torch.zeros(trial.flat.size, dtype=torch.bool)
    for parameter, part in trial.flat.slices.items():
        rows = torch.arange(len(parameter)) % waves % 2 == 0
        chosen[part] = rows[:, None].expand(parameter.shape).flatten() if parameter.dim() == 2 else True
    return chosen
