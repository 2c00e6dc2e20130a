"""Layers with random inputs, held against the reference on whatever back end evaluates them."""

from __future__ import annotations

from typing import Any

import torch

from kinn.jets import IndexSet
from kinn.jets.index import trace
from kinn.ops import SplineGrid, SplineMap, reference, spline_jacobian, spline_jet

INDEX_SETS = {
    "value": IndexSet.full(2, 0),
    "slope 1d": IndexSet.full(1, 1),
    "slope 6d": IndexSet.full(6, 1),
    "laplacian": IndexSet.closure(2, [(2, 0), (0, 2)]),
    "collapsed": IndexSet.closure(2, [trace(2, (0, 1))]),
    "collapsed 6d": IndexSet.closure(6, [trace(6, range(6))]),
    "mixed": IndexSet.closure(3, [(1, 0, 1), (0, 2, 0)]),
    "hessian": IndexSet.full(3, 2),
    "third": IndexSet.full(2, 3),
    "fourth": IndexSet.full(1, 4),
    "biharmonic": IndexSet.closure(2, [(4, 0), (2, 2), (0, 4)]),
}
GRIDS: dict[str, Any] = {
    "uniform": [-1.0, -0.6, -0.2, 0.2, 0.6, 1.0],
    "graded": [-1.0, -0.99, -0.9, -0.2, 0.3, 0.31, 1.0],
    "one cell": [-0.5, 1.5],
}


class Layer:
    """A layer with random inputs, some of them beyond the grid, and what the reference makes of it."""

    def __init__(
        self,
        index: IndexSet,
        *,
        degree: int = 3,
        points: int = 70,
        inputs: int = 3,
        outputs: int = 5,
        squash: str = "none",
        edges: str = "uniform",
        dtype: torch.dtype = torch.float64,
        device: str = "cpu",
    ) -> None:
        generator = torch.Generator().manual_seed(degree + 10 * points + 100 * inputs + 1000 * outputs)
        self.index, self.squash = index, squash
        self.grid = SplineGrid.from_edges(GRIDS[edges], degree, dtype).to(dtype, torch.device(device))
        shape = (len(index), points, inputs)
        self.stack = (0.8 * torch.randn(shape, generator=generator, dtype=torch.float64)).to(device, dtype)
        rows = inputs * (self.grid.size + 1)
        self.weight = torch.randn(rows, outputs, generator=generator, dtype=torch.float64).to(device, dtype)
        self.grad = torch.randn(len(index), points, outputs, generator=generator, dtype=torch.float64).to(device, dtype)

    @property
    def spline_map(self) -> SplineMap:
        return SplineMap(self.weight, self.grid, self.squash)

    def check(self, rtol: float = 1e-11) -> None:
        stack, weight = self.stack.clone().requires_grad_(), self.weight.clone().requires_grad_()
        out = spline_jet(stack, weight, self.grid, self.index, squash=self.squash)
        close(out, reference.forward(self.stack, self.spline_map, self.index), rtol)
        found = torch.autograd.grad(out, (stack, weight), self.grad)
        expected = reference.adjoint(self.stack, self.spline_map, self.index, self.grad)
        assert expected[0] is not None
        close(found[0], expected[0], rtol)
        close(found[1], expected[1], rtol)
        outward = spline_jet(self.stack, weight, self.grid, self.index, squash=self.squash)
        close(torch.autograd.grad(outward, weight, self.grad)[0], expected[1], rtol)
        rows, columns = self.stack.shape[1], self.weight.numel()
        wide = self.stack.new_ones(rows, columns + 3)
        layer = SplineMap(weight, self.grid, self.squash)
        spline_jacobian(stack, layer, self.index, self.grad, wide[:, 1:-2])
        whole = self.stack.new_ones(rows, columns)
        reference.jacobian(self.stack, self.spline_map, self.index, self.grad, whole)
        close(wide[:, 1:-2], whole, rtol)
        assert bool((wide[:, [0, -2, -1]] == 1).all())


def close(actual: torch.Tensor, expected: torch.Tensor, rtol: float) -> None:
    scale = float(expected.detach().abs().max())
    torch.testing.assert_close(actual.detach(), expected.detach(), rtol=rtol, atol=rtol * scale)
