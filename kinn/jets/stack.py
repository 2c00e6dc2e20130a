"""Pushing a stack of components through univariate functions, as every layer of a network does.

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


class _ComposeFunction(torch.autograd.Function):
    """f(u), f' u_i, f'' u_i u_j + f' u_ij for one function or K at once, and the adjoint, which needs f'''."""

    @staticmethod
    def forward(ctx: Any, stack: Tensor, function: Univariate, index: IndexSet) -> Tensor:
        tables = list(islice(function(stack[0]), index.order + 2))
        expanded = tables[0].dim() > stack.dim() - 1
        inner = stack.unsqueeze(-1) if expanded else stack
        out = stack.new_empty((len(index), *tables[0].shape))
        out[0] = tables[0]
        for i, _ in index.firsts:
            torch.mul(tables[1], inner[i], out=out[i])
        for ij, pairs in index.seconds:
            torch.mul(tables[1], inner[ij], out=out[ij])
            for i, j in pairs:
                out[ij].addcmul_(tables[2], inner[i] * inner[j])
        ctx.save_for_backward(stack, *tables[1:])
        ctx.index, ctx.expanded = index, expanded
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = grads
        stack, first, *higher = ctx.saved_tensors
        index: IndexSet = ctx.index

        def contract(table: Tensor, g: Tensor) -> Tensor:
            return (table * g).sum(-1) if ctx.expanded else table * g

        out = contract(first, grad)
        for i, _ in index.firsts:
            out[0].addcmul_(contract(higher[0], grad[i]), stack[i])
        for ij, pairs in index.seconds:
            bent, bend = contract(higher[0], grad[ij]), contract(higher[1], grad[ij])
            out[0].addcmul_(bent, stack[ij])
            for i, j in pairs:
                out[0].addcmul_(bend, stack[i] * stack[j])
                out[i].addcmul_(bent, stack[j])
                out[j].addcmul_(bent, stack[i])
        return out, None, None


def compose(function: Univariate, stack: Tensor, index: IndexSet, *, nested: bool = False) -> Tensor:
    """Stack of f(u), for one function or for K of them.

    Args:
        function: The derivatives of f as a stream of `N x C` tensors, or those of K functions as `N x C x K` tensors.
        stack: A `A x N x C` tensor of the components of u.
        index: The A multi-indices of the components.
        nested: Whether derivatives of the result's gradient will be wanted. If not, components up to order 2 take a
            faster way, whose gradient is of first order only.

    Returns:
        A `A x N x C` or `A x N x C x K` tensor.
    """
    if index.order <= 2 and not nested:
        return _ComposeFunction.apply(stack, function, index)  # type: ignore[no-any-return, no-untyped-call]
    expanded = next(function(stack[0])).dim() > stack.dim() - 1
    inner = stack.unsqueeze(-1) if expanded else stack

    def of_column(u: Tensor) -> Any:
        return function(u.squeeze(-1) if expanded else u)

    composed = Jet(index.dimension, lambda a: inner[index.position[a]]).compose(of_column)
    return torch.stack([torch.as_tensor(composed[a]) for a in index])
