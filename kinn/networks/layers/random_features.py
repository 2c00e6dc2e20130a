"""A sum of random features: activations of fixed affine maps, of which only the coefficients are trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from math import prod

import torch
from torch import Tensor
from torch.nn import Parameter

from kinn.jets import IndexSet, compose
from kinn.jets.index import order_of, trace_axes
from kinn.jets.univariate import Univariate
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer


class RandomFeatureSum(Layer):
    """The map x -> f(x W + b) C + c with fixed W and b.

    Args:
        function: The activation f.
        directions: The columns of W for a spread of 1, `I x M`.
        offset: The vector b, `M`.
        spreads: The factor of each row of W, `I` numbers.
        coefficients: The initial matrix C, `M x O`; c starts at 0.
        scale_offset: Whether the largest of the spreads is a factor of b, too.
    """

    directions: Tensor
    offset: Tensor
    spread: Tensor

    def __init__(
        self,
        function: Univariate,
        directions: Tensor,
        offset: Tensor,
        spreads: Sequence[float],
        coefficients: Tensor,
        *,
        scale_offset: bool = False,
    ) -> None:
        super().__init__()
        self.function, self.scale_offset = function, scale_offset
        self.register_buffer("directions", directions)
        self.register_buffer("offset", offset)
        self.register_buffer("spread", directions.new_tensor(spreads))
        self.weight = Parameter(coefficients)
        self.bias = Parameter(coefficients.new_zeros(coefficients.shape[1]))

    @property
    def affine_map(self) -> tuple[Tensor, Tensor]:
        """The matrix W and the vector b."""
        offset = self.offset * self.spread.max() if self.scale_offset else self.offset
        return self.directions * self.spread.unsqueeze(1), offset

    def forward(self, x: Tensor) -> Tensor:
        weight, offset = self.affine_map
        return next(self.function(x @ weight + offset)) @ self.weight + self.bias

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        if stack.requires_grad or (factors := self._chain_rule_factors(stack, index)) is None:
            return self._general_jet(stack, index, tape)
        weight, offset = self.affine_map
        tables = list(islice(self.function(torch.addmm(offset, stack[0], weight)), index.order + 1))
        orders = [order_of(a) for a in index]
        components = [
            tables[k] @ (factor.unsqueeze(1) * self.weight) for k, factor in zip(orders, factors, strict=True)
        ]
        components[0] = components[0] + self.bias
        out = torch.stack(components)
        if tape is not None:

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                outputs = self.weight.shape[1]
                for o in range(outputs):
                    column = columns[self.weight][:, o::outputs]
                    for k, table in enumerate(tables):
                        of_order = [n for n, order in enumerate(orders) if order == k]
                        cotangents = adjoint[of_order, :, o]
                        if bool(cotangents.any()):
                            column.addcmul_(cotangents.T @ torch.stack([factors[n] for n in of_order]), table)
                columns[self.bias].add_(adjoint[0])

            tape.record(out, block)
        return out

    def _chain_rule_factors(self, stack: Tensor, index: IndexSet) -> list[Tensor] | None:
        """Factor (M,) of f^(|a|) in each component D^a f(x W + b), or None where the inputs are not affine.

        Of affine inputs the slopes of x W are constant, and D^a f is f^(|a|) times the product of those that a names.
        """
        gradient = {axis: stack[position, :1] for position, axis in index.firsts}
        if any(not bool((stack[position] == gradient[axis]).all()) for position, axis in index.firsts):
            return None
        if any(order_of(a) > 1 and bool(stack[n].any()) for n, a in enumerate(index)):
            return None
        weight, _ = self.affine_map
        slopes = {axis: (row @ weight).squeeze(0) for axis, row in gradient.items()}

        def factor(a: tuple[int, ...]) -> Tensor:
            if axes := trace_axes(a):
                return torch.stack([slopes[axis].square() for axis in axes]).sum(dim=0)
            return prod((slopes[axis] ** n for axis, n in enumerate(a) if n), start=torch.ones_like(weight[0]))

        return [factor(a) for a in index]

    def _general_jet(self, stack: Tensor, index: IndexSet, tape: Tape | None) -> Tensor:
        """Stack of the outputs for inputs of any kind."""
        weight, offset = self.affine_map
        phase = stack @ weight
        phase = torch.cat([(phase[0] + offset).unsqueeze(0), phase[1:]])
        features = compose(self.function, phase, index)
        out = features @ self.weight
        out = torch.cat([(out[0] + self.bias).unsqueeze(0), out[1:]])
        if tape is not None:
            inputs = features.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[self.weight].add_(torch.bmm(inputs.permute(1, 2, 0), adjoint.permute(1, 0, 2)).flatten(1))
                columns[self.bias].add_(adjoint[0])

            tape.record(out, block)
        return out

    def flops(self, index: IndexSet) -> int:
        return 2 * (self.directions.numel() + self.weight.numel() * len(index))


def uniform_in_ball(dimension: int, count: int, generator: torch.Generator) -> Tensor:
    """Random points of uniform density in the unit ball, one a column: `dimension x count`."""
    directions = torch.randn(dimension, count, generator=generator, dtype=torch.float64)
    radii = torch.rand(count, generator=generator, dtype=torch.float64) ** (1 / dimension)
    points: Tensor = directions / directions.norm(dim=0) * radii
    return points
