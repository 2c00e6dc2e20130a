"""A spline layer on the CPU: torch tensors in and out, ranges of points in parallel."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops.cpu import kernels
from kinn.ops.cpu.grids import Cells, cells_of, polynomials, polynomials_adjoint
from kinn.ops.cpu.loops import Array
from kinn.ops.cpu.machine import Machine, machine_for
from kinn.ops.cpu.threads import ranges, run
from kinn.ops.grid import SplineGrid


def forward(stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, bound: str) -> Tensor:
    """Return the outputs (A, N, O) of a layer; see `kinn.ops.backends.Backend`."""
    machine, cells, inputs, slots = _arguments(stack, weight, grid, index, bound)
    coefficients, base = _polynomials(machine, cells, slots)
    parts = ranges(stack.shape[1])
    out = torch.empty(len(index), stack.shape[1], weight.shape[1], dtype=stack.dtype)
    result = out.numpy()

    def work(share: tuple[int, int]) -> None:
        kernels.forward(
            machine.transpose, machine.edges, machine.push, inputs, cells.search, coefficients, base, machine.rows,
            machine.few, result, parts, share,
        )  # fmt: skip

    run(work, len(parts) - 1)
    return out


def adjoint(
    stack: Tensor,
    weight: Tensor,
    grid: SplineGrid,
    index: IndexSet,
    bound: str,
    grad: Tensor,
    *,
    inward: bool = True,
) -> tuple[Tensor | None, Tensor]:
    """Return the cotangents of stack (None if not `inward`) and weight, given those of the outputs (A, N, O)."""
    machine, cells, inputs, slots = _arguments(stack, weight, grid, index, bound)
    coefficients, base = _polynomials(machine, cells, slots)
    # a range should be worth adding up its share of the polynomials' cotangents
    parts = ranges(stack.shape[1], least=16 * len(cells.first))
    coefficients_grad = np.zeros((len(parts) - 1, *coefficients.shape), coefficients.dtype)
    base_grad = np.zeros((len(parts) - 1, *base.shape), base.dtype)
    stack_grad = torch.empty_like(stack) if inward else stack.new_empty((len(index), 0, 0))
    weight_grad = torch.zeros_like(weight)
    cotangents, result = grad.detach().numpy(), stack_grad.numpy()

    def work(share: tuple[int, int]) -> None:
        kernels.adjoint(
            machine.transpose, machine.edges_again, machine.pull, machine.edges_adjoint, inputs, cells.search,
            coefficients, base, machine.rows_again, machine.few, cotangents, inward,
            result, coefficients_grad, base_grad, parts, share,
        )  # fmt: skip

    run(work, len(parts) - 1)
    folded = weight_grad.numpy().reshape(slots.shape)
    polynomials_adjoint(coefficients_grad, base_grad, cells.first, cells.matrices, machine.few, folded)
    return stack_grad if inward else None, weight_grad


def jacobian(
    stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, bound: str, grad: Tensor, out: Tensor
) -> None:
    """Add each point's own cotangent of the weight to `out` (N, numel of weight), whose rows may lie apart."""
    machine, cells, inputs, _ = _arguments(stack, weight, grid, index, bound)
    cotangents, result, parts = grad.detach().numpy(), out.numpy(), ranges(stack.shape[1])

    def work(share: tuple[int, int]) -> None:
        kernels.jacobian(
            machine.transpose, machine.edges, machine.split, inputs, cells.search, cells.first, cells.matrices,
            machine.rows, machine.split_width, cotangents, result, parts, share,
        )  # fmt: skip

    run(work, len(parts) - 1)


def _arguments(
    stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, bound: str
) -> tuple[Machine, Cells, Array, Array]:
    """Return the machine code, the cells of the grid, the inputs, and the weight as an array `I x (K + 1) x O`."""
    cells, inputs = cells_of(grid), stack.detach().numpy()
    machine = machine_for(index, bound, cells.dtype, grid.degree, weight.shape[1], cells.rounds)
    return machine, cells, inputs, weight.detach().numpy().reshape(inputs.shape[2], -1, weight.shape[1])


def _polynomials(machine: Machine, cells: Cells, slots: Array) -> tuple[Any, Any]:
    """Return the edges' polynomials and the base function's weights, padded with zeros."""
    shape = machine.polynomial_shape(len(slots), len(cells.first))
    coefficients, base = np.zeros(shape, slots.dtype), np.zeros((len(slots), machine.width), slots.dtype)
    polynomials(slots, cells.first, cells.matrices, machine.few, coefficients, base)
    return coefficients, base
