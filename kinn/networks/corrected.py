"""A trained network with a correction: an architecture whose first summand is frozen, and features for the second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from kinn.networks.layers.layer import Layer
from kinn.networks.layers.linear import FourierFeatures, Linear
from kinn.networks.layers.sum import Sum
from kinn.networks.network import Architecture


@dataclass(frozen=True)
class Corrected(Architecture):
    """A network that is frozen, plus another that is trained and starts at zero.

    Attributes:
        base: The frozen network.
        correction: The trained one.
        composed: Whether the outputs of the frozen network are inputs of the correction.
    """

    name: ClassVar[str] = "corrected"

    base: Architecture
    correction: Architecture
    composed: bool = False

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        return self.periodic_layers(inputs, outputs, generator, {})

    def periodic_layers(
        self, inputs: int, outputs: int, generator: torch.Generator, angles: Mapping[int, int]
    ) -> list[Layer]:
        frozen = self.base.periodic_layers(inputs, outputs, generator, angles)
        correction = self.correction.periodic_layers(inputs + outputs * self.composed, outputs, generator, angles)
        return [Sum(frozen, correction, outputs, composed=self.composed)]

    def resized(self, factor: float) -> Corrected:
        return replace(self, base=self.base.resized(factor), correction=self.correction.resized(factor))


@dataclass(frozen=True)
class CorrectionFeatures(Architecture):
    """Sines and cosines of random frequencies, of which only the coefficients are trained.

    Some are functions of the coordinates, which represent smooth solutions anew. The others are functions of the outputs
    of the frozen network, too, at low frequencies: they subtract what is rough in it, and are sharp where it is sharp.

    Attributes:
        waves: The number of frequencies.
        frequency: Their standard deviation, in radians over half the domain's extent.
        fields: The number of the last inputs that are outputs of the frozen network.
        share: The fraction of the frequencies that are of these, too.
    """

    name: ClassVar[str] = "correction-features"

    waves: int = 200
    frequency: float = 6.0
    fields: int = 1
    share: float = 0.25

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        frequencies = torch.randn(inputs, self.waves, generator=generator, dtype=torch.float64)
        smooth = torch.arange(self.waves) >= round(self.share * self.waves)
        frequencies[:, smooth] *= self.frequency
        frequencies[inputs - self.fields :, smooth] = 0.0
        weight = torch.zeros(2 * self.waves, outputs, dtype=torch.float64)
        return [FourierFeatures(frequencies), Linear(weight, torch.zeros(outputs, dtype=torch.float64))]

    def parameter_count(self, inputs: int, outputs: int) -> int:
        return (2 * self.waves + 1) * outputs

    def resized(self, factor: float) -> CorrectionFeatures:
        return replace(self, waves=max(1, round(self.waves * factor)))
