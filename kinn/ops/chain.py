"""KAN layers on plain tensors, one after the other, as one node of the autograd graph.

At a few hundred points a step spends more time on the way to its layers than in them; so a network goes that way once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.ops import reference
from kinn.ops.backends import backend_for
from kinn.ops.grid import SplineGrid


class SplineMap(NamedTuple):
    """A KAN layer as the op sees it.

    Attributes:
        weight: A `I (K + 1) x O` tensor: for every input the coefficients of its K = G + k splines, then that of silu.
        grid: The grid of the splines.
        bound: The map in front of them.
    """

    weight: Tensor
    grid: SplineGrid
    bound: str


class Chain(torch.autograd.Function):
    """The stack of the last layer's outputs; `apply` takes the index set, grids and maps, the stack, and the weights."""

    @staticmethod
    def forward(
        ctx: Any, index: IndexSet, kinds: Sequence[tuple[SplineGrid, str]], stack: Tensor, *weights: Tensor
    ) -> Tensor:
        """Evaluate layer after layer, and keep the inputs of each."""
        ctx.index, ctx.kinds, ctx.backends = index, kinds, []
        inputs = []
        for weight, (grid, bound) in zip(weights, kinds, strict=True):
            inputs.append(stack)
            backend = backend_for(stack, grid, index, bound)
            ctx.backends.append(backend)
            stack = backend.forward(stack.contiguous(), weight.contiguous(), grid, index, bound)
        ctx.save_for_backward(*inputs, *weights)
        return stack

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Any, ...]:
        """Return the cotangents of the stack, where it needs one, and of the weights."""
        saved, count, needed = ctx.saved_tensors, len(ctx.kinds), ctx.needs_input_grad[2:]
        inputs, weights = saved[:count], saved[count:]
        if torch.is_grad_enabled():
            layers = [SplineMap(w, *kind) for w, kind in zip(weights, ctx.kinds, strict=True)]
            return (None, None, *nested(needed, inputs[0], layers, ctx.index, grads[0]))
        grad, found = grads[0], [None] * count
        for n in reversed(range(count)):
            grad, found[n] = ctx.backends[n].adjoint(
                inputs[n].contiguous(),
                weights[n].contiguous(),
                *(ctx.kinds[n][0], ctx.index, ctx.kinds[n][1]),
                grad.contiguous(),
                inward=n > 0 or needed[0],
            )
        return (None, None, grad, *found)


def differentiable(stack: Tensor, layers: Sequence[SplineMap], index: IndexSet) -> Tensor:
    """Return the stack of the last layer's outputs by the reference, which has all derivatives."""
    for weight, grid, bound in layers:
        stack = reference.features(stack, grid, index, bound, nested=True) @ weight
    return stack


def nested(
    needed: Sequence[bool], stack: Tensor, layers: Sequence[SplineMap], index: IndexSet, grad: Tensor
) -> list[Tensor | None]:
    """Return cotangents of the stack and the weights that can be differentiated again, None where none is needed."""
    wanted = [t for t, n in zip((stack, *(layer.weight for layer in layers)), needed, strict=True) if n]
    found = iter(torch.autograd.grad(differentiable(stack, layers, index), wanted, grad, create_graph=True))
    return [next(found) if n else None for n in needed]
