"""A B-spline KAN in plain torch under nested automatic differentiation, written as efficient-kan is.

All B-splines of the grid come from the Cox-de Boor recursion as one dense tensor, which a linear map contracts; silu has
a separate linear map. As there, every input has separate knots, and the recursion divides by their distances. Between
layers tanh keeps values on the grid, so the function is that of `kinn.networks.KAN` and parameters can be copied.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from step_cases.nested import step_at
from step_cases.sizes import Case, Sizes, case_of

if TYPE_CHECKING:
    from kinn.networks import Network


class NestedLayer(nn.Module):
    """A KAN layer on uniform knots over [-1, 1], dense in its basis.

    Args:
        inputs: The number I of inputs.
        outputs: The number O of outputs.
        grid: The number G of intervals.
        degree: The degree k.
    """

    knots: Tensor

    def __init__(self, inputs: int, outputs: int, grid: int, degree: int) -> None:
        super().__init__()
        self.degree = degree
        size = grid + degree
        self.spline = nn.Parameter(torch.randn(outputs, inputs * size) / (inputs * size))
        self.base = nn.Parameter(torch.randn(outputs, inputs) / inputs**0.5)
        knots = torch.arange(-degree, grid + degree + 1, dtype=torch.float64) * (2 / grid) - 1
        self.register_buffer("knots", knots.expand(inputs, -1).contiguous())

    def basis(self, x: Tensor) -> Tensor:
        """Return all G + k B-splines at x (N, I), a tensor `N x I x (G + k)`."""
        x, t = x.unsqueeze(-1), self.knots
        splines = ((x >= t[:, :-1]) & (x < t[:, 1:])).to(x.dtype)
        for k in range(1, self.degree + 1):
            rising = (x - t[:, : -(k + 1)]) / (t[:, k:-1] - t[:, : -(k + 1)])
            falling = (t[:, k + 1 :] - x) / (t[:, k + 1 :] - t[:, 1:-k])
            splines = rising * splines[..., :-1] + falling * splines[..., 1:]
        return splines

    def forward(self, x: Tensor) -> Tensor:
        """Return the image (N, O) of x (N, I)."""
        splines = functional.linear(self.basis(x).flatten(1), self.spline)
        return splines + functional.linear(functional.silu(x), self.base)


class NestedKAN(nn.Module):
    """Layers with tanh between them."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        torch.manual_seed(sizes.seed)
        self.layers = nn.ModuleList(NestedLayer(a, b, sizes.grid, sizes.degree) for a, b in pairwise(sizes.layers))
        self.to(sizes.device, sizes.precision)

    def forward(self, x: Tensor) -> Tensor:
        """Return u (N, 1) at points x (N, 2)."""
        for n, layer in enumerate(self.layers):
            x = layer(torch.tanh(x) if n else x)
        return x

    def copy_from(self, network: Network) -> None:
        """Copy the coefficients of a KINN KAN of the same sizes."""
        with torch.no_grad():
            for layer, weight in zip(self.layers, network.parameters(), strict=True):
                slots = weight.reshape(layer.base.shape[1], -1, layer.base.shape[0])
                layer.spline.copy_(slots[:, :-1].flatten(0, 1).T)
                layer.base.copy_(slots[:, -1].T)

    def in_kinn_order(self, gradient: Tensor) -> Tensor:
        """Return a gradient (P,) in the order of the KINN KAN's parameters."""
        parts = iter(gradient.split([p.numel() for p in self.parameters()]))
        ordered = []
        for layer in self.layers:
            outputs, inputs = layer.base.shape
            spline, base = next(parts).view(outputs, inputs, -1), next(parts).view(outputs, inputs, 1)
            ordered.append(torch.cat([spline, base], dim=2).permute(1, 2, 0).flatten())
        return torch.cat(ordered)


def build(sizes: Sizes) -> Case:
    """Return the case."""
    network = NestedKAN(sizes)
    parameters = list(network.parameters())
    return case_of(sizes, lambda x, f: step_at(network, parameters, x, f), network)
