"""Per-sample Jacobians from one reverse pass.

Residuals of different points are independent, so the gradient of their *sum* with respect to the output jets of a
layer contains, row by row, the gradient of each residual. From it a layer knows its own block of the Jacobian: no loop
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
    """Record of the parametric layers of one forward pass; a layer that is used several times is recorded each time.

    Attributes:
        records: The outputs of the layers, with their blocks.
        columns: The Jacobian that is being added to, for layers that add to it while adjoints pass through them; empty
            while none is.
    """

    records: list[tuple[Tensor, Block]] = field(default_factory=list)
    columns: Mapping[Parameter, Tensor] = field(default_factory=dict)

    def record(self, output: Tensor, block: Block) -> None:
        """Keep a layer's output (A, N, O), and how its parameters' columns follow from the adjoint of it."""
        self.records.append((output, block))

    def add_jacobian(self, residual: Tensor, columns: Mapping[Parameter, Tensor], *, last: bool = True) -> None:
        """Add the Jacobian of a residual (N,) whose entry n depends on point n only to each parameter's columns `N x numel`.

        The graph is freed where the residual is the `last`.
        """
        self.pull(residual.sum(), None, columns, last=last)

    def pull(
        self,
        output: Tensor,
        adjoint: Tensor | None,
        columns: Mapping[Parameter, Tensor],
        *,
        through: Sequence[Tensor] = (),
        last: bool = True,
    ) -> list[Tensor | None]:
        """Pull the adjoint of an output back through the layers, each of which adds its block to the Jacobian.

        Args:
            output: A tensor that the layers recorded here lead to.
            adjoint: Its adjoint, None for that of a number.
            columns: As for `add_jacobian`.
            through: Tensors whose adjoints are returned.
            last: Whether the graph may be freed.

        Returns:
            The adjoints of `through`.
        """
        tensors = [*through, *(recorded for recorded, _ in self.records)]
        self.columns = columns
        try:
            adjoints = torch.autograd.grad(output, tensors, adjoint, retain_graph=not last, allow_unused=True)
        finally:
            self.columns = {}
        for (_, block), adjoint_of_output in zip(self.records, adjoints[len(through) :], strict=True):
            if adjoint_of_output is not None:
                block(adjoint_of_output, columns)
        return list(adjoints[: len(through)])
