"""Conditions on a field and its normal derivative: on a boundary, at the start, and where two subdomains meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, Self

from kinn.calculus import grad
from kinn.conditions.condition import (
    BoundaryCondition,
    BoundaryDatum,
    Condition,
    NodalConstraint,
    Traces,
    check_enforcement,
    subdomains_with,
)
from kinn.errors import InputError
from kinn.fields import TIME, Field, Points
from kinn.geometry import Geometry


@dataclass(frozen=True)
class Dirichlet(BoundaryCondition):
    """The field takes a value on a boundary: u = value.

    Attributes:
        value: A number, or a function of coordinates.
    """

    kind: ClassVar[str] = "Dirichlet"
    data_names: ClassVar[tuple[str, ...]] = ("value",)
    multiplier_is_flux: ClassVar[bool] = True

    value: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The residual u - value."""
        return [traces[0][self.field] - p.field(self.value, f"the value of {self.label}")]

    @property
    def boundary_datum(self) -> BoundaryDatum:
        """The value."""
        return BoundaryDatum(self.value)

    def with_initial_data(self, initial: Callable[[str], Any]) -> Self:
        """Condition with the value of another state."""
        return replace(self, value=initial(self.field))


@dataclass(frozen=True)
class Neumann(BoundaryCondition):
    """The normal derivative takes a value on a boundary: n . grad u = flux, n the outward unit normal.

    Attributes:
        flux: A number, or a function of coordinates.
    """

    kind: ClassVar[str] = "Neumann"
    data_names: ClassVar[tuple[str, ...]] = ("flux",)
    natural_names: ClassVar[tuple[str, ...]] = ("flux",)

    flux: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The residual n . grad u - flux."""
        return [grad(traces[0][self.field]) @ p.n - p.field(self.flux, f"the flux of {self.label}")]

    @property
    def boundary_datum(self) -> BoundaryDatum:
        """The normal derivative."""
        return BoundaryDatum(self.flux, 0.0, 1.0, order=2)


@dataclass(frozen=True)
class Robin(BoundaryCondition):
    """Value and normal derivative are tied on a boundary: alpha u + beta n . grad u = value, n the outward unit normal.

    Convection into surroundings at temperature v, with a conductivity k and a transfer coefficient h, is
    `Robin("u", h, k, h * v, on=...)`. Where h is an unknown constant, state it as a `ResidualCondition`.

    Attributes:
        alpha: The factor of the field: a number, or a function of coordinates.
        beta: The factor of the normal derivative, likewise.
        value: The value of the sum, likewise.
    """

    kind: ClassVar[str] = "Robin"
    data_names: ClassVar[tuple[str, ...]] = ("value", "alpha", "beta")
    natural_names: ClassVar[tuple[str, ...]] = ("value", "alpha")

    alpha: Any
    beta: Any
    value: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.enforce == "hard" and not callable(self.beta) and self.beta == 0:
            raise InputError(f"{self.label} with beta = 0 is a Dirichlet condition: state it as one to enforce it hard")

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The residual alpha u + beta n . grad u - value."""
        u = traces[0][self.field]
        alpha, beta, value = (
            p.field(getattr(self, name), f"{name} of {self.label}") for name in ("alpha", "beta", "value")
        )
        return [alpha * u + beta * (grad(u) @ p.n) - value]

    @property
    def boundary_datum(self) -> BoundaryDatum:
        """The value of the sum."""
        return BoundaryDatum(self.value, self.alpha, self.beta, order=2)


@dataclass(frozen=True)
class Initial(BoundaryCondition):
    """The field, or a time derivative of it, takes a value at the start.

    Attributes:
        value: A number, or a function of coordinates.
        derivative: "" for the field itself, "t" for its rate.
    """

    kind: ClassVar[str] = "Initial"
    data_names: ClassVar[tuple[str, ...]] = ("value",)

    value: Any
    _: KW_ONLY
    on: str = "initial"
    derivative: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_enforcement(self.enforce, self.label, hard=self.derivative in ("", TIME))

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The field (or its derivative) minus the value."""
        u = traces[0][self.field]
        rate = u.derivative(self.derivative) if self.derivative else u
        return [rate - p.field(self.value, f"the value of {self.label}")]

    @property
    def boundary_datum(self) -> BoundaryDatum | None:
        """The value, or the rate, which is minus the normal derivative: the outward normal points back in time."""
        if not self.derivative:
            return BoundaryDatum(self.value)
        return BoundaryDatum(self.value, 0.0, -1.0, order=2) if self.derivative == TIME else None

    def with_initial_data(self, initial: Callable[[str], Any]) -> Self:
        """Condition with the value, or the rate, of another state."""
        expression = f"{self.field}.{self.derivative}" if self.derivative else self.field
        return replace(self, value=initial(expression))


@dataclass(frozen=True)
class Interface(BoundaryCondition):
    """Two subdomains meet: jumps of the field and of its normal derivative, first subdomain minus second.

    Attributes:
        value: The jump of the field; None to leave it free.
        flux: The jump of the normal derivative; None to leave it free.
        coefficients: Factors of the normal derivatives in the two subdomains (conductivities, say).
    """

    kind: ClassVar[str] = "Interface"
    data_names: ClassVar[tuple[str, ...]] = ("value", "flux")
    multiplier_is_flux: ClassVar[bool] = True

    _: KW_ONLY
    value: Any = 0.0
    flux: Any = 0.0
    coefficients: tuple[float, float] = (1.0, 1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_enforcement(self.enforce, self.label, hard=False)

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """The two subdomains that have the boundary, as one group."""
        adjacent = subdomains_with(subdomains, self.on)
        if len(adjacent) != 2:
            raise InputError(f"it joins 2 subdomains, and {len(adjacent)} have that boundary: {', '.join(adjacent)}")
        return (adjacent,)

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """The jump of the field and the jump of the flux, each minus its value."""
        first, second = (trace[self.field] for trace in traces)
        out = []
        if self.value is not None:
            out.append(first - second - p.field(self.value, f"the value of {self.label}"))
        if self.flux is not None:
            a, b = self.coefficients
            jump = a * (grad(first) @ p.n) - b * (grad(second) @ p.n)
            out.append(jump - p.field(self.flux, f"the flux of {self.label}"))
        return out

    def essential_part(self) -> Condition | None:
        """The jump of the field; that of the flux is natural."""
        return None if self.value is None else replace(self, flux=None)

    def nodal_constraint(self, names: Sequence[str]) -> NodalConstraint | None:
        """The jump between nodes of the two subdomains."""
        return None if self.value is None else NodalConstraint((self.field,), self.value, tied=True)
