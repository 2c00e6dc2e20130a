"""Corrections of trained fields: what the linearised equations say is missing, in a space of random features.

Where the residual of trained fields u is F(u), their error e satisfies F'(u) e = -F(u) up to second order, with the
defects of the conditions as its data. It is sought by least squares among random features: sines of random frequencies
in the coordinates, and in the coordinates and u, which are as sharp as u where u is sharp.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.forms.terms import concatenate
from kinn.networks import Architecture, Network
from kinn.networks.corrected import Corrected, CorrectionFeatures
from kinn.networks.layers.sum import Sum
from kinn.optim.gauss_newton import TriangularFactor

#: Damping of the least squares relative to the largest singular value, squared: the best on validation points is taken.
DAMPINGS = tuple(10.0**-k for k in range(4, 31, 2))

#: Work of a least-squares problem with its singular values, over the cube of the number of features.
LEAST_SQUARES_WORK = 15.0

#: Points of the subdomain from which the range of its network's outputs is taken.
RANGE_POINTS = 512

#: Points of the fit for each feature and those of its validation.
FIT_POINTS, VALIDATION_POINTS = 2.5, 1.0

#: What is added to the seed for points of corrections, and for those of their validation.
SEED_OFFSET, VALIDATION_SEED_OFFSET = 32_452_843, 49_979_687


class FeatureSpace(NamedTuple):
    """Random features.

    Attributes:
        frequency: The standard deviation of their frequencies, in radians over half the domain's extent.
        share: The fraction of them that are functions of the fields, too, at low frequencies.
    """

    frequency: float
    share: float


#: The spaces tried, the most successful first.
SPACES = (
    FeatureSpace(3.0, 0.5), FeatureSpace(6.0, 0.25), FeatureSpace(12.0, 0.25), FeatureSpace(6.0, 0.5),
    FeatureSpace(24.0, 0.25), FeatureSpace(1.0, 1.0),
)  # fmt: skip


@dataclass(frozen=True)
class Correction:
    """A step of the parameters of trial functions that solves the linearised equations by least squares.

    Attributes:
        trial: The trial functions.
        step: The step (P,).
        ratio: The norm of the weighted residuals at validation points after the step, to first order, relative to that
            before; of an energy the part of the error that the step may leave.
    """

    trial: DomainTrial
    step: Tensor
    ratio: float


def corrected(trial: DomainTrial, architecture: Architecture, *, seed: int = 0, composed: bool = False) -> DomainTrial:
    """Trial functions whose networks are those of others, frozen, plus new ones, which start at zero.

    Constants that are unknown stay so, from their present values.

    Args:
        trial: The others.
        architecture: The new networks.
        seed: Fixes their initial parameters.
        composed: Whether the frozen networks' outputs are inputs of the new ones.
    """
    summed = Corrected(trial.architecture, architecture, composed)
    out = DomainTrial(trial.problem, summed, seed=seed, dtype=trial.dtype, scales=trial.scales)
    for name, geometry in trial.problem.subdomains.items():
        p = trial.problem.points(torch.as_tensor(geometry.sample(RANGE_POINTS, seed=1), dtype=trial.dtype))
        network = trial.network(name)
        _load(out.network(name), network, network.layers[0](trial.inputs(name, p)))
    for name, trained in trial.unknowns.networks.items():
        new = out.unknowns.networks[name]
        assert isinstance(trained, Network)
        assert isinstance(new, Network)
        generator = torch.Generator().manual_seed(1)
        x = 2 * torch.rand(RANGE_POINTS, trained.inputs, generator=generator, dtype=torch.float64) - 1
        _load(new, trained, x.to(trial.dtype))
    if trial.unknowns.free is not None and out.unknowns.free is not None:
        with torch.no_grad():
            out.unknowns.free.copy_(trial.unknowns.free)
    return out


def _load(network: Network, frozen: Network, x: Tensor) -> None:
    """Load a trained network as the frozen summand of another, or as it is where that is no sum.

    Args:
        network: The network that is loaded.
        frozen: The trained network.
        x: Inputs (N, I) in the box [-1, 1]^I.
    """
    layer = network.layers[-1]
    if isinstance(layer, Sum):
        layer.load_frozen(list(frozen.layers)[1:], x)
    else:
        network.load_state_dict(frozen.state_dict())


def fresh_objective(
    trained: ResidualObjective, points: int, seed: int, *, half: int | None = None
) -> ResidualObjective:
    """Objective at other points, each term with its factors and the mean of its weights in the trained one.

    Args:
        trained: The trained objective.
        points: The number of interior points.
        seed: Fixes the points.
        half: 0 or 1 for that half of the observations, of which there are no others; None for all.
    """
    factors = [term.factors for term in trained.terms]
    objective = strong_form(trained.trial, points=points, seed=seed, factors=factors)
    for n, weight in enumerate(trained.mean_weights):
        if half is not None and objective.terms[n].observed and objective.terms[n].points > 1:
            objective.move(n, concatenate(trained.trial.problem, objective.terms[n].blocks).rows(slice(half, None, 2)))
        if objective.terms[n].weight:
            objective.set_weights(n, weight / objective.terms[n].weight)
    return objective


def affordable_features(work: float) -> int:
    """Number of features whose least-squares problem takes this work."""
    return int((work / LEAST_SQUARES_WORK) ** (1 / 3))


def least_squares_step(fit: ResidualObjective, validation: ResidualObjective) -> Correction:
    """Gauss-Newton step from the present parameters, with the damping that is best on validation points."""
    theta = fit.start()
    model = TriangularFactor(fit, theta)
    if not bool(model.factor.isfinite().all() and model.image.isfinite().all()):
        return Correction(fit.trial, torch.zeros_like(theta), math.inf)
    norms = model.factor.square().sum(dim=0).sqrt()
    norms = norms.clamp(min=1e-12 * float(norms.max()) or 1.0)
    left, singular, right = torch.linalg.svd(model.factor / norms, full_matrices=False)
    image, floor = singular * (left.T @ model.image), float(singular[0]) ** 2
    steps = torch.stack([-(right.T @ (image / (singular**2 + mu * floor))) / norms for mu in DAMPINGS], dim=1)
    before, after = 0.0, torch.zeros(len(DAMPINGS), dtype=torch.float64)
    for residual, jacobian in validation.blocks(theta):
        r = residual.double()
        before += float(r @ r)
        after += (r.unsqueeze(1) + jacobian.double() @ steps).square().sum(dim=0)
    best = int(torch.where(after.isfinite(), after, math.inf).argmin())
    return Correction(fit.trial, steps[:, best], math.sqrt(float(after[best]) / before) if before > 0 else 0.0)


def noise_square(objective: ResidualObjective) -> float:
    """Expected square of the weighted residuals of observations by their noise, as far as it is known."""
    return sum(
        weight * (term.noise * (term.factors[0] if term.factors else 1.0)) ** 2
        for term, weight in zip(objective.terms, objective.mean_weights, strict=True)
        if term.noise is not None
    )


def correction_in(
    space: FeatureSpace, fit: ResidualObjective, validation: ResidualObjective, features: int, seed: int
) -> Correction:
    """Correction in a space of random features, a number of them for each field."""
    network = CorrectionFeatures(features // 2, space.frequency, len(fit.trial.problem.names), space.share)
    trial = corrected(fit.trial, network, seed=seed + SEED_OFFSET, composed=True)
    return least_squares_step(fit.of_trial(trial), validation.of_trial(trial))
