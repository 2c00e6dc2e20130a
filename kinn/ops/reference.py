"""The reference back end of the spline op: any degree, any order, differentiable without limit, in plain torch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from kinn.jets import IndexSet, compose, univariate
from kinn.jets.univariate import Univariate
from kinn.ops.backends import SplineMap
from kinn.ops.grid import SplineGrid

#: The maps in front of the splines that keep their arguments on the grid.
BOUNDED_MAPS: dict[str, Univariate | None] = {
    "none": None,
    "tanh": univariate.tanh,
    "softsign": univariate.softsign,
}


def basis(x: Tensor, grid: SplineGrid) -> Iterator[Tensor]:
    """Yield the B-splines at x, then their first, second, ... derivatives.

    Args:
        x: A tensor of any shape S of arguments. Beyond the grid every spline continues linearly (C^1).
        grid: The grid, in the dtype and on the device of x.

    Yields:
        Tensors `S x K` with K = intervals + degree: the m-th derivatives of the K splines, m = 0, 1, ...
        At an interior knot the derivative of order k, which jumps there, is that of the cell on the right.
    """
    k = grid.degree
    lower, upper = grid.edges[0], grid.edges[-1]
    inside = x.clamp(lower, upper)
    cell = torch.bucketize(inside.detach().contiguous(), grid.edges[1:-1], right=True)
    left = grid.edges[cell]
    width = grid.edges[cell + 1] - left
    local = (inside - left) / width
    powers = [torch.ones_like(local)]
    for _ in range(k):
        powers.append(powers[-1] * local)
    monomials = torch.stack(powers, dim=-1)
    slots = cell.unsqueeze(-1) + torch.arange(k + 1, device=x.device)

    def derivative(m: int) -> Tensor:
        """M-th derivative of the live splines on the grid, spread over all K slots."""
        if m > k:
            return x.new_zeros((*x.shape, grid.size))
        matrices = grid.derivative(m)
        if len(matrices) == 1:
            live = monomials @ matrices[0]
        else:
            live = (monomials.unsqueeze(-2) @ matrices[cell]).squeeze(-2)
        return live.new_zeros((*x.shape, grid.size)).scatter(-1, slots, live)

    beyond = (x - inside).unsqueeze(-1)
    outside = (beyond != 0).any()
    slope = derivative(1)
    yield derivative(0) + slope * beyond if outside or x.requires_grad else derivative(0)
    yield slope
    m = 2
    while True:
        yield torch.where(beyond == 0, derivative(m), 0.0) if outside else derivative(m)
        m += 1


def slots(x: Tensor, grid: SplineGrid) -> Iterator[Tensor]:
    """Splines and, last, the base function silu at x (N, I), then their derivatives: `N x I x (K + 1)`."""
    for splines, base in zip(basis(x, grid), univariate.silu(x), strict=False):
        yield torch.cat([splines, base.unsqueeze(-1)], dim=-1)


def features(stack: Tensor, layer: SplineMap, index: IndexSet, *, nested: bool = False) -> Tensor:
    """Features that a layer contracts with its weight, a tensor `A x N x I (K + 1)`.

    Args:
        stack: The inputs, `A x N x I`.
        layer: The layer.
        index: The A multi-indices.
        nested: Whether the result must be differentiable more than once.
    """
    mapped = BOUNDED_MAPS[layer.squash]
    y = stack if mapped is None else compose(mapped, stack, index, nested=nested)
    return compose(lambda u: slots(u, layer.grid), y, index, nested=nested).flatten(2)


def supports(layer: SplineMap, index: IndexSet) -> bool:
    """Always true: the reference evaluates every layer."""
    return True


def forward(stack: Tensor, layer: SplineMap, index: IndexSet) -> Tensor:
    """Outputs of a layer; this and the functions below are those of `kinn.ops.backends.Backend`."""
    with torch.no_grad():
        return features(stack, layer, index) @ layer.weight


def adjoint(
    stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, *, needs_input_grad: bool = True
) -> tuple[Tensor | None, Tensor]:
    """Cotangents of stack (None if not needed) and weight."""
    with torch.enable_grad():
        inputs = stack.detach().requires_grad_(needs_input_grad), layer.weight.detach().requires_grad_()
        out = features(inputs[0], layer, index) @ inputs[1]
        grads = torch.autograd.grad(out, inputs if needs_input_grad else inputs[1:], grad)
    return grads[0] if needs_input_grad else None, grads[-1]


def jacobian(stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, out: Tensor) -> None:
    """Add each point's own cotangent of the weight to `out`."""
    with torch.no_grad():
        rows = features(stack, layer, index)
        out += torch.bmm(rows.permute(1, 2, 0), grad.permute(1, 0, 2)).flatten(1)
