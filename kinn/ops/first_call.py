"""What the first call of the spline op costs: compilation where nothing is kept yet, loading where it is."""

from __future__ import annotations

import time

import torch

from kinn.jets import IndexSet
from kinn.ops.grid import SplineGrid
from kinn.ops.spline_jet import spline_jet


def first_call() -> tuple[float, float]:
    """Return the seconds of a first and of a second small step, forward and adjoint, on the CPU in float64."""
    grid, index = SplineGrid.uniform(8, 3), IndexSet.full(2, 2)
    stack = torch.zeros(len(index), 16, 2, dtype=torch.float64)
    weight = torch.zeros(2 * (grid.size + 1), 4, dtype=torch.float64, requires_grad=True)

    def step() -> float:
        began = time.perf_counter()
        torch.autograd.grad(spline_jet(stack, weight, grid, index, squash="tanh").sum(), weight)
        return time.perf_counter() - began

    return step(), step()
