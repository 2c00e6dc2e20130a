"""What holds where two solids meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from kinn.conditions import Interface, NodalConstraint, Traces
from kinn.fields import Field, Points
from kinn.mechanics.material import Material


@dataclass(frozen=True)
class Bonded(Interface):
    """Two solids stick together: displacement and traction are continuous.

    Attributes:
        field: A displacement, which names the condition in messages; it holds for all of them.
        materials: The materials of the two subdomains, in their order.
    """

    kind: ClassVar[str] = "Bonded"
    multiplier_is_flux: ClassVar[bool] = False  # there is one for each displacement

    _: KW_ONLY
    materials: tuple[Material, Material]

    @property
    def field_names(self) -> tuple[str, ...]:
        """No field in particular: all of them."""
        return ()

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the jumps of the displacements, and those of the tractions by the larger Young's modulus."""
        first, second = ([trace[name] for name in p.fields] for trace in traces)
        jumps = [a - b for a, b in zip(first, second, strict=True)]
        stiff = max(material.young for material in self.materials)
        tractions = (m.traction(v, p.n) for m, v in zip(self.materials, (first, second), strict=True))
        return jumps + [(a - b) / stiff for a, b in zip(*tractions, strict=True)]

    def nodal_constraint(self, names: Sequence[str]) -> NodalConstraint:
        """All displacements are the same at nodes of the two subdomains."""
        return NodalConstraint(tuple(names), 0.0, tied=True)
