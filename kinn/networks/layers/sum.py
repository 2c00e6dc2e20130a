"""The sum of frozen layers and trained ones, as corrections of a trained network need it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import Parameter

from kinn.jets import IndexSet
from kinn.networks.jacobian_tape import Tape
from kinn.networks.layers.layer import Layer, push_forward, values


class Sum(Layer):
    """A chain of frozen layers plus a chain of trained ones, which starts at zero.

    Args:
        frozen: The frozen layers, from I inputs to C outputs.
        correction: The trained layers, from I inputs or, if composed, from I + C.
        outputs: The number C.
        composed: Whether the outputs of the frozen layers, scaled to [-1, 1], are inputs of the correction: so its
            features are sharp where the frozen layers are.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, frozen: Sequence[Layer], correction: Sequence[Layer], outputs: int, *, composed: bool) -> None:
        super().__init__()
        self.frozen = nn.ModuleList(frozen).requires_grad_(False)
        self.correction = nn.ModuleList(correction)
        self.composed = composed
        self.register_buffer("centre", torch.zeros(outputs, dtype=torch.float64))
        self.register_buffer("spread", torch.ones(outputs, dtype=torch.float64))
        with torch.no_grad():
            for parameter in self.affine_parameters:
                parameter.zero_()

    @property
    def affine_parameters(self) -> tuple[Parameter, ...]:
        last = self.correction[-1]
        assert isinstance(last, Layer)
        return last.affine_parameters

    def load_frozen(self, layers: Sequence[nn.Module], x: Tensor) -> None:
        """Take over the parameters of equal layers, and the range of their outputs at inputs x (N, I)."""
        self.frozen.load_state_dict(nn.ModuleList(layers).state_dict())
        with torch.no_grad():
            outputs = values(self.frozen, x)
        low, high = outputs.amin(dim=0), outputs.amax(dim=0)
        self.centre.copy_((low + high) / 2)
        self.spread.copy_(torch.where(high > low, (high - low) / 2, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        base = values(self.frozen, x)
        inputs = torch.cat([x, (base - self.centre) / self.spread], dim=-1) if self.composed else x
        return base + values(self.correction, inputs)

    def jet(self, stack: Tensor, index: IndexSet, tape: Tape | None = None) -> Tensor:
        if stack.requires_grad:  # inputs that depend on parameters, as those of an unknown term do
            base = push_forward(self.frozen, stack, index)
        else:
            with torch.no_grad():
                base = push_forward(self.frozen, stack, index)
        inputs = stack
        if self.composed:
            scaled = base / self.spread
            scaled = torch.cat([(scaled[0] - self.centre / self.spread).unsqueeze(0), scaled[1:]])
            inputs = torch.cat([stack, scaled], dim=-1)
        return base + push_forward(self.correction, inputs, index, tape)
