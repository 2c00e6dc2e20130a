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
from kinn.ops.backends import Backend, LayerStack, SplineMap, backend_for
from kinn.ops.grid import SplineGrid


class LayerByLayer:
    """Several layers on back ends that take them one by one.

    Args:
        stack: The inputs (A, N, I) of the first layer.
        layers: The layers.
        index: The A multi-indices of the components.
        backends: The back end of each layer.
    """

    def __init__(
        self, stack: Tensor, layers: Sequence[SplineMap], index: IndexSet, backends: Sequence[Backend]
    ) -> None:
        self.steps, self.index = list(zip(backends, layers, strict=True)), index
        self.inputs = [stack]

    def forward(self) -> Tensor:
        """The outputs of the last layer."""
        stacks = self.inputs[:1]
        for backend, layer in self.steps:
            stacks.append(backend.forward(stacks[-1], layer, self.index))
        *self.inputs, out = stacks
        return out

    def adjoint(self, grad: Tensor, *, needs_input_grad: bool = True) -> tuple[Tensor | None, list[Tensor]]:
        """Cotangents of the inputs (None if not needed) and of the weights, given those of the outputs."""
        weight_grads: list[Tensor] = []
        output_grad: Tensor | None = grad
        for n, (backend, layer) in reversed(list(enumerate(self.steps))):
            assert output_grad is not None
            output_grad, weight_grad = backend.adjoint(
                self.inputs[n], layer, self.index, output_grad, needs_input_grad=n > 0 or needs_input_grad
            )
            weight_grads.insert(0, weight_grad)
        return output_grad, weight_grads


def layer_stack(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> LayerStack:
    """Layers applied to a stack, on the back ends that evaluate them."""
    backends = [backend_for(layer, index) for layer in layers]
    at_once = getattr(backends[0], "layer_stack", None) if len(set(backends)) == 1 else None
    if at_once is None:
        return LayerByLayer(stack, layers, index, backends)
    return cast("LayerStack", at_once(stack, layers, index))


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
    for layer in layers:
        stack = reference.features(stack, layer, index, nested=True) @ layer.weight
    return stack


def nested_adjoint(
    needed: Sequence[bool], stack: Tensor, layers: Sequence[SplineMap], index: IndexSet, grad: Tensor
) -> list[Tensor | None]:
    """Cotangents of the stack and the weights that can be differentiated again, None where not needed."""
    tensors = [t for t, n in zip((stack, *(layer.weight for layer in layers)), needed, strict=True) if n]
    grads = iter(torch.autograd.grad(differentiable(stack, layers, index), tensors, grad, create_graph=True))
    return [next(grads) if n else None for n in needed]


def registered_spline_jet(stack: Tensor, layer: SplineMap, index: IndexSet) -> Tensor:
    """Outputs of a layer through the registered op."""
    weight, grid, squash = layer
    return _apply(stack, weight, grid.edges, grid.matrices, _flat(index), squash)  # type: ignore[no-any-return]


def _flat(index: IndexSet) -> list[int]:
    """The dimension, then the multi-indices one after the other."""
    return [index.dimension, *(n for a in index for n in a)]


@lru_cache(maxsize=256)
def _index_set(dimension: int, *flat: int) -> IndexSet:
    return IndexSet(dimension, tuple(flat[n : n + dimension] for n in range(0, len(flat), dimension)))


def _layer(weight: Tensor, edges: Tensor, matrices: Tensor, squash: str) -> SplineMap:
    return SplineMap(weight, SplineGrid(matrices.shape[1] - 1, edges, matrices), squash)


@torch.library.custom_op("kinn::spline_jet", mutates_args=())
def _apply(stack: Tensor, weight: Tensor, edges: Tensor, matrices: Tensor, index: Sequence[int], squash: str) -> Tensor:
    layer, indices = _layer(weight.contiguous(), edges, matrices, squash), _index_set(*index)
    return backend_for(layer, indices).forward(stack.contiguous(), layer, indices)


@_apply.register_fake
def _(stack: Tensor, weight: Tensor, *settings: Any) -> Tensor:
    return stack.new_empty(stack.shape[0], stack.shape[1], weight.shape[1])


@torch.library.custom_op("kinn::spline_jet_adjoint", mutates_args=())
def _adjoint(
    stack: Tensor, weight: Tensor, edges: Tensor, matrices: Tensor, index: Sequence[int], squash: str, grad: Tensor
) -> tuple[Tensor, Tensor]:
    layer, indices = _layer(weight.contiguous(), edges, matrices, squash), _index_set(*index)
    out = backend_for(layer, indices).adjoint(stack.contiguous(), layer, indices, grad.contiguous())
    assert out[0] is not None
    return out[0], out[1]


@_adjoint.register_fake
def _(stack: Tensor, weight: Tensor, *settings: Any) -> tuple[Tensor, Tensor]:
    return torch.empty_like(stack, memory_format=torch.contiguous_format), torch.empty_like(weight)


def _save(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    *tensors, ctx.index, ctx.squash = inputs
    ctx.save_for_backward(*tensors)


def _backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
    stack, weight, edges, matrices = ctx.saved_tensors
    if torch.is_grad_enabled():
        layers, index = [_layer(weight, edges, matrices, ctx.squash)], _index_set(*ctx.index)
        grads = nested_adjoint(ctx.needs_input_grad[:2], stack, layers, index, grad)
    else:
        grads = list(_adjoint(stack, weight, edges, matrices, ctx.index, ctx.squash, grad))
    return (*grads, None, None, None, None)


_apply.register_autograd(_backward, setup_context=_save)
