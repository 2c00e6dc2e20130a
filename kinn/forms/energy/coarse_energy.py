"""Coarse minimum of an energy in a few coefficients, for the scales of the fields."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_form import QuadratureSampler, check_energy_problem, quadrature_objective

#: Eigenvalues below this fraction of the largest are dropped.
CUTOFF = 1e-10


def coarse_coefficients(trial: DomainTrial, positions: Tensor, points: int) -> Tensor:
    """Coefficients that minimise the quadratic model of the energy at the present parameters.

    Args:
        trial: The trial functions.
        positions: The positions of the coefficients, 0 now, in their parameters.
        points: The number of points of the quadrature.

    Raises:
        InputError: If the problem is none for the energy form.
    """
    check_energy_problem(trial.problem)
    energy = quadrature_objective(trial, QuadratureSampler(trial.problem, trial.dtype, points, None))
    model = energy.curvature(trial.flat.get())
    matrix = model.matrix[positions][:, positions].numpy()
    gradient = model.half_gradient[positions].numpy()
    if not (np.isfinite(matrix).all() and np.isfinite(gradient).all()):
        return torch.full((len(positions),), float("nan"), dtype=torch.float64)
    diagonal = np.sqrt(np.diag(matrix))
    scale = np.where(diagonal > 0, 1.0 / np.where(diagonal > 0, diagonal, 1.0), 0.0)
    values, vectors = np.linalg.eigh(scale[:, None] * matrix * scale)
    kept = values > CUTOFF * values[-1]
    solved = vectors[:, kept] @ ((vectors[:, kept].T @ (-scale * gradient)) / values[kept])
    return torch.as_tensor(scale * solved)
