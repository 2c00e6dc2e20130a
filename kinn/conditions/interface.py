"""What holds where two subdomains meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from kinn.calculus import grad
from kinn.conditions.condition import BoundaryCondition, Traces, check_enforcement, having
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Geometry


@dataclass(frozen=True)
class Interface(BoundaryCondition):
    """Two subdomains meet: jumps of the field and of its normal derivative, first subdomain minus second.

    Attributes:
        value: The jump of the field; None to leave it free.
        flux: The jump of the normal derivative; None to leave it free.
        coefficients: Factors of the normal derivatives on the two sides (conductivities, say).
    """

    kind: ClassVar[str] = "Interface"

    _: KW_ONLY
    value: Any = 0.0
    flux: Any = 0.0
    coefficients: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_enforcement(self.enforce, self.label, hard=False)

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Return the two subdomains that have the boundary, as one group."""
        meeting = having(subdomains, self.on)
        if len(meeting) != 2:
            raise InputError(f"it joins 2 subdomains, and {len(meeting)} have that boundary: {', '.join(meeting)}")
        return (meeting,)

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the jump of the value and the jump of the flux, each minus what it should be."""
        first, second = (trace[self.field] for trace in traces)
        out = []
        if self.value is not None:
            out.append(first - second - p.field(self.value, f"the value of {self.label}"))
        if self.flux is not None:
            a, b = self.coefficients
            jump = a * (grad(first) @ p.n) - b * (grad(second) @ p.n)
            out.append(jump - p.field(self.flux, f"the flux of {self.label}"))
        return out
