"""Encoders: two signals of the input that every layer of a network mixes by its own outputs.

The "modified MLP" of Wang, Teng and Perdikaris (2021, SIAM J. Sci. Comput. 43, A3055): with U and V trained functions of
the input, a layer's output s becomes s U + (1 - s) V. In residual blocks with adaptive gates it is the body of a PirateNet.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers import Layer, backend_of, in_order, values
from kinn.networks.layers.products import product
from kinn.networks.layers.residual import Residual


class Encoded(Layer):
    """A lift and residual blocks whose layers mix two encoders of the input.

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
        """Return the values after the last block."""
        state, u, v = (values(layers, x) for layers in (self.lift, self.first, self.second))
        for block in self.blocks:
            assert isinstance(block, Residual)
            out = state
            for step in self._steps(block):
                out = v + values(step, out) * (u - v)
            state = block.joined(state, out)
        return state

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        """Return the stack after the last block."""
        state, u, v = (in_order(layers, stack, index, tape) for layers in (self.lift, self.first, self.second))
        for block in self.blocks:
            assert isinstance(block, Residual)
            out = state
            for step in self._steps(block):
                out = v + product(in_order(step, out, index, tape), u - v, index)
            state = block.joined_jet(state, out, index, tape)
        return state

    def backend(self, index: IndexSet) -> str | None:
        """Return the name of the back end of the layers."""
        return backend_of([layer for layer in self.modules() if layer is not self], index)
