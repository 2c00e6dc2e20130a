"""The reference back end of the spline op: any degree, any order, differentiable without limit, in plain torch."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from kinn.ops.grid import SplineGrid


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
    cell = torch.bucketize(inside.detach(), grid.edges[1:-1], right=True)
    left = grid.edges[cell]
    width = grid.edges[cell + 1] - left
    local = (inside - left) / width
    powers = [torch.ones_like(local)]
    for _ in range(k):
        powers.append(powers[-1] * local)
    monomials = torch.stack(powers, dim=-1)
    slots = cell.unsqueeze(-1) + torch.arange(k + 1, device=x.device)

    def derivative(m: int) -> Tensor:
        """Return the m-th derivative of the live splines on the grid, spread over all K slots."""
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
