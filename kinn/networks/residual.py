"""Residual blocks: a layer or several beside an identity, so that depth costs neither signal nor gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.jets import IndexSet
from kinn.networks.layers import Layer, in_order
from kinn.networks.tape import Tape


class Residual(Layer):
    """x + branch(x), or x + g branch(x) with a trained number g that starts at 0.

    The identity is untouched by activations (He et al. 2016, arXiv:1603.05027): they stand at the beginning of the branch.
    With the gate a block starts as the identity itself (Bachlechner et al. 2020, arXiv:2003.04887, "ReZero").

    Args:
        branch: The layers of the branch, with as many outputs as inputs.
        gated: Whether there is a gate.
    """

    def __init__(self, branch: Sequence[Layer], *, gated: bool = False) -> None:
        super().__init__()
        self.branch = nn.ModuleList(branch)
        self.gate = Parameter(torch.zeros(1, dtype=torch.float64)) if gated else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the values after the block."""
        out = x
        for layer in self.branch:
            out = layer(out)
        return x + (out if self.gate is None else self.gate * out)

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack after the block; its layers, and its gate, record themselves on the tape."""
        branch = in_order(list(self.branch), stack, index, tape)  # type: ignore[arg-type]
        gate = self.gate
        if gate is None:
            return stack + branch
        out: Tensor = stack + gate * branch
        if tape is not None:
            change = branch.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[gate].add_((adjoint * change).sum(dim=(0, 2)).unsqueeze(1))

            tape.record(out, block)
        return out

    def backend(self, index: IndexSet) -> str | None:
        """Return the name of the back end of the branch's layers."""
        names = {name for layer in self.branch if (name := layer.backend(index))}  # type: ignore[operator]
        return "torch" if "torch" in names else next(iter(names), None)
