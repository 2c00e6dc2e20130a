"""Objectives small enough to know everything about."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from kinn.optim.sum_of_squares import SumOfSquares


class Residuals(SumOfSquares):
    """r(theta) given by a function, its Jacobian by autograd, served in two blocks."""

    def __init__(self, function: Callable[[Tensor], Tensor], size: int, affine: bool = False) -> None:
        self.function, self.size, self.affine = function, size, affine
        self.samples = len(function(torch.zeros(size, dtype=torch.float64)))
        self.evaluations = 0

    def loss(self, theta: Tensor) -> float:
        self.evaluations += 1
        return float(self.function(theta).square().sum())

    def gradient(self, theta: Tensor) -> tuple[float, Tensor]:
        variable = theta.clone().requires_grad_()
        loss = self.function(variable).square().sum()
        (gradient,) = torch.autograd.grad(loss, variable)
        return float(loss.detach()), gradient

    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        residual = self.function(theta).detach()
        jacobian = torch.autograd.functional.jacobian(self.function, theta)
        half = len(residual) // 2
        for rows in (slice(0, half), slice(half, None)):
            yield residual[rows], jacobian[rows]

    def last_layer(self) -> Tensor:
        return torch.arange(self.size)


def rosenbrock(theta: Tensor) -> Tensor:
    return torch.cat([10 * (theta[1:] - theta[:-1] ** 2), 1 - theta[:-1]])


def linear(rows: int, columns: int, condition: float = 10.0) -> Residuals:
    generator = torch.Generator().manual_seed(4)
    left, _ = torch.linalg.qr(torch.randn(rows, min(rows, columns), generator=generator, dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(columns, min(rows, columns), generator=generator, dtype=torch.float64))
    spectrum = torch.logspace(0, -torch.tensor(condition).log10().item(), left.shape[1], dtype=torch.float64)
    matrix = left @ torch.diag(spectrum) @ right.T
    truth = right @ right.T @ torch.ones(columns, dtype=torch.float64)
    return Residuals(lambda theta: matrix @ (theta - truth), columns, affine=True)
