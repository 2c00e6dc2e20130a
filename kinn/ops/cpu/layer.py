"""Spline layers on the CPU: torch tensors in and out, ranges of points shared among as many threads as torch may use.

A thread takes some ranges through all layers, forward or back, before it turns to others: stacks stay in its caches, and
no thread waits for another between layers. The ranges depend on the number of points alone, so results do not depend on the
number of threads, bit for bit.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops.backends import SplineMap
from kinn.ops.cpu import kernels
from kinn.ops.cpu.compiled_layer import CompiledLayer, layer_code
from kinn.ops.cpu.grids import GridCells, cells_of, polynomials, polynomials_adjoint
from kinn.ops.cpu.tiles import Array

#: The least number of points of a range, and the greatest number of ranges.
MIN_RANGE_POINTS, MAX_RANGES = 1024, 64

#: The number of points that a thread takes through all layers before it turns to others: their stacks stay in its caches.
SHARE_POINTS = 4096


@lru_cache(maxsize=64)
def ranges(points: int, min_points: int = MIN_RANGE_POINTS) -> Array:
    """Starts of the ranges that points are divided into, and their number at the end.

    Args:
        points: The number of points.
        min_points: The least number of points of a range, except where there are fewer in all.
    """
    count = max(1, min(MAX_RANGES, points // max(min_points, MIN_RANGE_POINTS)))
    edges = np.arange(count + 1) * points // count
    edges.flags.writeable = False
    return edges


def run(work: Callable[[tuple[int, int]], None], ranges_: Array) -> None:
    """Call `work((first, last))` for all ranges, a few neighbours at a time, on as many threads as torch is set to use.

    Args:
        work: Does the ranges first, .., last - 1.
        ranges_: Where they begin, from `ranges`.
    """
    count = len(ranges_) - 1
    threads = min(torch.get_num_threads(), count)
    size = max(1, min(-(-count // threads), SHARE_POINTS * count // max(int(ranges_[-1]), 1)))
    shares = [(first, min(first + size, count)) for first in range(0, count, size)]

    def run_shares(thread: int) -> None:
        for share in shares[thread::threads]:
            work(share)

    futures = [_pool(threads).submit(run_shares, thread) for thread in range(1, threads)]
    run_shares(0)
    for future in futures:
        future.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="kinn-spline")


#: The parameters of mallopt (malloc.h), and how many bytes free memory and single pieces of it may have.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
MAX_FREE_BYTES = 64 * 2**20
MMAP_THRESHOLD_BYTES = 16 * 2**20


def keep_freed_memory() -> None:
    """Let the C library keep up to `MAX_FREE_BYTES` bytes of free memory for the next step.

    A step's stacks are megabytes that come and go. The C library returns such memory to the kernel at once, which then
    clears every page anew: a fifth of the time of a step, with 4,096 points. This is a setting of the whole process, so it
    is made once, for the GNU library alone, and not where its user has set it.
    """
    is_set = any(name.startswith("MALLOC_") for name in os.environ) or "GLIBC_TUNABLES" in os.environ
    if is_set or platform.libc_ver()[0] != "glibc":
        return
    mallopt = ctypes.CDLL(None).mallopt
    mallopt(_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES)
    mallopt(_TRIM_THRESHOLD, MAX_FREE_BYTES)


@dataclass(frozen=True, eq=False)
class CompiledSplines:
    """A layer with its splines turned into polynomials.

    Attributes:
        code: Its machine code.
        cells: The cells of its grid.
        shape: The number of inputs, of slots, K + 1, and of outputs.
        coefficients: The edges' polynomials.
        base: The base function's weights.
    """

    code: CompiledLayer
    cells: GridCells
    shape: tuple[int, int, int]
    coefficients: Array
    base: Array

    @classmethod
    def of(cls, layer: SplineMap, index: IndexSet) -> CompiledSplines:
        """The splines of a layer."""
        weight, grid, squash = layer
        cells, outputs = cells_of(grid), weight.shape[1]
        code = layer_code(index, squash, cells.dtype, grid.degree, outputs, cells.rounds)
        slots = weight.detach().numpy().reshape(-1, grid.size + 1, outputs)
        coefficients = np.zeros(code.polynomial_shape(len(slots), len(cells.first)), cells.dtype)
        base = np.zeros((len(slots), code.width), cells.dtype)
        polynomials(slots, cells.first, cells.matrices, code.narrow, coefficients, base)
        return cls(code, cells, slots.shape, coefficients, base)


class CompiledLayerStack:
    """Several layers, forward and back.

    Args:
        stack: The inputs (A, N, I) of the first layer.
        layers: The layers.
    """

    def __init__(self, stack: Tensor, layers: Sequence[CompiledSplines]) -> None:
        self.layers = layers
        #: The inputs of every layer; not the outputs of the last, whose graph refers to this object.
        self.inputs = [stack]

    def forward(self) -> Tensor:
        """Outputs of the last layer."""
        first = self.inputs[0]
        stacks = [first, *(first.new_empty((*first.shape[:2], layer.shape[2])) for layer in self.layers)]
        ranges_, arrays = ranges(first.shape[1]), [stack.detach().numpy() for stack in stacks]

        def work(share: tuple[int, int]) -> None:
            for n, layer in enumerate(self.layers):
                code = layer.code
                kernels.forward(
                    code.transpose, code.basis, code.edges, arrays[n], layer.cells.search, layer.coefficients,
                    layer.base, code.rows, code.narrow, arrays[n + 1], ranges_, share,
                )  # fmt: skip

        run(work, ranges_)
        *self.inputs, out = stacks
        return out

    def adjoint(self, grad: Tensor, *, needs_input_grad: bool = True) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of the inputs (None if not `needs_input_grad`) and of the weights, given those of the outputs."""
        # a range should be worth adding up its share of the polynomials' cotangents
        ranges_ = ranges(grad.shape[1], min_points=16 * max(len(layer.cells.first) for layer in self.layers))
        inputs = [stack.detach().numpy() for stack in self.inputs]
        needed = [needs_input_grad, *[True] * (len(inputs) - 1)]
        input_grads = [
            torch.empty_like(s) if w else s.new_empty(len(s), 0, 0) for s, w in zip(self.inputs, needed, strict=True)
        ]
        arrays = [*(grad_.numpy() for grad_ in input_grads), grad.detach().numpy()]
        coefficients_grads, base_grads = (
            [np.zeros((len(ranges_) - 1, *array.shape), array.dtype) for array in arrays_]
            for arrays_ in ([layer.coefficients for layer in self.layers], [layer.base for layer in self.layers])
        )

        def work(share: tuple[int, int]) -> None:
            for n in reversed(range(len(self.layers))):
                layer, code = self.layers[n], self.layers[n].code
                edges_adjoint = code.edges_adjoint if needed[n] else code.edges_adjoint_of_weight
                kernels.adjoint(
                    code.transpose, code.basis_for_adjoint, edges_adjoint, code.basis_adjoint, inputs[n], layer.cells.search,
                    layer.coefficients, layer.base, code.adjoint_rows, code.narrow, arrays[n + 1], needed[n],
                    arrays[n], coefficients_grads[n], base_grads[n], ranges_, share,
                )  # fmt: skip

        run(work, ranges_)
        return input_grads[0] if needs_input_grad else None, [
            _weight_grad(*sums) for sums in zip(self.layers, coefficients_grads, base_grads, strict=True)
        ]


