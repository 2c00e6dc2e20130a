"""Residual networks, of linear layers with activations or of KAN layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from kinn.errors import InputError, unknown
from kinn.networks.base import Architecture, rescaled
from kinn.networks.initialise import SPLINE_INITIALISATIONS
from kinn.networks.kan import spline_layer
from kinn.networks.layers import Activation, Layer, Linear, glorot
from kinn.networks.mlp import ACTIVATIONS
from kinn.networks.residual import Residual

BRANCHES = ("mlp", "kan")


@dataclass(frozen=True)
class ResNet(Architecture):
    """A residual network: a lift to `width` channels, `depth` blocks x + branch(x), and a readout.

    Attributes:
        width: The number of channels.
        depth: The number L of blocks.
        branch: What a block's branch is made of: "mlp" (activation, linear) or "kan" (spline layers).
        layers_per_block: The number of such layers in a branch.
        gate: Whether a branch comes with a trained factor that starts at 0; if not, the weights of its last layer start
            smaller by 1/sqrt(L), so that the blocks together change the signal about once.
        activation: "tanh", "sin", "gelu" or "swish", for branches of linear layers.
        grid: The number of grid intervals, for branches of spline layers.
        degree: The degree of their splines.
        init: Their initialisation, as of a KAN.
    """

    name: ClassVar[str] = "resnet"

    width: int = 10
    depth: int = 3
    branch: str = "mlp"
    layers_per_block: int = 2
    gate: bool = False
    activation: str = "tanh"
    grid: int = 6
    degree: int = 5
    init: str = "power"

    def __post_init__(self) -> None:
        for name in ("width", "depth", "layers_per_block"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InputError(f"network.{name} is a whole number of at least 1, not {value!r}")
        if self.branch not in BRANCHES:
            raise unknown("value of network.branch", self.branch, BRANCHES)
        if self.activation not in ACTIVATIONS:
            raise unknown("value of network.activation", self.activation, ACTIVATIONS)
        if not 1 <= self.grid <= 1000:
            raise InputError(f"network.grid is 1 to 1000 intervals, not {self.grid}")
        if not 1 <= self.degree <= 7:
            raise InputError(f"network.degree is 1 to 7, not {self.degree}")
        if self.init not in SPLINE_INITIALISATIONS:
            raise unknown("value of network.init", self.init, SPLINE_INITIALISATIONS)

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        """Return the lift, the blocks and the readout."""
        lift = self._layer(inputs, self.width, generator, first=True)
        blocks = [Residual(self._branch(generator), gated=self.gate) for _ in range(self.depth)]
        return [*lift, *blocks, *self._layer(self.width, outputs, generator)]

    def _branch(self, generator: torch.Generator) -> list[Layer]:
        built: list[Layer] = []
        for _ in range(self.layers_per_block):
            built += self._layer(self.width, self.width, generator)
        if not self.gate:
            with torch.no_grad():
                for parameter in built[-1].parameters():
                    parameter.mul_(self.depth**-0.5)
        return built

    def _layer(self, fan_in: int, fan_out: int, generator: torch.Generator, *, first: bool = False) -> list[Layer]:
        """Return a layer behind an activation or a bounded map, which the first does without."""
        if self.branch == "kan":
            bound = "none" if first else "tanh"
            return [spline_layer(fan_in, fan_out, self.grid, self.degree, self.init, bound, generator)]
        linear = Linear(glorot(fan_in, fan_out, generator), torch.zeros(fan_out, dtype=torch.float64))
        return [linear] if first else [Activation(ACTIVATIONS[self.activation]), linear]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Return the number of weights and biases, or coefficients, and gates."""
        ends = self._edges(inputs, self.width) + self._edges(self.width, outputs)
        block = self.layers_per_block * self._edges(self.width, self.width) + int(self.gate)
        return ends + self.depth * block

    def _edges(self, fan_in: int, fan_out: int) -> int:
        """Return the number of parameters between so many channels."""
        if self.branch == "kan":
            return fan_in * fan_out * (self.grid + self.degree + 1)
        return (fan_in + 1) * fan_out

    def resized(self, factor: float) -> ResNet:
        """Return the network with `width` times `factor`; its depth stays."""
        return replace(self, width=rescaled((self.width,), factor)[0])
