"""Least squares for the last layer: where the PDE is linear, the fields are linear in it, and one solve finds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.optim.objective import Objective, Optimizer, State


@dataclass(frozen=True)
class LastLayer(Optimizer):
    """Solves for the last layer's parameters at once, the others as they are.

    Attributes:
        cutoff: Singular values below this fraction of the largest are dropped.
    """

    name: ClassVar[str] = "lstsq"

    cutoff: float = 1e-14

    def start(self, objective: Objective, theta: Tensor) -> State:
        """Return the state at theta.

        Raises:
            InputError: If the residuals are not affine in the fields.
        """
        if not objective.affine:
            raise InputError("optimizer 'lstsq' solves problems that are linear in the fields, and this one is not")
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        """Return the state with the optimal last layer; there is no second step."""
        positions = objective.last_layer()
        rows, residuals = [], []
        for residual, jacobian in objective.blocks(state.theta):
            rows.append(jacobian[:, positions].double().numpy())
            residuals.append(residual.double().numpy())
        solution = scipy.linalg.lstsq(np.concatenate(rows), -np.concatenate(residuals), cond=self.cutoff)
        theta = state.theta.clone()
        theta[positions] += torch.as_tensor(solution[0], dtype=theta.dtype)
        loss = objective.loss(theta)
        detail = {"rank": float(solution[2])}
        if not loss < state.loss:
            return State(state.theta, state.loss, stalled="least squares gained nothing", detail=detail)
        return State(theta, loss, stalled="last layer is optimal", detail=detail)
