"""Random features: one hidden layer that stays as drawn, so that the fields are linear in all that is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

import torch

from kinn.errors import InputError, check_name
from kinn.networks.layers.layer import Layer
from kinn.networks.layers.linear import ACTIVATIONS, glorot
from kinn.networks.layers.random_features import RandomFeatureSum, uniform_in_ball
from kinn.networks.network import Architecture, at_least_one, rescaled

#: The activations. The offsets of sines are all phases; those of tanh, whose features are steps, move these over the box.
FEATURE_ACTIVATIONS = ("sin", "tanh")

#: The spread of a network that is built for no problem.
DEFAULT_SPREAD = 6.0

#: The scale of the initial coefficients: fields start near zero, where Gauss-Newton steps of nonlinear equations start.
INITIAL_SCALE = 1e-2


@dataclass(frozen=True)
class RandomFeatures(Architecture):
    """Random features of the coordinates, of which only the coefficients are trained (Rahimi and Recht 2007).

    Linear equations are solved by one least-squares problem (Dong and Li 2021, arXiv:2012.02895), others by a few
    Gauss-Newton steps. The frequencies are uniform in an ellipsoid.

    Attributes:
        features: The number of features.
        activation: "sin" or "tanh".
        spread: The largest frequency, in radians over half the domain's extent, or one per coordinate; "auto" for a short
            sweep by least squares on the problem.
    """

    name: ClassVar[str] = "random-features"

    features: int = 500
    activation: str = "sin"
    spread: Literal["auto"] | float | tuple[float, ...] = "auto"

    def __post_init__(self) -> None:
        at_least_one("features", self.features)
        check_name("value of network.activation", self.activation, FEATURE_ACTIVATIONS)
        if isinstance(self.spread, str):
            check_name("value of network.spread", self.spread, ("auto",))
            return
        for spread in self.spreads:
            if isinstance(spread, bool) or not isinstance(spread, int | float) or not 0 < spread < math.inf:
                raise InputError(f"network.spread is 'auto' or positive and finite, not {spread!r}")

    @property
    def spreads(self) -> tuple[float, ...]:
        """The spreads, one for all coordinates or one per coordinate."""
        if isinstance(self.spread, str):
            return (DEFAULT_SPREAD,)
        return tuple(self.spread) if isinstance(self.spread, tuple) else (self.spread,)

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        spreads = self.spreads
        if len(spreads) not in (1, inputs):
            raise InputError(f"network.spread is one number or {inputs}, one per coordinate; {len(spreads)} are given")
        directions = uniform_in_ball(inputs, self.features, generator)
        offset = 2 * torch.rand(self.features, generator=generator, dtype=torch.float64) - 1
        steps = self.activation == "tanh"
        layer = RandomFeatureSum(
            ACTIVATIONS[self.activation],
            directions,
            offset if steps else math.pi * offset,
            spreads if len(spreads) == inputs else spreads * inputs,
            INITIAL_SCALE * glorot(self.features, outputs, generator),
            scale_offset=steps,
        )
        return [layer]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        return (self.features + 1) * outputs

    def resized(self, factor: float) -> RandomFeatures:
        return replace(self, features=rescaled((self.features,), factor)[0])
