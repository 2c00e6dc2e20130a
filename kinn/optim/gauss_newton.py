"""Gauss-Newton models of an objective: the linear algebra that Levenberg-Marquardt and Broyden share.

The model of r(theta + d) is r + J d; the damped step minimises |r + J d|^2 + mu |d|^2. Three forms of the same step:
normal equations (J^T J + mu) d = -J^T r; the kernel form d = -J^T (J J^T + mu)^-1 r where there are fewer residuals
than parameters; and a QR factorisation where the normal equations would square away the digits that are left.

All of it runs in float64, through torch: a second BLAS beside torch's own would fight it for the cores.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from kinn.optim.objective import Objective


class GaussNewton(ABC):
    """The quadratic model of the loss around theta.

    Attributes:
        loss: The objective at theta, r . r for a sum of squares.
        half_gradient: Half the gradient (P,), J^T r for a sum of squares.
        scale: The largest diagonal entry of J^T J.
    """

    loss: float
    half_gradient: Tensor
    scale: float

    @abstractmethod
    def step(self, damping: float) -> Tensor | None:
        """Minimiser (P,) of |r + J d|^2 + damping |d|^2, or None where the factorisation breaks down."""

    @abstractmethod
    def decrease(self, d: Tensor) -> float:
        """Decrease |r|^2 - |r + J d|^2 that the model predicts."""


def damped_cholesky(matrix: Tensor, damping: float) -> Tensor | None:
    """Cholesky factor of a matrix with damping on its diagonal, or None where it is not positive definite."""
    damped = matrix.clone()
    damped.diagonal().add_(damping)
    factor, info = torch.linalg.cholesky_ex(damped)
    return None if int(info) else factor


class NormalEquations(GaussNewton):
    """The curvature matrix itself: J^T J of a sum of squares, half the Hessian's stand-in of an energy."""

    def __init__(self, objective: Objective, theta: Tensor) -> None:
        self.loss, self.half_gradient, self.matrix = objective.curvature(theta)
        self.scale = float(self.matrix.diagonal().max())

    def step(self, damping: float) -> Tensor | None:
        return self.solve(self.half_gradient, damping)

    def solve(self, right_hand_side: Tensor, damping: float) -> Tensor | None:
        """Solution (P,) of (J^T J + mu) x = -right_hand_side, or None where the factorisation breaks down."""
        factor = damped_cholesky(self.matrix, damping)
        return None if factor is None else -torch.cholesky_solve(right_hand_side.unsqueeze(1), factor).squeeze(1)

    def decrease(self, d: Tensor) -> float:
        return float(-2.0 * (d @ self.half_gradient) - d @ (self.matrix @ d))

    def inverse_hessian(self, damping: float) -> Tensor | None:
        """(2 J^T J + 2 mu)^-1 (P, P), the inverse Hessian of the model of the loss."""
        factor = damped_cholesky(self.matrix, damping)
        return None if factor is None else 0.5 * torch.cholesky_inverse(factor)


class TriangularFactor(GaussNewton):
    """The triangular factor of [J r], updated block by block, by Householder reflections: no squared condition number."""

    def __init__(self, objective: Objective, theta: Tensor) -> None:
        factor = torch.zeros(0, objective.size + 1, dtype=torch.float64)
        self.half_gradient = torch.zeros(objective.size, dtype=torch.float64)
        self.loss = 0.0
        for residual, jacobian in objective.blocks(theta):
            r, rows = residual.double(), jacobian.double()
            stacked = torch.cat([factor, torch.cat([rows, r.unsqueeze(1)], dim=1)])
            factor = torch.linalg.qr(stacked, mode="r").R
            self.half_gradient.addmv_(rows.T, r)
            self.loss += float(r @ r)
        self.factor, self.image = factor[:, :-1], factor[:, -1]
        self.scale = float(self.factor.square().sum(dim=0).max())

    def step(self, damping: float) -> Tensor | None:
        size = len(self.half_gradient)
        lower = torch.cat([damping**0.5 * torch.eye(size, dtype=torch.float64), torch.zeros(size, 1)], dim=1)
        stacked = torch.cat([torch.cat([self.factor, self.image.unsqueeze(1)], dim=1), lower])
        triangle = torch.linalg.qr(stacked, mode="r").R
        if not bool(triangle.diagonal()[:size].all()):
            return None
        solution: Tensor = torch.linalg.solve_triangular(triangle[:size, :size], triangle[:size, -1:], upper=True)
        return -solution.squeeze(1)

    def decrease(self, d: Tensor) -> float:
        return float(self.image.square().sum() - (self.factor @ d + self.image).square().sum())


class DualNormalEquations(GaussNewton):
    """J itself, for fewer residuals than parameters."""

    def __init__(self, objective: Objective, theta: Tensor) -> None:
        parts = [(r.double().clone(), j.double().clone()) for r, j in objective.blocks(theta)]
        self.residual = torch.cat([r for r, _ in parts])
        self.jacobian = torch.cat([j for _, j in parts])
        self.kernel = self.jacobian @ self.jacobian.T
        self.half_gradient = self.jacobian.T @ self.residual
        self.loss = float(self.residual @ self.residual)
        self.scale = float(self.jacobian.square().sum(dim=0).max())

    def step(self, damping: float) -> Tensor | None:
        factor = damped_cholesky(self.kernel, damping)
        if factor is None:
            return None
        solution: Tensor = torch.cholesky_solve(self.residual.unsqueeze(1), factor).squeeze(1)
        return -(self.jacobian.T @ solution)

    def decrease(self, d: Tensor) -> float:
        return self.loss - float((self.residual + self.jacobian @ d).square().sum())
