"""Nested automatic differentiation: the slow truth that jets are held against."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def nested(function: Callable[..., Tensor], point: list[Tensor], index: tuple[int, ...]) -> Tensor:
    """Return the partial derivative of multi-index `index` of a function of d tensors (N,), by autograd."""
    variables = [x.clone().requires_grad_() for x in point]
    out = function(*variables)
    for variable, times in zip(variables, index, strict=True):
        for _ in range(times):
            if not out.requires_grad:
                return torch.zeros_like(point[0])
            (gradient,) = torch.autograd.grad(out.sum(), variable, create_graph=True, allow_unused=True)
            if gradient is None:
                return torch.zeros_like(point[0])
            out = gradient
    return out.detach()
