"""The op by the name that compilers and tracers know it: `kinn::spline_jet`, and its adjoint.

What is no tensor goes as numbers: a grid as its edges and matrices, the components of a jet as a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops.autograd import nested
from kinn.ops.backends import SplineMap, backend_for
from kinn.ops.grid import SplineGrid


def spline_jet(stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, squash: str) -> Tensor:
    """Return the outputs of a layer through the registered op."""
    return _apply(stack, weight, grid.edges, grid.matrices, _flat(index), index.dimension, squash)  # type: ignore[no-any-return]


@torch.library.custom_op("kinn::spline_jet", mutates_args=())
def _apply(
    stack: Tensor, weight: Tensor, edges: Tensor, matrices: Tensor, index: Sequence[int], dimension: int, squash: str
) -> Tensor:
    grid, indices = SplineGrid(matrices.shape[1] - 1, edges, matrices), _index_set(tuple(index), dimension)
    backend = backend_for(stack, grid, indices, squash)
    return backend.forward(stack.contiguous(), weight.contiguous(), grid, indices, squash)


@_apply.register_fake
def _(
    stack: Tensor, weight: Tensor, edges: Tensor, matrices: Tensor, index: Sequence[int], dimension: int, squash: str
) -> Tensor:
    return stack.new_empty(stack.shape[0], stack.shape[1], weight.shape[1])


@torch.library.custom_op("kinn::spline_jet_adjoint", mutates_args=())
def _adjoint(
    stack: Tensor,
    weight: Tensor,
    edges: Tensor,
    matrices: Tensor,
    index: Sequence[int],
    dimension: int,
    squash: str,
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    grid, indices = SplineGrid(matrices.shape[1] - 1, edges, matrices), _index_set(tuple(index), dimension)
    backend = backend_for(stack, grid, indices, squash)
    out = backend.adjoint(stack.contiguous(), weight.contiguous(), grid, indices, squash, grad.contiguous())
    assert out[0] is not None
    return out[0], out[1]


@_adjoint.register_fake
def _(
    stack: Tensor,
    weight: Tensor,
    edges: Tensor,
    matrices: Tensor,
    index: Sequence[int],
    dimension: int,
    squash: str,
    grad: Tensor,
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(stack, memory_format=torch.contiguous_format), torch.empty_like(weight)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    stack, weight, edges, matrices, ctx.indices, ctx.dimension, ctx.squash = inputs
    ctx.save_for_backward(stack, weight, edges, matrices)


def _backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    stack, weight, edges, matrices = ctx.saved_tensors
    if torch.is_grad_enabled():
        grid = SplineGrid(matrices.shape[1] - 1, edges, matrices)
        indices = _index_set(tuple(ctx.indices), ctx.dimension)
        grads = nested(ctx.needs_input_grad[:2], stack, [SplineMap(weight, grid, ctx.squash)], indices, grad)
    else:
        grads = list(_adjoint(stack, weight, edges, matrices, ctx.indices, ctx.dimension, ctx.squash, grad))
    return (*grads, None, None, None, None, None)


_apply.register_autograd(_backward, setup_context=_keep)


def _flat(index: IndexSet) -> list[int]:
    return [n for a in index for n in a]


@lru_cache(maxsize=256)
def _index_set(flat: tuple[int, ...], dimension: int) -> IndexSet:
    return IndexSet(dimension, tuple(flat[n : n + dimension] for n in range(0, len(flat), dimension)))
