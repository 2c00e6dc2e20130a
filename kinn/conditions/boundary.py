"""Conditions on a field and its normal derivative on a boundary, and on its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from kinn.calculus import grad
from kinn.conditions.condition import BoundaryCondition, Traces, check_enforcement
from kinn.errors import InputError
from kinn.fields import TIME, Field, Points


@dataclass(frozen=True)
class Dirichlet(BoundaryCondition):
    """The field takes a value on a boundary: u = value.

    Attributes:
        value: A number, or a function of coordinates.
    """

    kind: ClassVar[str] = "Dirichlet"

    value: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return u - value."""
        return [traces[0][self.field] - p.field(self.value, f"the value of {self.label}")]


@dataclass(frozen=True)
class Neumann(BoundaryCondition):
    """The normal derivative takes a value on a boundary: n . grad u = flux, n the outward unit normal.

    Attributes:
        flux: A number, or a function of coordinates.
    """

    kind: ClassVar[str] = "Neumann"

    flux: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return n . grad u - flux."""
        return [grad(traces[0][self.field]) @ p.n - p.field(self.flux, f"the flux of {self.label}")]


@dataclass(frozen=True)
class Robin(BoundaryCondition):
    """Value and normal derivative are tied on a boundary: alpha u + beta n . grad u = value, n the outward unit normal.

    Convection into surroundings at temperature v, with a conductivity k and a transfer coefficient h, is
    `Robin("u", h, k, h * v, on=...)`. Where h is an unknown constant, state it as a `ResidualCondition` condition.

    Attributes:
        alpha: The factor of the field: a number, or a function of coordinates.
        beta: The factor of the normal derivative, likewise.
        value: What the sum is, likewise.
    """

    kind: ClassVar[str] = "Robin"

    alpha: Any
    beta: Any
    value: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.enforce == "hard" and not callable(self.beta) and self.beta == 0:
            raise InputError(f"{self.label} with beta = 0 is a Dirichlet condition: state it as one to enforce it hard")

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return alpha u + beta n . grad u - value."""
        u = traces[0][self.field]
        alpha, beta, value = (
            p.field(getattr(self, name), f"{name} of {self.label}") for name in ("alpha", "beta", "value")
        )
        return [alpha * u + beta * (grad(u) @ p.n) - value]


@dataclass(frozen=True)
class Initial(BoundaryCondition):
    """The field, or a time derivative of it, takes a value at the start.

    Attributes:
        value: A number, or a function of coordinates.
        derivative: "" for the field itself, "t" for its rate.
    """

    kind: ClassVar[str] = "Initial"

    value: Any
    _: KW_ONLY
    on: str = "initial"
    derivative: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_enforcement(self.enforce, self.label, hard=self.derivative in ("", TIME))

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Return the field (or its derivative) minus the value."""
        u = traces[0][self.field]
        rate = u.along(self.derivative) if self.derivative else u
        return [rate - p.field(self.value, f"the value of {self.label}")]
