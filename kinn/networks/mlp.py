"""The multilayer perceptron, the yardstick of every comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, ClassVar

import torch

from kinn.errors import InputError, check_name
from kinn.networks.layers.layer import Layer
from kinn.networks.layers.linear import ACTIVATIONS, Activation, FourierFeatures, Linear, glorot
from kinn.networks.network import Architecture, positive_widths, rescaled, widened


@dataclass(frozen=True)
class MLP(Architecture):
    """A multilayer perceptron, optionally on random Fourier features.

    Attributes:
        width: The hidden widths.
        activation: "tanh", "sin", "gelu" or "swish".
        init_range: Hidden weights and biases start uniform on [-init_range, init_range], which makes random features for least
            squares of the last layer; 0 for Glorot's scale and no bias.
        fourier: The number of random frequencies in front (0 for none).
        frequency: The standard deviation of those frequencies, in radians over half the domain's extent.
        steepness: The standard deviation of the first layer's initial weights, with biases by which the centres of its
            activations are spread over the box; 0 for weights and biases as `init_range` says.
    """

    name: ClassVar[str] = "mlp"

    # on Glorot's weights without biases a fresh network is nearly linear and odd, and takes long to leave that
    START_SIZES: ClassVar[tuple[dict[str, Any], ...]] = (
        {"width": (24, 24), "steepness": 3.0},
        {"width": (20, 20, 20), "steepness": 1.5},
    )

    width: tuple[int, ...] | int = (20, 20)
    activation: str = "tanh"
    init_range: float = 0.0
    fourier: int = 0
    frequency: float = 3.0
    steepness: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", positive_widths(self.width))
        check_name("value of network.activation", self.activation, ACTIVATIONS)
        if self.fourier < 0:
            raise InputError(f"network.fourier is a number of frequencies, 0 or more, not {self.fourier}")
        if not 0 <= self.init_range < float("inf"):
            raise InputError(f"network.init_range is 0 or more and finite, not {self.init_range}")
        if not 0 <= self.steepness < float("inf"):
            raise InputError(f"network.steepness is 0 or more and finite, not {self.steepness}")
        if not 0 < self.frequency < float("inf"):
            raise InputError(f"network.frequency is positive and finite, not {self.frequency}")

    @property
    def widths(self) -> tuple[int, ...]:
        """The hidden widths as a tuple."""
        return (self.width,) if isinstance(self.width, int) else self.width

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        built: list[Layer] = []
        if self.fourier:
            shape = (inputs, self.fourier)
            built.append(FourierFeatures(self.frequency * torch.randn(shape, generator=generator, dtype=torch.float64)))
            inputs = 2 * self.fourier
        sizes = (inputs, *self.widths, outputs)
        for n, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            if n:
                built.append(Activation(ACTIVATIONS[self.activation]))
            weight, bias = glorot(fan_in, fan_out, generator), torch.zeros(fan_out, dtype=torch.float64)
            if self.init_range and n < len(self.widths):
                weight.uniform_(-self.init_range, self.init_range, generator=generator)
                bias.uniform_(-self.init_range, self.init_range, generator=generator)
            if self.steepness and not n:
                weight = self.steepness * torch.randn(fan_in, fan_out, generator=generator, dtype=torch.float64)
                centres = 2 * torch.rand(fan_in, fan_out, generator=generator, dtype=torch.float64) - 1
                bias = -(weight * centres).sum(dim=0)
            built.append(Linear(weight, bias))
        return built

    def parameter_count(self, inputs: int, outputs: int) -> int:
        sizes = (2 * self.fourier or inputs, *self.widths, outputs)
        return sum((a + 1) * b for a, b in pairwise(sizes))

    def resized(self, factor: float) -> MLP:
        return replace(self, width=rescaled(self.widths, factor))

    def larger(self) -> tuple[MLP, ...]:
        """Wider hidden layers; a further one would change the function."""
        return (replace(self, width=widened(self.widths, 2)),) if self.widths else ()
