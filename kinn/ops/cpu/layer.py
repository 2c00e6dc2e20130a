"""Spline layers on the CPU: torch tensors in and out, ranges of points in parallel.

A thread takes some ranges through all layers, forward or back, before it turns to others: stacks stay in its caches, and
no thread waits for another between layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops.cpu import kernels
from kinn.ops.cpu.compiled_layer import CompiledLayer, machine_for
from kinn.ops.cpu.grids import GridCells, cells_of, polynomials, polynomials_adjoint
from kinn.ops.cpu.loops import Array
from kinn.ops.cpu.threads import ranges, run
from kinn.ops.grid import SplineGrid


@dataclass(frozen=True, eq=False)
class CompiledSplines:
    """A layer made ready.

    Attributes:
        machine: Its machine code.
        cells: The cells of its grid.
        shape: The number of inputs, of slots, K + 1, and of outputs.
        coefficients: The edges' polynomials.
        base: The base function's weights.
    """

    machine: CompiledLayer
    cells: GridCells
    shape: tuple[int, int, int]
    coefficients: Array
    base: Array

    @classmethod
    def of(cls, weight: Tensor, grid: SplineGrid, index: IndexSet, squash: str) -> CompiledSplines:
        """Return a layer with its splines turned into polynomials."""
        cells, outputs = cells_of(grid), weight.shape[1]
        machine = machine_for(index, squash, cells.dtype, grid.degree, outputs, cells.rounds)
        slots = weight.detach().numpy().reshape(-1, grid.size + 1, outputs)
        coefficients = np.zeros(machine.polynomial_shape(len(slots), len(cells.first)), cells.dtype)
        base = np.zeros((len(slots), machine.width), cells.dtype)
        polynomials(slots, cells.first, cells.matrices, machine.few, coefficients, base)
        return cls(machine, cells, slots.shape, coefficients, base)


class CompiledLayerStack:
    """The way of a stack through several layers, and of cotangents back.

    Args:
        stack: The inputs (A, N, I) of the first layer.
        layers: The layers.
    """

    def __init__(self, stack: Tensor, layers: Sequence[CompiledSplines]) -> None:
        self.layers = layers
        #: The inputs of every layer; not the outputs of the last, which know of this passage once they are returned.
        self.inputs = [stack]

    def forward(self) -> Tensor:
        """Return the outputs of the last layer."""
        first = self.inputs[0]
        stacks = [first, *(first.new_empty((*first.shape[:2], layer.shape[2])) for layer in self.layers)]
        parts, arrays = ranges(first.shape[1]), [stack.detach().numpy() for stack in stacks]

        def work(share: tuple[int, int]) -> None:
            for n, layer in enumerate(self.layers):
                code = layer.machine
                kernels.forward(
                    code.transpose, code.edges, code.push, arrays[n], layer.cells.search, layer.coefficients,
                    layer.base, code.rows, code.few, arrays[n + 1], parts, share,
                )  # fmt: skip

        run(work, parts)
        *self.inputs, out = stacks
        return out

    def adjoint(self, grad: Tensor, *, inward: bool = True) -> tuple[Tensor | None, list[Tensor]]:
        """Return the cotangents of the inputs (None if not `inward`) and of the weights, given those of the outputs."""
        # a range should be worth adding up its share of the polynomials' cotangents
        parts = ranges(grad.shape[1], least=16 * max(len(layer.cells.first) for layer in self.layers))
        inputs = [stack.detach().numpy() for stack in self.inputs]
        wanted = [inward, *[True] * (len(inputs) - 1)]
        backs = [
            torch.empty_like(s) if w else s.new_empty(len(s), 0, 0) for s, w in zip(self.inputs, wanted, strict=True)
        ]
        arrays = [*(back.numpy() for back in backs), grad.detach().numpy()]
        coefficients_grads, base_grads = (
            [np.zeros((len(parts) - 1, *own.shape), own.dtype) for own in every]
            for every in ([layer.coefficients for layer in self.layers], [layer.base for layer in self.layers])
        )

        def work(share: tuple[int, int]) -> None:
            for n in reversed(range(len(self.layers))):
                layer, code = self.layers[n], self.layers[n].machine
                pull = code.pull if wanted[n] else code.pull_alone
                kernels.adjoint(
                    code.transpose, code.edges_again, pull, code.edges_adjoint, inputs[n], layer.cells.search,
                    layer.coefficients, layer.base, code.rows_again, code.few, arrays[n + 1], wanted[n],
                    arrays[n], coefficients_grads[n], base_grads[n], parts, share,
                )  # fmt: skip

        run(work, parts)
        return backs[0] if inward else None, [
            _folded(*sums) for sums in zip(self.layers, coefficients_grads, base_grads, strict=True)
        ]


def _folded(layer: CompiledSplines, coefficients_grad: Array, base_grad: Array) -> Tensor:
    """Return the cotangent of a layer's weight, given those of its polynomials, one a range."""
    inputs, slots, outputs = layer.shape
    grad = np.zeros(layer.shape, base_grad.dtype)
    polynomials_adjoint(coefficients_grad, base_grad, layer.cells.first, layer.cells.matrices, layer.machine.few, grad)
    return torch.from_numpy(grad.reshape(inputs * slots, outputs))


def forward(stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, squash: str) -> Tensor:
    """Return the outputs (A, N, O) of a layer; see `kinn.ops.backends.Backend`."""
    return CompiledLayerStack(stack, [CompiledSplines.of(weight, grid, index, squash)]).forward()


def adjoint(
    stack: Tensor,
    weight: Tensor,
    grid: SplineGrid,
    index: IndexSet,
    squash: str,
    grad: Tensor,
    *,
    inward: bool = True,
) -> tuple[Tensor | None, Tensor]:
    """Return the cotangents of stack (None if not `inward`) and weight, given those of the outputs (A, N, O)."""
    out, (own,) = CompiledLayerStack(stack, [CompiledSplines.of(weight, grid, index, squash)]).adjoint(
        grad, inward=inward
    )
    return out, own


def jacobian(
    stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, squash: str, grad: Tensor, out: Tensor
) -> None:
    """Add each point's own cotangent of the weight to `out` (N, numel of weight), whose rows may lie apart."""
    layer, parts = CompiledSplines.of(weight, grid, index, squash), ranges(stack.shape[1])
    inputs, cotangents, result = stack.detach().numpy(), grad.detach().numpy(), out.numpy()
    code, cells = layer.machine, layer.cells

    def work(share: tuple[int, int]) -> None:
        kernels.jacobian(
            code.transpose, code.edges, code.split, inputs, cells.search, cells.first, cells.matrices, code.rows,
            code.split_width, cotangents, result, parts, share,
        )  # fmt: skip

    run(work, parts)
