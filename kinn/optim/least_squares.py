"""Least squares for the last layer: where the PDE is linear, the fields are linear in it, and one solve finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.geometry.types import Array
from kinn.optim.objective import Objective, Optimizer, State

#: Eigenvalues of an energy's matrix below this fraction of the largest are dropped: their square roots count as much as
#: singular values do.
CUTOFF = 1e-13


@dataclass(frozen=True)
class LastLayerLeastSquares(Optimizer):
    """Solves for the last layer's parameters at once, the others as they are.

    Attributes:
        cutoff: Singular values below this fraction of the largest are dropped.
    """

    name: ClassVar[str] = "lstsq"

    cutoff: float = 1e-14

    def start(self, objective: Objective, theta: Tensor) -> State:
        """State at theta.

        Raises:
            InputError: If the residuals are not affine in the fields.
        """
        if not objective.affine:
            raise InputError("optimizer 'lstsq' solves problems that are linear in the fields, and this one is not")
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        positions = objective.last_layer()
        step, rank = (self._by_rows if objective.least_squares else self._by_matrix)(objective, state.theta, positions)
        theta = state.theta.clone()
        theta[positions] += torch.as_tensor(step, dtype=theta.dtype)
        loss = objective.loss(theta)
        detail = {"rank": float(rank)}
        if not (loss < state.loss and objective.accepts(state.theta, theta)):
            return State(state.theta, state.loss, stalled="least squares gained nothing", detail=detail)
        return State(theta, loss, stalled="last layer is optimal", detail=detail)

    def _by_rows(self, objective: Objective, theta: Tensor, positions: Tensor) -> tuple[Array, int]:
        """Change (p,) of the last layer, and the rank that it was found with."""
        blocks = [(j[:, positions].double().numpy(), r.double().numpy()) for r, j in objective.blocks(theta)]
        rows, residuals = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        solution = scipy.linalg.lstsq(rows, -residuals, cond=self.cutoff)
        return solution[0], solution[2]

    def _by_matrix(self, objective: Objective, theta: Tensor, positions: Tensor) -> tuple[Array, int]:
        """Change for an energy, from its matrix: directions that it hardly resists are left alone."""
        _, half_gradient, matrix = objective.curvature(theta)
        values, vectors = torch.linalg.eigh(matrix[positions][:, positions])
        kept = values > CUTOFF * values[-1]
        along = vectors[:, kept]
        step = -(along @ ((along.T @ half_gradient[positions]) / values[kept]))
        return step.numpy(), int(kept.sum())
