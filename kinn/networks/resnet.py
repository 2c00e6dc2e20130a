"""Residual networks, of linear layers with activations or of KAN layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from kinn.errors import InputError, check_name
from kinn.networks.kan import refined
from kinn.networks.layers.dense import Dense
from kinn.networks.layers.layer import Layer
from kinn.networks.layers.residual import GATES, EncodedResidual, Residual
from kinn.networks.layers.streams import ResidualStreams
from kinn.networks.network import Architecture, at_least_one, rescaled, widened


@dataclass(frozen=True)
class ResNet(Architecture):
    """A residual network: a lift to `width` channels, `depth` blocks x + branch(x), and a readout.

    Attributes:
        width: The number of channels.
        depth: The number L of blocks.
        branch: The layers of a block's branch: "mlp" (linear layers and activations) or "kan" (spline layers).
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

    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = ({"width": 12, "depth": 2}, {"width": 16, "depth": 3})

    width: int = 12
    depth: int = 3
    branch: str = "mlp"
    layers_per_block: int = 1
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
        self._dense.check("branch")
        check_name("value of network.gate", self.gate, GATES)
        if self.encoders and self.gate == "none":
            raise InputError(
                "network.encoders needs network.gate: replace (a modified MLP), adaptive, rezero or highway"
            )
        if self.streams > 1 and (self.gate != "none" or self.encoders):
            raise InputError("network.streams are joined by Hyper-Connections, which take neither a gate nor encoders")

    @property
    def _dense(self) -> Dense:
        return Dense(self.branch, self.activation, self.grid, self.degree, self.init)

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        lift = self._dense.layer(inputs, self.width, generator, is_input=True)
        branches = [self._branch(generator) for _ in range(self.depth)]
        blocks = [Residual(branch, self.gate, self.width) for branch in branches]
        if not self.encoders:
            body = [ResidualStreams(branches, self.streams, self.width)] if self.streams > 1 else blocks
            return [*lift, *body, *self._dense.layer(self.width, outputs, generator)]
        encoders = [self._dense.activated(inputs, self.width, generator) for _ in range(2)]
        mixed = EncodedResidual(lift, encoders, blocks, len(branches[0]) // self.layers_per_block)
        return [mixed, *self._dense.layer(self.width, outputs, generator, is_input=True)]

    def _branch(self, generator: torch.Generator) -> list[Layer]:
        layers = self._dense.activated if self.encoders else self._dense.layer
        built = [layer for _ in range(self.layers_per_block) for layer in layers(self.width, self.width, generator)]
        if self.gate == "none":
            with torch.no_grad():
                for parameter in built[-1].parameters():
                    parameter.mul_(self.depth**-0.5)
        return built

    def parameter_count(self, inputs: int, outputs: int) -> int:
        """Number of weights and biases, or coefficients, and of gates or stream weights."""
        width, streams, count = self.width, self.streams, self._dense.parameter_count
        ends = (1 + 2 * self.encoders) * count(inputs, width) + count(width, outputs)
        joints = {"rezero": 1, "adaptive": 1, "highway": (width + 1) * width}.get(self.gate, 0)
        if streams > 1:
            joints = streams + (streams + 1) * streams
        return ends + self.depth * (self.layers_per_block * count(width, width) + joints)

    def resized(self, factor: float) -> ResNet:
        return replace(self, width=rescaled((self.width,), factor)[0])

    def larger(self) -> tuple[ResNet, ...]:
        """Twice the grid intervals of spline layers, more channels, then a further block where one can start as nothing."""
        grid = refined(self.grid) if self.branch == "kan" else self.grid
        levers = [replace(self, grid=grid)] if grid != self.grid else []
        levers.append(replace(self, width=widened((self.width,))[0]))
        if self.gate not in ("highway", "replace"):
            levers.append(replace(self, depth=self.depth + 1))
        return tuple(levers)


@dataclass(frozen=True)
class ResidualKAN(ResNet):
    """A residual network whose branches are KAN layers."""

    name: ClassVar[str] = "residual-kan"

    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = (
        {"width": 5, "depth": 1, "grid": 4},
        {"width": 6, "depth": 2, "grid": 3},
    )

    width: int = 6
    depth: int = 2
    branch: str = "kan"


@dataclass(frozen=True)
class ModifiedMLP(ResNet):
    """The modified MLP: every layer mixes two encoders of the input (Wang, Teng and Perdikaris 2021)."""

    name: ClassVar[str] = "modified-mlp"

    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = ({"width": 12, "depth": 2}, {"width": 16, "depth": 3})

    width: int = 16
    gate: str = "replace"
    encoders: bool = True


@dataclass(frozen=True)
class PirateNet(ResNet):
    """A PirateNet: residual blocks of mixed encoders that start as the identity (Wang et al. 2024, arXiv:2402.00326)."""

    name: ClassVar[str] = "pirate-net"

    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = ({"width": 10, "depth": 1}, {"width": 12, "depth": 2})

    depth: int = 2
    layers_per_block: int = 2
    gate: str = "adaptive"
    encoders: bool = True
