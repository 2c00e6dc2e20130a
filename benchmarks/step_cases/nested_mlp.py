"""The tanh MLP in plain torch: under nested automatic differentiation, and compiled.

A function compiled by `torch.compile` cannot be differentiated twice, so the compiled step takes its derivatives by
`torch.func`, which the compiler supports. Reverse over reverse is the fastest combination that compiles.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from step_cases.nested import step_at
from step_cases.sizes import Case, Sizes, Step, case_of

if TYPE_CHECKING:
    from kinn.networks import Network


class NestedMLP(nn.Sequential):
    """Linear layers with tanh between them."""

    def __init__(self, sizes: Sizes) -> None:
        torch.manual_seed(sizes.seed)
        chain: list[nn.Module] = []
        for a, b in pairwise(sizes.layers):
            chain += [nn.Tanh(), nn.Linear(a, b)] if chain else [nn.Linear(a, b)]
        super().__init__(*chain)
        self.to(sizes.device, sizes.precision)

    @property
    def linear(self) -> list[nn.Linear]:
        """The linear layers."""
        return [layer for layer in self if isinstance(layer, nn.Linear)]

    def copy_from(self, network: Network) -> None:
        """Copy the parameters of a KINN MLP of the same sizes."""
        parameters = iter(network.parameters())
        with torch.no_grad():
            for layer in self.linear:
                layer.weight.copy_(next(parameters).T)
                layer.bias.copy_(next(parameters))

    def in_kinn_order(self, gradient: Tensor) -> Tensor:
        """Return a gradient (P,) in the order of the KINN MLP's parameters."""
        parts = iter(gradient.split([p.numel() for p in self.parameters()]))
        ordered = [t for layer in self.linear for t in (next(parts).view_as(layer.weight).T.flatten(), next(parts))]
        return torch.cat(ordered)


def build(sizes: Sizes) -> Case:
    """Return the case under nested automatic differentiation."""
    network = NestedMLP(sizes)
    parameters = list(network.parameters())
    return case_of(sizes, lambda x, f: step_at(network, parameters, x, f), network)


def mapped_laplacian(network: nn.Module, x: Tensor) -> Tensor:
    """Return u_xx + u_yy (N,) at points x (N, 2): the trace of each point's Hessian, reverse over reverse."""

    def value(point: Tensor) -> Tensor:
        out: Tensor = network(point)[0]
        return out

    hessian = torch.func.jacrev(torch.func.jacrev(value))
    curvature: Tensor = torch.func.vmap(lambda point: hessian(point).diagonal().sum())(x)
    return curvature


def compiled(sizes: Sizes) -> Case:
    """Return the case of the compiled step."""
    network = NestedMLP(sizes)
    parameters = list(network.parameters())
    operator = torch.compile(lambda x: mapped_laplacian(network, x), dynamic=False)

    def step_for(x: Tensor, source: Tensor) -> Step:
        def step() -> tuple[Tensor, Tensor]:
            loss = (operator(x) - source).square().mean()
            gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
            return loss.detach(), torch.cat([g.flatten() for g in gradients])

        return step

    return case_of(sizes, step_for, network)
