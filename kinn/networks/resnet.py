"""Residual networks, of linear layers with activations or of KAN layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from kinn.errors import InputError, unknown
from kinn.networks.base import Architecture, at_least_one, rescaled
from kinn.networks.encoders import Encoded
from kinn.networks.kan import check_splines, spline_layer
from kinn.networks.layers import Activation, Layer, Linear, glorot
from kinn.networks.mlp import ACTIVATIONS
from kinn.networks.residual import GATES, Residual
from kinn.networks.streams import Streams

#: What the layers of a network can be made of.
BRANCHES = ("mlp", "kan")


@dataclass(frozen=True)
class ResNet(Architecture):
    """A residual network: a lift to `width` channels, `depth` blocks x + branch(x), and a readout.

    Attributes:
        width: The number of channels.
        depth: The number L of blocks.
        branch: What a block's branch is made of: "mlp" (linear layers and activations) or "kan" (spline layers).
        layers_per_block: The number of such layers in a branch.
        gate: How a branch joins the identity: "none", where its last layer starts smaller by 1/sqrt(L), so that the blocks
            together change the signal about once; "rezero", "adaptive" or "highway" (gates that start small); "replace"
            (no identity).
        encoders: Whether every layer mixes two encoders of the input: with gate "replace" the modified MLP, with gate
            "adaptive" a PirateNet.
        streams: The number of residual streams; more than one are joined by Hyper-Connections, without gates.
        activation: "tanh", "sin", "gelu" or "swish", for layers that are linear.
        grid: The number of grid intervals, for spline layers.
        degree: The degree of their splines.
        init: Their initialisation, as of a KAN.
    """

    name: ClassVar[str] = "resnet"

    width: int = 10
    depth: int = 3
    branch: str = "mlp"
    layers_per_block: int = 2
    gate: str = "none"
    encoders: bool = False
    streams: int = 1
    activation: str = "tanh"
    grid: int = 6
    degree: int = 5
    init: str = "power"

    def __post_init__(self) -> None:
        for name in ("width", "depth", "layers_per_block", "streams"):
            at_least_one(name, getattr(self, name))
        for name, value, choices in (
            ("branch", self.branch, BRANCHES),
            ("gate", self.gate, GATES),
            ("activation", self.activation, ACTIVATIONS),
        ):
            if value not in choices:
                raise unknown(f"value of network.{name}", value, choices)
        if self.encoders and self.gate == "none":
            raise InputError(
                "network.encoders needs network.gate: replace (a modified MLP), adaptive, rezero or highway"
            )
        if self.streams > 1 and (self.gate != "none" or self.encoders):
            raise InputError("network.streams are joined by Hyper-Connections, which take neither a gate nor encoders")
        check_splines(self.grid, self.degree, self.init)

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        """Return the lift, the blocks and the readout."""
        lift = self._layers(inputs, self.width, generator, enters=True)
        branches = [self._branch(generator) for _ in range(self.depth)]
        if self.streams > 1:
            return [*lift, Streams(branches, self.streams), *self._layers(self.width, outputs, generator)]
        blocks = [Residual(branch, self.gate, self.width) for branch in branches]
        if not self.encoders:
            return [*lift, *blocks, *self._layers(self.width, outputs, generator)]
        encoders = [self._encoder(inputs, generator) for _ in range(2)]
        body = Encoded(lift, encoders, blocks, len(branches[0]) // self.layers_per_block)
        return [body, *self._layers(self.width, outputs, generator, enters=True)]

    def _branch(self, generator: torch.Generator) -> list[Layer]:
        built: list[Layer] = []
        for _ in range(self.layers_per_block):
            built += (
                self._encoder(self.width, generator) if self.encoders else self._layers(*2 * (self.width,), generator)
            )
        if self.gate == "none":
            with torch.no_grad():
                for parameter in built[-1].parameters():
                    parameter.mul_(self.depth**-0.5)
        return built

    def _layers(self, fan_in: int, fan_out: int, generator: torch.Generator, *, enters: bool = False) -> list[Layer]:
        """Return a layer behind an activation or a bounded map, which one that the inputs enter does without."""
        if self.branch == "kan":
            bound = "none" if enters else "tanh"
            return [spline_layer(fan_in, fan_out, self.grid, self.degree, self.init, bound, generator)]
        linear = Linear(glorot(fan_in, fan_out, generator), torch.zeros(fan_out, dtype=torch.float64))
        return [linear] if enters else [Activation(ACTIVATIONS[self.activation]), linear]

    def _encoder(self, fan_in: int, generator: torch.Generator) -> list[Layer]:
        """Return a layer with the activation behind it: what is mixed is bounded then."""
        if self.branch == "kan":
            return [spline_layer(fan_in, self.width, self.grid, self.degree, self.init, "tanh", generator)]
        return [*self._layers(fan_in, self.width, generator, enters=True), Activation(ACTIVATIONS[self.activation])]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Return the number of weights and biases, or coefficients, and of gates or stream weights."""
        width, streams = self.width, self.streams
        ends = (1 + 2 * self.encoders) * self._edges(inputs, width) + self._edges(width, outputs)
        joints = {"rezero": 1, "adaptive": 1, "highway": (width + 1) * width}.get(self.gate, 0)
        if streams > 1:
            joints = streams + (streams + 1) * streams
        return ends + self.depth * (self.layers_per_block * self._edges(width, width) + joints)

    def _edges(self, fan_in: int, fan_out: int) -> int:
        """Return the number of parameters between so many channels."""
        if self.branch == "kan":
            return fan_in * fan_out * (self.grid + self.degree + 1)
        return (fan_in + 1) * fan_out

    def resized(self, factor: float) -> ResNet:
        """Return the network with `width` times `factor`; its depth stays."""
        return replace(self, width=rescaled((self.width,), factor)[0])
