"""All parameters of a module as one flat vector, so that optimisers see plain linear algebra."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import Parameter


class FlatParameters:
    """One vector that the parameters of a module are views of.

    Args:
        module: Its parameters are moved into the vector; the module goes on working.
    """

    def __init__(self, module: nn.Module) -> None:
        self.parameters: list[Parameter] = list(module.parameters())
        with torch.no_grad():
            self.vector = torch.cat([p.detach().flatten() for p in self.parameters])
        self.slices: dict[Parameter, slice] = {}
        start = 0
        for p in self.parameters:
            stop = start + p.numel()
            self.slices[p] = slice(start, stop)
            p.data = self.vector[start:stop].view(p.shape)
            start = stop

    @property
    def size(self) -> int:
        """The number P of parameters."""
        return len(self.vector)

    def get(self) -> Tensor:
        """Return a copy of the vector (P,)."""
        return self.vector.clone()

    def set(self, theta: Tensor) -> None:
        """Give the module the parameters theta (P,)."""
        self.vector.copy_(theta)

    def gradient(self, loss: Tensor, *, keep: bool = False) -> Tensor:
        """Return the gradient (P,) of a loss with respect to the vector; `keep` its graph for another one."""
        gradients = torch.autograd.grad(loss, self.parameters, retain_graph=keep, allow_unused=True)
        return torch.cat(
            [
                torch.zeros_like(p).flatten() if g is None else g.flatten()
                for p, g in zip(self.parameters, gradients, strict=True)
            ]
        )