def _weight_grad(layer: CompiledSplines, coefficients_grad: Array, base_grad: Array) -> Tensor:
    """Cotangent of a layer's weight, given those of its polynomials, one a range."""
    inputs, slots, outputs = layer.shape
    grad = np.zeros(layer.shape, base_grad.dtype)
    polynomials_adjoint(coefficients_grad, base_grad, layer.cells.first, layer.cells.matrices, layer.code.narrow, grad)
    return torch.from_numpy(grad.reshape(inputs * slots, outputs))


def layer_stack(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> CompiledLayerStack:
    """Several layers applied to a stack; this and the functions below are those of `kinn.ops.backends.Backend`."""
    return CompiledLayerStack(stack, [CompiledSplines.of(layer, index) for layer in layers])


def supports(layer: SplineMap, index: IndexSet) -> bool:  # noqa: ARG001
    """Always true: this back end evaluates every layer."""
    return True


def forward(stack: Tensor, layer: SplineMap, index: IndexSet) -> Tensor:
    """Outputs of a layer."""
    return layer_stack(stack, [layer], index).forward()


def adjoint(
    stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, *, needs_input_grad: bool = True
) -> tuple[Tensor | None, Tensor]:
    """Cotangents of stack (None if not needed) and weight."""
    input_grad, weight_grads = layer_stack(stack, [layer], index).adjoint(grad, needs_input_grad=needs_input_grad)
    return input_grad, weight_grads[0]


def jacobian(stack: Tensor, layer: SplineMap, index: IndexSet, grad: Tensor, out: Tensor) -> None:
    """Add each point's own cotangent of the weight to `out`."""
    splines, ranges_ = CompiledSplines.of(layer, index), ranges(stack.shape[1])
    inputs, cotangents, result = stack.detach().numpy(), grad.detach().numpy(), out.numpy()
    code, cells = splines.code, splines.cells

    def work(share: tuple[int, int]) -> None:
        kernels.jacobian(
            code.transpose, code.basis, code.edges_jacobian, inputs, cells.search, cells.first, cells.matrices, code.rows,
            code.jacobian_width, cotangents, result, ranges_, share,
        )  # fmt: skip

    run(work, ranges_)
