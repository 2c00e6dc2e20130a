"""A trained network with a correction: an architecture whose first summand is frozen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from kinn.networks.layers.layer import Layer
from kinn.networks.layers.sum import Sum
from kinn.networks.network import Architecture


@dataclass(frozen=True)
class Corrected(Architecture):
    """A network that is frozen, plus a multiple of another that is trained and starts at zero.

    Attributes:
        base: The frozen network.
        correction: The trained one.
        scale: The factor of the correction.
        composed: Whether the outputs of the frozen network are inputs of the correction.
    """

    name: ClassVar[str] = "corrected"

    base: Architecture
    correction: Architecture
    scale: float = 1.0
    composed: bool = False

    def layers(self, inputs: int, outputs: int, generator: torch.Generator) -> list[Layer]:
        frozen = self.base.layers(inputs, outputs, generator)
        correction = self.correction.layers(inputs + outputs * self.composed, outputs, generator)
        return [Sum(frozen, correction, self.scale, outputs, composed=self.composed)]

    def resized(self, factor: float) -> Corrected:
        return replace(self, base=self.base.resized(factor), correction=self.correction.resized(factor))
