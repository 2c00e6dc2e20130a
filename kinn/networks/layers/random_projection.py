"""Fixed affine maps to random frequencies, in front of an activation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer


class RandomProjection(Layer):
    """The map x -> x W + b with fixed W and b: nothing of it is trained.

    Args:
        directions: The columns of W for a spread of 1, `I x M`.
        offset: The vector b, `M`.
        spreads: The factor of each row of W, `I` numbers.
        scale_offset: Whether the largest of them is a factor of b, too.
    """

    directions: Tensor
    offset: Tensor
    spread: Tensor

    def __init__(
        self, directions: Tensor, offset: Tensor, spreads: Sequence[float], *, scale_offset: bool = False
    ) -> None:
        super().__init__()
        self.scale_offset = scale_offset
        self.register_buffer("directions", directions)
        self.register_buffer("offset", offset)
        self.register_buffer("spread", directions.new_tensor(spreads))

    @property
    def affine_map(self) -> tuple[Tensor, Tensor]:
        """The matrix W and the vector b."""
        offset = self.offset * self.spread.max() if self.scale_offset else self.offset
        return self.directions * self.spread.unsqueeze(1), offset

    def forward(self, x: Tensor) -> Tensor:
        weight, offset = self.affine_map
        return x @ weight + offset

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        weight, offset = self.affine_map
        out: Tensor = stack @ weight
        return torch.cat([(out[0] + offset).unsqueeze(0), out[1:]]) if out.requires_grad else _shift(out, offset)

    def flops(self, index: IndexSet) -> int:
        return 2 * self.directions.numel() * len(index) + self.offset.numel()


def _shift(stack: Tensor, offset: Tensor) -> Tensor:
    """Stack with an offset added to its values, in place."""
    stack[0].add_(offset)
    return stack


def uniform_in_ball(dimension: int, count: int, generator: torch.Generator) -> Tensor:
    """Random points of uniform density in the unit ball, one a column: `dimension x count`."""
    directions = torch.randn(dimension, count, generator=generator, dtype=torch.float64)
    radii = torch.rand(count, generator=generator, dtype=torch.float64) ** (1 / dimension)
    points: Tensor = directions / directions.norm(dim=0) * radii
    return points
