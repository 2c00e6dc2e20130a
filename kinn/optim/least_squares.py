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

#: Why a method ends that has found the solution.
LAST_LAYER_OPTIMAL = "last layer is optimal"

#: Lengths of Gauss-Newton steps that are tried in turn.
SHORTENED_STEPS = tuple(0.5**n for n in range(8))

#: The damping of the first Gauss-Newton step, and its factor from step to step: far from the solution, parameters along
#: directions that hardly count would grow to 1e10, and rounding with them.
FIRST_DAMPING = 1e-6
DAMPING_FACTOR = 1e-4

#: Gauss-Newton steps have converged once one leaves more than this fraction of the loss.
CONVERGED_RATIO = 0.5


@dataclass(frozen=True)
class LastLayerLeastSquares(Optimizer):
    """Solves for the last layer's parameters at once, the others as they are.

    Where nothing else is trained, problems that are not linear are solved by Gauss-Newton steps.

    Attributes:
        damping: Directions along which the residuals change by less than this fraction, of columns scaled to length one,
            are damped.
    """

    name: ClassVar[str] = "lstsq"

    damping: float = 1e-14

    def start(self, objective: Objective, theta: Tensor) -> State:
        """State at theta.

        Raises:
            InputError: If the residuals are not affine in the fields, and more than the last layer is trained.
        """
        if not objective.affine and not trains_last_layer_only(objective):
            raise InputError("optimizer 'lstsq' solves problems that are linear in the fields, and this one is not")
        return State(theta, objective.loss(theta))

    def step(self, objective: Objective, state: State) -> State:
        """State at the solution of a linear problem, or after a Gauss-Newton step, shortened until the loss falls."""
        positions = objective.last_layer()
        damping = self.damping if objective.affine else max(self.damping, state.memory.get("damping", FIRST_DAMPING))
        if objective.least_squares:
            step = self._by_rows(objective, state.theta, positions, damping)
        else:
            step = self._by_matrix(objective, state.theta, positions)
        for length in (1.0,) if objective.affine else SHORTENED_STEPS:
            theta = state.theta.clone()
            theta[positions] += length * step.to(theta.dtype)
            loss = objective.loss(theta)
            if loss < state.loss and objective.accepts(state.theta, theta):
                final = damping == self.damping and length == 1.0 and loss > CONVERGED_RATIO * state.loss
                stalled = LAST_LAYER_OPTIMAL if objective.affine or final else ""
                return State(theta, loss, {"damping": damping * DAMPING_FACTOR, "length": length}, stalled)
        # after whole steps only rounding is left to gain
        converged = not objective.affine and state.memory.get("length") == 1.0
        return State(
            state.theta, state.loss, stalled=LAST_LAYER_OPTIMAL if converged else "least squares gained nothing"
        )

    def _by_rows(self, objective: Objective, theta: Tensor, positions: Tensor, damping: float) -> Tensor:
        """Change (p,) of the last layer; the parameters themselves are kept small, not the change."""
        blocks = ((r, j[:, positions]) for r, j in objective.blocks(theta))
        return solve_rows(blocks, damping, -theta[positions].double())

    def _by_matrix(self, objective: Objective, theta: Tensor, positions: Tensor) -> Tensor:
        """Change for an energy, from its matrix: directions that it hardly resists are left alone."""
        _, half_gradient, matrix = objective.curvature(theta)
        values, vectors = torch.linalg.eigh(matrix[positions][:, positions])
        kept = values > CUTOFF * values[-1]
        along = vectors[:, kept]
        step: Tensor = -(along @ ((along.T @ half_gradient[positions]) / values[kept]))
        return step


def trains_last_layer_only(objective: Objective) -> bool:
    """Whether all parameters of an objective of squares belong to the last layer."""
    return objective.least_squares and len(objective.last_layer()) == objective.size


def solve_rows(blocks: Iterable[tuple[Tensor, Tensor]], damping: float, origin: Tensor | None = None) -> Tensor:
    """Minimiser d (P,) of |r + J d|^2 + damping^2 |D (d - d_0)|^2 in float64, where D holds the lengths of J's columns.

    By Householder reflections: the normal equations would lose half the digits. The damping keeps the solution bounded
    along directions that rounding alone tells apart; a truncated singular value decomposition costs four times as much and
    gains no digit.

    Args:
        blocks: Parts of r (n,) and J (n, P), which may be overwritten by the next.
        damping: The least relative length of a column that is solved for.
        origin: The d_0 (P,), by default 0.
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
    if origin is not None:
        damped[:, size] = -damping * lengths * origin
    factor = triangular_factor([torch.cat([triangle[:, :size] / lengths, triangle[:, size:]], dim=1), damped])
    solution: Tensor = torch.linalg.solve_triangular(factor[:size, :size], -factor[:size, size:], upper=True).squeeze(1)
    return solution / lengths


def triangular_factor(parts: Iterable[Tensor]) -> Tensor:
    """Triangular factor of rows that are given in parts; parts without rows count for nothing."""
    factor: Tensor = torch.linalg.qr(torch.cat([part for part in parts if len(part)]), mode="r").R
    return factor
