"""Sums of squares as objectives, and the curvature matrices of their rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from kinn.optim.objective import Curvature


class SumOfSquares(ABC):
    """Sum of squares of residuals, as an objective."""

    least_squares = True

    @property
    def flops(self) -> float:
        """Approximate multiplications of an evaluation: not known."""
        return 0.0

    @abstractmethod
    def blocks(self, theta: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield parts of the residuals r (n,) and of their Jacobian (n, P)."""

    def curvature(self, theta: Tensor) -> Curvature:
        """J^T J and J^T r, accumulated block by block of points: memory does not grow with their number."""
        return curvature_of(self.blocks(theta), len(theta))

    def geodesic_correction(self, theta: Tensor, d: Tensor) -> Tensor | None:
        """None: it is left out."""
        return None

    def accepts(self, before: Tensor, after: Tensor) -> bool:
        """Every step is allowed."""
        return True

    def progress(self, losses: list[float]) -> float:
        """Relative decrease of the loss, 1 where it fell to zero."""
        return 1.0 - losses[-1] / losses[0] if losses[0] > 0 else 1.0


def curvature_of(blocks: Iterable[tuple[Tensor, Tensor]], size: int) -> Curvature:
    """J^T J and J^T r of blocks of residuals r (n,) and Jacobian (n, P).

    Args:
        blocks: The blocks; one may be overwritten by the next.
        size: The number P of parameters.
    """
    matrix = torch.zeros(size, size, dtype=torch.float64)
    half_gradient = torch.zeros(size, dtype=torch.float64)
    loss = 0.0
    for residual, jacobian in blocks:
        r, rows = residual.double(), jacobian.double()
        add_gram(matrix, rows)
        half_gradient.addmv_(rows.T, r)
        loss += float(r @ r)
    return Curvature(loss, half_gradient, symmetric(matrix))


def add_gram(matrix: Tensor, rows: Tensor) -> None:
    """Add rows^T rows (P, P) to a matrix, its lower triangle only: in blocks, for torch has no symmetric product."""
    width = max(128, -(-rows.shape[1] // 6))
    for start in range(0, rows.shape[1], width):
        stop = min(start + width, rows.shape[1])
        matrix[start:stop, :stop].addmm_(rows[:, start:stop].T, rows[:, :stop])


def symmetric(matrix: Tensor) -> Tensor:
    """Symmetric matrix with this lower triangle."""
    return matrix.tril() + matrix.tril(-1).T
