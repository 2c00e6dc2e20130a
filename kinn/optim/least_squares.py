"""Least squares for the last layer: where the PDE is linear, the fields are linear in it, and one solve finds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.optim.objective import Objective, Optimizer, State

#: Eigenvalues of an energy's matrix below this fraction of the largest are dropped: their square roots count as much as
#: singular values do.
CUTOFF = 1e-13

#: Rows are reduced to a triangle once there are this many for each column: fewer would reduce the triangle too often.
ROWS_PER_COLUMN = 4


@dataclass(frozen=True)
class LastLayerLeastSquares(Optimizer):
    """Solves for the last layer's parameters at once, the others as they are.

    Attributes:
        damping: Directions along which the residuals change by less than this fraction, of columns scaled to length one,
            are damped.
    """

    name: ClassVar[str] = "lstsq"

    damping: float = 1e-14

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
        step = (self._by_rows if objective.least_squares else self._by_matrix)(objective, state.theta, positions)
        theta = state.theta.clone()
        theta[positions] += step.to(theta.dtype)
        loss = objective.loss(theta)
        if not (loss < state.loss and objective.accepts(state.theta, theta)):
            return State(state.theta, state.loss, stalled="least squares gained nothing")
        return State(theta, loss, stalled="last layer is optimal")

    def _by_rows(self, objective: Objective, theta: Tensor, positions: Tensor) -> Tensor:
        """Change (p,) of the last layer."""
        return solve_rows(((r, j[:, positions]) for r, j in objective.blocks(theta)), self.damping)

    def _by_matrix(self, objective: Objective, theta: Tensor, positions: Tensor) -> Tensor:
        """Change for an energy, from its matrix: directions that it hardly resists are left alone."""
        _, half_gradient, matrix = objective.curvature(theta)
        values, vectors = torch.linalg.eigh(matrix[positions][:, positions])
        kept = values > CUTOFF * values[-1]
        along = vectors[:, kept]
        step: Tensor = -(along @ ((along.T @ half_gradient[positions]) / values[kept]))
        return step


def solve_rows(blocks: Iterable[tuple[Tensor, Tensor]], damping: float) -> Tensor:
    """Minimiser d (P,) of |r + J d|^2 + damping^2 |D d|^2 in float64, where D holds the lengths of J's columns.

    By Householder reflections: the normal equations would lose half the digits. The damping keeps the solution bounded
    along directions that rounding alone tells apart; a truncated singular value decomposition costs four times as much and
    gains no digit.

    Args:
        blocks: Parts of r (n,) and J (n, P), which may be overwritten by the next.
        damping: The least relative length of a column that is solved for.
    """
    triangle = torch.empty(0, 0, dtype=torch.float64)
    parts: list[Tensor] = []
    rows = 0
    for residual, jacobian in blocks:
        parts.append(torch.cat([jacobian.double(), residual.double().unsqueeze(1)], dim=1))
        rows += len(residual)
        if rows >= ROWS_PER_COLUMN * jacobian.shape[1]:
            triangle, parts, rows = triangular_factor([triangle, *parts]), [], 0
    if parts:
        triangle = triangular_factor([triangle, *parts])
    size = triangle.shape[1] - 1
    lengths = triangle[:, :size].norm(dim=0)
    lengths = torch.where(lengths > 0, lengths, 1.0)
    damped = torch.zeros(size, size + 1, dtype=torch.float64)
    damped.diagonal().fill_(damping)
    factor = triangular_factor([torch.cat([triangle[:, :size] / lengths, triangle[:, size:]], dim=1), damped])
    solution: Tensor = torch.linalg.solve_triangular(factor[:size, :size], -factor[:size, size:], upper=True).squeeze(1)
    return solution / lengths


def triangular_factor(parts: Iterable[Tensor]) -> Tensor:
    """Triangular factor of rows that are given in parts; parts without rows count for nothing."""
    factor: Tensor = torch.linalg.qr(torch.cat([part for part in parts if len(part)]), mode="r").R
    return factor
