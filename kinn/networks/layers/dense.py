"""Layers of residual networks and of vector fields: linear maps with activations, or splines."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from kinn.errors import check_name
from kinn.networks.kan import check_splines
from kinn.networks.layers.layer import Layer
from kinn.networks.layers.linear import ACTIVATIONS, Activation, Linear, glorot

#: The kinds of layers.
KINDS = ("mlp", "kan")


@dataclass(frozen=True)
class Dense:
    """Settings that layers of one network share.

    Attributes:
        kind: "mlp" or "kan".
        activation: A name of `ACTIVATIONS`, for the one.
        grid: The number of grid intervals, for the other.
        degree: The degree of its splines.
        init: Their initialisation.
    """

    kind: str
    activation: str
    grid: int
    degree: int
    init: str

    def check(self, setting: str) -> None:
        """Raise an InputError unless there are such layers; `setting` is what the network calls their kind."""
        check_name(f"value of network.{setting}", self.kind, KINDS)
        check_name("value of network.activation", self.activation, ACTIVATIONS)
        check_splines(self.grid, self.degree, self.init)

    def layer(self, fan_in: int, fan_out: int, generator: torch.Generator, *, is_input: bool = False) -> list[Layer]:
        """Layer behind its activation, or behind the map that keeps values on the grid.

        With `is_input` alone: its input is that of the network, or bounded.
        """
        if self.kind == "kan":
            from kinn.networks.layers.spline import spline_layer

            squash = "none" if is_input else "tanh"
            return [spline_layer(fan_in, fan_out, self.grid, self.degree, self.init, squash, generator)]
        linear = Linear(glorot(fan_in, fan_out, generator), torch.zeros(fan_out, dtype=torch.float64))
        return [linear] if is_input else [self._activation(), linear]

    def activated(self, fan_in: int, fan_out: int, generator: torch.Generator) -> list[Layer]:
        """Layer followed by its activation; of splines, which need none, one spline layer."""
        layers = self.layer(fan_in, fan_out, generator, is_input=self.kind == "mlp")
        return [*layers, self._activation()] if self.kind == "mlp" else layers

    def parameter_count(self, fan_in: int, fan_out: int) -> int:
        """Number of parameters of a layer."""
        if self.kind == "kan":
            return fan_in * fan_out * (self.grid + self.degree + 1)
        return (fan_in + 1) * fan_out

    def _activation(self) -> Layer:
        return Activation(ACTIVATIONS[self.activation])
