"""KAN layers on plain tensors, one after the other, as one node of the autograd graph.

At a few hundred points a step spends more time on the way to its layers than in them; so a network goes that way once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops import reference
from kinn.ops.backends import LayerStack, SplineMap, backend_for
from kinn.ops.grid import SplineGrid


class LayerByLayer:
    """The way of a stack through several layers on back ends that take them one by one.

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
        """Return the outputs of the last layer."""
        stacks = self.inputs[:1]
        for backend, (weight, grid, squash) in zip(self.backends, self.layers, strict=True):
            stacks.append(backend.forward(stacks[-1], weight, grid, self.index, squash))
        *self.inputs, out = stacks
        return out

    def adjoint(self, grad: Tensor, *, inward: bool = True) -> tuple[Tensor | None, list[Tensor]]:
        """Return the cotangents of the inputs (None if not `inward`) and of the weights, given those of the outputs."""
        found: list[Tensor] = []
        back: Tensor | None = grad
        for n in reversed(range(len(self.layers))):
            assert back is not None
            weight, grid, squash = self.layers[n]
            back, own = self.backends[n].adjoint(
                self.inputs[n], weight, grid, self.index, squash, back, inward=n > 0 or inward
            )
            found.insert(0, own)
        return back, found


def layer_stack(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> LayerStack:
    """Return the way of a stack through layers, on the back end that evaluates them."""
    backends = {backend_for(stack, grid, index, squash) for _, grid, squash in layers}
    through = getattr(backends.pop(), "through", None) if len(backends) == 1 else None
    return LayerByLayer(stack, layers, index) if through is None else cast("LayerStack", through(stack, layers, index))


class LayerChain(torch.autograd.Function):
    """The stack of the last layer's outputs; `apply` takes the index set, grids and maps, the stack, and the weights."""

    @staticmethod
    def forward(
        ctx: Any, index: IndexSet, kinds: Sequence[tuple[SplineGrid, str]], stack: Tensor, *weights: Tensor
    ) -> Tensor:
        """Evaluate layer after layer, and keep the inputs of each."""
        ctx.index, ctx.kinds = index, kinds
        layers = [SplineMap(w.contiguous(), *kind) for w, kind in zip(weights, kinds, strict=True)]
        ctx.passage = layer_stack(stack.contiguous(), layers, index)
        out: Tensor = ctx.passage.forward()
        ctx.save_for_backward(stack, *weights)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        """Return the cotangents of the stack, where it needs one, and of the weights."""
        stack, *weights = ctx.saved_tensors
        needed = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            layers = [SplineMap(w, *kind) for w, kind in zip(weights, ctx.kinds, strict=True)]
            return (None, None, *nested(needed, stack, layers, ctx.index, grads[0]))
        back, found = ctx.passage.adjoint(grads[0].contiguous(), inward=needed[0])
        return (None, None, back, *found)


def differentiable(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> Tensor:
    """Return the stack of the last layer's outputs by the reference, which has all derivatives."""
    for weight, grid, squash in layers:
        stack = reference.features(stack, grid, index, squash, nested=True) @ weight
    return stack


def nested(
    needed: Sequence[bool], stack: Tensor, layers: Sequence[SplineMap], index: IndexSet, grad: Tensor
) -> list[Tensor | None]:
    """Return cotangents of the stack and the weights that can be differentiated again, None where none is needed."""
    wanted = [t for t, n in zip((stack, *(layer.weight for layer in layers)), needed, strict=True) if n]
    found = iter(torch.autograd.grad(differentiable(stack, layers, index), wanted, grad, create_graph=True))
    return [next(found) if n else None for n in needed]
