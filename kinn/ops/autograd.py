"""KAN layers as nodes of the autograd graph: several on plain tensors as one node, and one by a name that tracers know.

At a few hundred points a step spends more time on the way to its layers than in them; so a network goes that way once.
Compilers and tracers see `kinn::spline_jet` and its adjoint. To these, what is no tensor goes as numbers: a grid as its
edges and matrices, the components of a jet as a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops import reference
from kinn.ops.backends import LayerStack, SplineMap, backend_for
from kinn.ops.grid import SplineGrid


class LayerByLayer:
    """Several layers on back ends that take them one by one.

    Args:
        stack: The inputs (A, N, I) of the first layer.
        layers: The layers.
        index: The A multi-indices of the components.
    """

    def __init__(self, stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> None:
        self.layers, self.index = layers, index
        self.backends = [backend_for(stack, grid, index, squash) for _, grid, squash in layers]
        self.inputs = [stack]

    def forward(self) -> Tensor:
        """The outputs of the last layer."""
        stacks = self.inputs[:1]
        for backend, (weight, grid, squash) in zip(self.backends, self.layers, strict=True):
            stacks.append(backend.forward(stacks[-1], weight, grid, self.index, squash))
        *self.inputs, out = stacks
        return out

    def adjoint(self, grad: Tensor, *, needs_input_grad: bool = True) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of the inputs (None if not needed) and of the weights, given those of the outputs."""
        weight_grads: list[Tensor] = []
        output_grad: Tensor | None = grad
        for n in reversed(range(len(self.layers))):
            assert output_grad is not None
            weight, grid, squash = self.layers[n]
            output_grad, weight_grad = self.backends[n].adjoint(
                self.inputs[n], weight, grid, self.index, squash, output_grad,
                needs_input_grad=n > 0 or needs_input_grad,
            )  # fmt: skip
            weight_grads.insert(0, weight_grad)
        return output_grad, weight_grads


def layer_stack(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> LayerStack:
    """Layers applied to a stack, on the back end that evaluates them."""
    backends = {backend_for(stack, grid, index, squash) for _, grid, squash in layers}
    at_once = getattr(backends.pop(), "layer_stack", None) if len(backends) == 1 else None
    return LayerByLayer(stack, layers, index) if at_once is None else cast("LayerStack", at_once(stack, layers, index))


class LayerStackFunction(torch.autograd.Function):
    """The stack of the last layer's outputs; `apply` takes the index set, grids and maps, the stack, and the weights."""

    @staticmethod
    def forward(
        ctx: Any, index: IndexSet, kinds: Sequence[tuple[SplineGrid, str]], stack: Tensor, *weights: Tensor
    ) -> Tensor:
        """Evaluate layer after layer, and keep the inputs of each."""
        ctx.index, ctx.kinds = index, kinds
        layers = [SplineMap(w.contiguous(), *kind) for w, kind in zip(weights, kinds, strict=True)]
        ctx.layer_stack = layer_stack(stack.contiguous(), layers, index)
        out: Tensor = ctx.layer_stack.forward()
        ctx.save_for_backward(stack, *weights)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        """Cotangents of the stack, where it needs one, and of the weights."""
        stack, *weights = ctx.saved_tensors
        needed = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            layers = [SplineMap(w, *kind) for w, kind in zip(weights, ctx.kinds, strict=True)]
            return (None, None, *nested_adjoint(needed, stack, layers, ctx.index, grads[0]))
        input_grad, weight_grads = ctx.layer_stack.adjoint(grads[0].contiguous(), needs_input_grad=needed[0])
        return (None, None, input_grad, *weight_grads)


def differentiable(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> Tensor:
    """The stack of the last layer's outputs by the reference, which has all derivatives."""
    for weight, grid, squash in layers:
        stack = reference.features(stack, grid, index, squash, nested=True) @ weight
    return stack


def nested_adjoint(
    needed: Sequence[bool], stack: Tensor, layers: Sequence[SplineMap], index: IndexSet, grad: Tensor
) -> list[Tensor | None]:
    """Cotangents of the stack and the weights that can be differentiated again, None where not needed."""
    tensors = [t for t, n in zip((stack, *(layer.weight for layer in layers)), needed, strict=True) if n]
    grads = iter(torch.autograd.grad(differentiable(stack, layers, index), tensors, grad, create_graph=True))
    return [next(grads) if n else None for n in needed]


def registered_spline_jet(stack: Tensor, weight: Tensor, grid: SplineGrid, index: IndexSet, squash: str) -> Tensor:
    """Outputs of a layer through the registered op."""
    return _apply(stack, weight, grid.edges, grid.matrices, _flat(index), index.dimension, squash)  # type: ignore[no-any-return]


@torch.library.custom_op("kinn::spline_jet", mutates_args=())
def _apply(
    stack: Tensor, weight: Tensor, edges: Tensor, matrices: Tensor, index: Sequence[int], dimension: int, squash: str
) -> Tensor:
    grid, indices = SplineGrid(matrices.shape[1] - 1, edges, matrices), _index_set(tuple(index), dimension)
    backend = backend_for(stack, grid, indices, squash)
    return backend.forward(stack.contiguous(), weight.contiguous(), grid, indices, squash)


@_apply.register_fake
def _(stack: Tensor, weight: Tensor, *settings: Any) -> Tensor:
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
def _(stack: Tensor, weight: Tensor, *settings: Any) -> tuple[Tensor, Tensor]:
    return torch.empty_like(stack, memory_format=torch.contiguous_format), torch.empty_like(weight)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    stack, weight, edges, matrices, ctx.indices, ctx.dimension, ctx.squash = inputs
    ctx.save_for_backward(stack, weight, edges, matrices)


def _backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    stack, weight, edges, matrices = ctx.saved_tensors
    if torch.is_grad_enabled():
        grid = SplineGrid(matrices.shape[1] - 1, edges, matrices)
        indices = _index_set(tuple(ctx.indices), ctx.dimension)
        grads = nested_adjoint(ctx.needs_input_grad[:2], stack, [SplineMap(weight, grid, ctx.squash)], indices, grad)
    else:
        grads = list(_adjoint(stack, weight, edges, matrices, ctx.indices, ctx.dimension, ctx.squash, grad))
    return (*grads, None, None, None, None, None)


_apply.register_autograd(_backward, setup_context=_save)


def _flat(index: IndexSet) -> list[int]:
    return [n for a in index for n in a]


@lru_cache(maxsize=256)
def _index_set(flat: tuple[int, ...], dimension: int) -> IndexSet:
    return IndexSet(dimension, tuple(flat[n : n + dimension] for n in range(0, len(flat), dimension)))
