"""Pushing a stack of components through a univariate function, as every layer of a network does.

A stack is one tensor (A, N, C): A components in the order of an `IndexSet`, N points, C channels. A linear layer then
is one matrix product. Up to second order the composition is written out and fused into one autograd node with its
own adjoint; beyond, it goes through the lazy jet.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import torch
from torch import Tensor

from kinn.jets.index import IndexSet
from kinn.jets.jet import Jet
from kinn.jets.univariate import Univariate


class _Composition(torch.autograd.Function):
    """f(u) for a stack of order <= 2: f, f' u_i, f'' u_i u_j + f' u_ij, and the adjoint (which needs f''')."""

    @staticmethod
    def forward(ctx: Any, stack: Tensor, function: Univariate, index: IndexSet) -> Tensor:
        tables = list(islice(function(stack[0]), index.order + 2))
        out = torch.empty_like(stack)
        out[0] = tables[0]
        for i, _ in index.firsts:
            torch.mul(tables[1], stack[i], out=out[i])
        for ij, i, j in index.seconds:
            torch.mul(tables[1], stack[ij], out=out[ij])
            out[ij].addcmul_(tables[2] * stack[i], stack[j])
        ctx.save_for_backward(stack, *tables[1:])
        ctx.index = index
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = grads
        stack, first, *higher = ctx.saved_tensors
        index: IndexSet = ctx.index
        out = first * grad
        if higher:
            for i, _ in index.firsts:
                out[0].addcmul_(higher[0] * stack[i], grad[i])
        for ij, i, j in index.seconds:
            bent = higher[0] * grad[ij]
            out[0].addcmul_(bent, stack[ij])
            out[0].addcmul_(higher[1] * grad[ij] * stack[i], stack[j])
            out[i].addcmul_(bent, stack[j])
            out[j].addcmul_(bent, stack[i])
        return out, None, None


def compose(function: Univariate, stack: Tensor, index: IndexSet) -> Tensor:
    """Return the stack of f(u).

    Args:
        function: The derivatives of f as a stream.
        stack: A `A x N x C` tensor of the components of u.
        index: The A multi-indices of the components.

    Returns:
        A `A x N x C` tensor. Up to order 2 its gradient is of first order only; above, it differentiates without limit.
    """
    if index.order <= 2:
        return _Composition.apply(stack, function, index)  # type: ignore[no-any-return, no-untyped-call]
    composed = Jet(index.dimension, lambda a: stack[index.position[a]]).compose(function)
    return torch.stack([torch.as_tensor(composed[a]) for a in index])


class Activation(torch.nn.Module):
    """A univariate function as a layer: plain on values, fused on stacks."""

    def __init__(self, function: Univariate) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x) for a tensor of any shape; differentiable without limit."""
        return next(self.function(x))

    def jet(self, stack: Tensor, index: IndexSet) -> Tensor:
        """Return the stack (A, N, C) of f(u) for the stack of u."""
        return compose(self.function, stack, index)
