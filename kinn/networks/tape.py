"""Per-sample Jacobians from one reverse pass.

Residuals of different points are independent, so the gradient of their *sum* with respect to the output jets of a
layer holds, row by row, the gradient of each residual. Times the features that the layer contracted with its
parameters, this is the layer's block of the Jacobian: no loop over samples, no vmap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import Parameter


@dataclass
class Tape:
    """What the parametric layers did in one forward pass.

    A layer that computes `output[a, n, o] = sum_f features[a, n, f] weight[f, o] (+ bias[o] for the value)` records it
    here. A layer that is used several times is recorded each time.
    """

    records: list[tuple[Tensor, Tensor, Parameter, Parameter | None]] = field(default_factory=list)

    def record(self, features: Tensor, output: Tensor, weight: Parameter, bias: Parameter | None) -> None:
        """Keep features (A, N, F) and output (A, N, O) of a layer with weight (F, O) and bias (O)."""
        self.records.append((features.detach(), output, weight, bias))

    def jacobian(self, residual: Tensor, *, last: bool = True) -> Iterator[tuple[Parameter, Tensor]]:
        """Yield blocks of the Jacobian of `residual` (N,); blocks of one parameter are to be summed.

        Args:
            residual: A tensor (N,) whose entry n depends on point n only.
            last: Whether the graph may be freed.

        Yields:
            Pairs of a parameter and its block (N, number of entries).
        """
        outputs: Sequence[Tensor] = [output for _, output, _, _ in self.records]
        adjoints: Sequence[Tensor | None] = torch.autograd.grad(
            residual.sum(), outputs, retain_graph=not last, allow_unused=True
        )
        for (features, _, weight, bias), adjoint in zip(self.records, adjoints, strict=True):
            if adjoint is None:
                continue
            block = torch.bmm(features.permute(1, 2, 0), adjoint.permute(1, 0, 2))
            yield weight, block.flatten(1)
            if bias is not None:
                yield bias, adjoint[0]
