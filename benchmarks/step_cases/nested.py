"""The step by nested automatic differentiation, as physics-informed networks are usually trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from step_cases.sizes import Step


def laplacian(network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Return u_xx + u_yy (N,) at points x (N, 2) that require a gradient."""
    (slope,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
    curvature = [torch.autograd.grad(slope[:, i].sum(), x, create_graph=True)[0][:, i] for i in range(2)]
    return curvature[0] + curvature[1]


def step_at(network: Callable[[Tensor], Tensor], parameters: Sequence[Tensor], x: Tensor, source: Tensor) -> Step:
    """Return the step at points x (N, 2) with source (N,): it returns the loss and its gradient (P,).

    Args:
        network: Maps points (N, 2) to values (N, 1).
        parameters: The parameters of the gradient.
        x: The points.
        source: The source at them.
    """
    x.requires_grad_()

    def step() -> tuple[Tensor, Tensor]:
        loss = (laplacian(network, x) - source).square().mean()
        # the last bias does not enter a Laplacian
        gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
        return loss.detach(), torch.cat([g.flatten() for g in gradients])

    return step
