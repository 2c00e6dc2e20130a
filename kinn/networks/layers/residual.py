"""Residual blocks, and bodies of blocks whose layers mix two encoders of the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.errors import InputError
from kinn.jets import IndexSet, Jet, univariate
from kinn.jets.components import as_tensor
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer, embed_chain, push_forward, values, zero_output
from kinn.networks.layers.linear import Activation, Linear

#: How a block joins its branch f to the identity, by name.
GATES = ("none", "rezero", "adaptive", "highway", "replace")

#: What the gate of a highway starts at, before the logistic function: a quarter of the branch passes.
HIGHWAY_BIAS = -1.0


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
            bias = torch.full((width,), HIGHWAY_BIAS, dtype=torch.float64)
            self.transform.extend([Linear(bias.new_zeros(width, width), bias), Activation(univariate.sigmoid)])

    def forward(self, x: Tensor) -> Tensor:
        return self.join_values(x, values(self.branch, x))

    def join_values(self, x: Tensor, branch: Tensor) -> Tensor:
        """Values after the block for those of its branch."""
        if self.kind == "replace":
            return branch
        change = branch if self.kind in ("none", "rezero") else branch - x
        if self.gate is not None:
            change = self.gate * change
        elif self.transform:
            change = values(self.transform, x) * change
        return x + change

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Stack after the block; its layers, and its gate, record themselves on the tape."""
        branch = push_forward(self.branch, stack, index, tape)
        return self.join_jet(stack, branch, index, tape)

    def join_jet(self, stack: Tensor, branch: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Stack after the block for that of its branch."""
        if self.kind == "replace":
            return branch
        change = branch if self.kind in ("none", "rezero") else branch - stack
        if self.transform:
            share = push_forward(self.transform, stack, index, tape)
            return stack + product(share, change, index)
        gate = self.gate
        if gate is None:
            return stack + change
        out: Tensor = stack + gate * change
        if tape is not None:
            detached = change.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[gate].add_((adjoint * detached).sum(dim=(0, 2)).unsqueeze(1))

            tape.record(out, block)
        return out

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, Residual)
        if self.kind != smaller.kind:
            raise InputError(f"blocks of gate {smaller.kind!r} and {self.kind!r} are not the same function")
        if self.gate is not None and smaller.gate is not None:
            self.gate.copy_(smaller.gate)
        embed_chain(smaller.transform, self.transform, channels)
        return embed_chain(smaller.branch, self.branch, channels)

    def start_as_identity(self) -> None:
        if self.kind in ("highway", "replace"):
            raise InputError(f"a new block of gate {self.kind!r} changes the function: keep network.depth")
        if self.gate is None:
            zero_output(self.branch)
        else:
            self.gate.zero_()  # and the branch stays: with both zero no gradient would reach either


class EncodedResidual(Layer):
    """A lift and residual blocks whose layers mix two encoders of the input.

    The "modified MLP" of Wang, Teng and Perdikaris (2021, SIAM J. Sci. Comput. 43, A3055): with U and V trained functions
    of the input, a layer's output s becomes s U + (1 - s) V. In residual blocks with adaptive gates it is the body of a
    PirateNet.

    Args:
        lift: The layers from the input to the first block.
        encoders: The layers of U and those of V, from the input to as many channels as the blocks have.
        blocks: The blocks.
        step: After how many layers of their branches the output is mixed.
    """

    def __init__(
        self, lift: Sequence[Layer], encoders: Sequence[Sequence[Layer]], blocks: Sequence[Residual], step: int
    ) -> None:
        super().__init__()
        self.lift = nn.ModuleList(lift)
        self.first, self.second = (nn.ModuleList(layers) for layers in encoders)
        self.blocks = nn.ModuleList(blocks)
        self.step = step

    def _steps(self, block: Residual) -> list[list[nn.Module]]:
        layers = list(block.branch)
        return [layers[n : n + self.step] for n in range(0, len(layers), self.step)]

    def forward(self, x: Tensor) -> Tensor:
        state, u, v = (values(layers, x) for layers in (self.lift, self.first, self.second))
        for block in self.blocks:
            assert isinstance(block, Residual)
            out = state
            for step in self._steps(block):
                out = v + values(step, out) * (u - v)
            state = block.join_values(state, out)
        return state

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        state, u, v = (push_forward(layers, stack, index, tape) for layers in (self.lift, self.first, self.second))
        for block in self.blocks:
            assert isinstance(block, Residual)
            out = state
            for step in self._steps(block):
                out = v + product(push_forward(step, out, index, tape), u - v, index)
            state = block.join_jet(state, out, index, tape)
        return state

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, EncodedResidual)
        for own, old in ((self.first, smaller.first), (self.second, smaller.second)):
            embed_chain(old, own, channels)
        return embed_chain(smaller.blocks, self.blocks, embed_chain(smaller.lift, self.lift, channels))


def product(left: Tensor, right: Tensor, index: IndexSet) -> Tensor:
    """Stack (A, N, C) of the product of two stacks, channel by channel, by Leibniz' rule."""
    factors = [Jet(index.dimension, lambda a, s=s: s[index.position[a]]) for s in (left, right)]  # type: ignore[misc]
    out = factors[0] * factors[1]
    return torch.stack([as_tensor(out[a]) for a in index])
