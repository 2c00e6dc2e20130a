"""Per-sample Jacobians from one reverse pass.

Residuals of different points are independent, so the gradient of their *sum* with respect to the output jets of a
layer holds, row by row, the gradient of each residual. From it a layer knows its own block of the Jacobian: no loop
over samples, no vmap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import Parameter

#: Adds the block of a parameter, or of several: maps the adjoints (A, N, O) of a layer's outputs, and the columns
#: `N x numel` of the Jacobian that belong to each parameter, to nothing.
Block: TypeAlias = Callable[[Tensor, Mapping[Parameter, Tensor]], None]


@dataclass
class Tape:
    """What the parametric layers did in one forward pass; a layer that is used several times is recorded each time."""

    records: list[tuple[Tensor, Block]] = field(default_factory=list)

    def record(self, output: Tensor, block: Block) -> None:
        """Keep a layer's output (A, N, O), and how its parameters' columns follow from the adjoint of it."""
        self.records.append((output, block))

    def add_jacobian(self, residual: Tensor, columns: Mapping[Parameter, Tensor], *, last: bool = True) -> None:
        """Add the Jacobian of `residual` (N,).

        Args:
            residual: A tensor (N,) whose entry n depends on point n only.
            columns: For every parameter the part `N x numel` of the Jacobian to add to.
            last: Whether the graph may be freed.
        """
        outputs: Sequence[Tensor] = [output for output, _ in self.records]
        adjoints: Sequence[Tensor | None] = torch.autograd.grad(
            residual.sum(), outputs, retain_graph=not last, allow_unused=True
        )
        for (_, block), adjoint in zip(self.records, adjoints, strict=True):
            if adjoint is not None:
                block(adjoint, columns)
