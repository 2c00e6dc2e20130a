"""Hyper-Connections: several residual streams side by side, which every block reads from and writes to by trained weights.

Zhu et al. (2024, arXiv:2409.19606), in their static form: the weights depend on the block and not on the point, so that
the streams stay linear in each other and derivatives pass through unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.errors import InputError
from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer, embed_chain, flops_of, push_forward, values, zero_output


class Mixture(nn.Module):
    """Sums of streams with trained weights.

    Args:
        weights: The initial weights, streams in times streams out.
    """

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = Parameter(weights)

    def forward(self, streams: Tensor, tape: Tape | None = None) -> Tensor:
        """Streams (..., N, C, out) from streams (..., N, C, in), or stacks of them; records itself on the tape."""
        out: Tensor = streams @ self.weights
        if tape is not None:
            inputs = streams.detach()

            def block(adjoint: Tensor, columns: Mapping[Parameter, Tensor]) -> None:
                columns[self.weights].add_(torch.einsum("anci,anco->nio", inputs, adjoint).flatten(1))

            tape.record(out, block)
        return out


class HyperConnection(nn.Module):
    """A block between several streams: it reads a sum of them, and writes its branch's output to each.

    Args:
        branch: The layers of the branch, with as many outputs as inputs.
        streams: The number n of streams.
        number: The number of the block; it starts out reading stream `number` mod n, writing to all alike and leaving
            the streams as they are, so that the network starts as a residual one.
    """

    def __init__(self, branch: Sequence[Layer], streams: int, number: int) -> None:
        super().__init__()
        self.branch = nn.ModuleList(branch)
        read = torch.zeros(streams, 1, dtype=torch.float64)
        read[number % streams] = 1.0
        self.read = Mixture(read)
        # the streams after the block, from those before it and from the branch's output, which comes last
        self.write = Mixture(self._initial_write(streams))

    @staticmethod
    def _initial_write(streams: int) -> Tensor:
        return torch.cat([torch.eye(streams), torch.ones(1, streams)]).double()

    def start_as_identity(self) -> None:
        """Parameters with which the block leaves the streams as they are, and still learns."""
        zero_output(self.branch)
        self.write.weights.copy_(self._initial_write(self.write.weights.shape[1]))

    def forward(self, streams: Tensor) -> Tensor:
        """Values (N, C, n) after the block."""
        out = values(self.branch, self.read(streams)[..., 0])
        after: Tensor = self.write(torch.cat([streams, out.unsqueeze(-1)], dim=-1))
        return after

    def jet(self, streams: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Streams (A, N, C, n) after the block."""
        out = push_forward(self.branch, self.read(streams, tape)[..., 0].contiguous(), index, tape)
        after: Tensor = self.write(torch.cat([streams, out.unsqueeze(-1)], dim=-1), tape)
        return after


class ResidualStreams(Layer):
    """Blocks with Hyper-Connections: n copies of the input, and the mean of the streams at the end.

    Args:
        branches: The branch of each block.
        streams: The number n of streams.
        width: The number of channels of each.
    """

    def __init__(self, branches: Sequence[Sequence[Layer]], streams: int, width: int) -> None:
        super().__init__()
        self.width = width
        self.streams = streams
        self.blocks = nn.ModuleList([HyperConnection(branch, streams, n) for n, branch in enumerate(branches)])

    def forward(self, x: Tensor) -> Tensor:
        return values(self.blocks, x.unsqueeze(-1).expand(*x.shape, self.streams)).mean(dim=-1)

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        state = stack.unsqueeze(-1).expand(*stack.shape, self.streams)
        for block in self.blocks:
            state = block.jet(state, index, tape)  # type: ignore[operator]
        return state.mean(dim=-1)

    def embed(self, smaller: Layer, channels: Tensor) -> Tensor:
        assert isinstance(smaller, ResidualStreams)
        if self.streams != smaller.streams or len(self.blocks) < len(smaller.blocks):
            raise InputError(
                f"{len(smaller.blocks)} blocks of {smaller.streams} streams do not fit into {len(self.blocks)} of "
                f"{self.streams}"
            )
        for n, block in enumerate(self.blocks):
            assert isinstance(block, HyperConnection)
            if n < len(smaller.blocks):
                old = smaller.blocks[n]
                assert isinstance(old, HyperConnection)
                embed_chain(old.branch, block.branch, channels)
                block.read.weights.copy_(old.read.weights)
                block.write.weights.copy_(old.write.weights)
            else:
                block.start_as_identity()
        return channels

    def flops(self, index: IndexSet) -> int:
        read_and_write = self.streams + (self.streams + 1) * self.streams
        return flops_of(self.children(), index) + 2 * self.width * len(self.blocks) * len(index) * read_and_write
