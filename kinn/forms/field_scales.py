"""Scales of fields: what networks of outputs of size one are multiplied by, and what is added."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from kinn.jets import Component, Index


@dataclass(frozen=True)
class FieldScales:
    """Scales of fields by name: a field is `shift + size * output`, or `g + d * size * output` under hard conditions.

    Attributes:
        sizes: The sizes; 1 for those left out.
        shifts: The shifts; 0 for those left out.
    """

    sizes: Mapping[str, float] = field(default_factory=dict)
    shifts: Mapping[str, float] = field(default_factory=dict)

    def size(self, name: str) -> float:
        """Size of a field."""
        return self.sizes.get(name, 1.0)

    def apply(self, name: str, a: Index, output: Component) -> Component:
        """Derivative of a field from that of the network's output."""
        size, shift = self.size(name), 0.0 if any(a) else self.shifts.get(name, 0.0)
        scaled = output if size == 1.0 else output * size
        return scaled + shift if shift else scaled
