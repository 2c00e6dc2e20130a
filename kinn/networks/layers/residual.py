"""Residual blocks: layers beside an identity, so that depth costs neither signal nor gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.jets import IndexSet, univariate
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers import Activation, Layer, Linear, backend_of, in_order, values
from kinn.networks.layers.products import product

#: How a block joins its branch f to the identity, by name.
GATES = ("none", "rezero", "adaptive", "highway", "replace")

#: What the gate of a highway starts at, before the logistic function: a quarter of the branch passes.
CARRY = -1.0


class Residual(Layer):
    """A block of a residual network.

    The identity is untouched by activations (He et al. 2016, arXiv:1603.05027). The gates:

    - "none": x + f(x);
    - "rezero": x + a f(x), a number a trained from 0 (Bachlechner et al. 2020, arXiv:2003.04887);
    - "adaptive": x + a (f(x) - x), a trained from 0 (Wang et al. 2024, arXiv:2402.00326, "PirateNet");
    - "highway": x + T(x) (f(x) - x), T a logistic layer (Srivastava et al. 2015, arXiv:1505.00387);
    - "replace": f(x), no residual block at all.

    Args:
        branch: The layers of f, with as many outputs as inputs.
        gate: One of `GATES`.
        width: The number of channels, which a highway's T needs.
    """

    def __init__(self, branch: Sequence[Layer], gate: str = "none", width: int = 0) -> None:
        super().__init__()
        self.branch = nn.ModuleList(branch)
        self.kind = gate
        self.gate = Parameter(torch.zeros(1, dtype=torch.float64)) if gate in ("rezero", "adaptive") else None
        self.transform = nn.ModuleList()
        if gate == "highway":
            bias = torch.full((width,), CARRY, dtype=torch.float64)
            self.transform.extend([Linear(bias.new_zeros(width, width), bias), Activation(univariate.sigmoid)])

    def forward(self, x: Tensor) -> Tensor:
        """Return the values after the block."""
        return self.joined(x, values(self.branch, x))

    def joined(self, x: Tensor, branch: Tensor) -> Tensor:
        """Return the values after the block for those of its branch."""
        if self.kind == "replace":
            return branch
        change = branch if self.kind in ("none", "rezero") else branch - x
        if self.gate is not None:
            change = self.gate * change
        elif self.transform:
            change = values(self.transform, x) * change
        return x + change

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack after the block; its layers, and its gate, record themselves on the tape."""
        branch = in_order(self.branch, stack, index, tape)
        return self.joined_jet(stack, branch, index, tape)

    def joined_jet(self, stack: Tensor, branch: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack after the block for that of its branch."""
        if self.kind == "replace":
            return branch
        change = branch if self.kind in ("none", "rezero") else branch - stack
        if self.transform:
            share = in_order(self.transform, stack, index, tape)
            return stack + product(share, change, index)
        gate = self.gate
        if gate is None:
            return stack + change
        out: Tensor = stack + gate * change
        if tape is not None:
            held = change.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[gate].add_((adjoint * held).sum(dim=(0, 2)).unsqueeze(1))

            tape.record(out, block)
        return out

    def backend(self, index: IndexSet) -> str | None:
        """Return the name of the back end of the branch's layers."""
        return backend_of(self.branch, index)
