"""Conditions on a field and its normal derivative: on a boundary, at the start, and where two subdomains meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, Self

from kinn.calculus import grad
from kinn.conditions.condition import BoundaryCondition, Condition, subdomains_with
from kinn.conditions.types import BoundaryDatum, NodalConstraint, Traces
from kinn.errors import InputError
from kinn.fields import TIME, Field, Points
from kinn.geometry import Geometry


@dataclass(frozen=True)
class Dirichlet(BoundaryCondition):
    """The field takes a value on a boundary: u = value.

    Attributes:
        value: A number, or a function of coordinates.
    """

    data_names: ClassVar[tuple[str, ...]] = ("value",)
    multiplier_is_flux: ClassVar[bool] = True

    value: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [traces[0][self.field] - self.datum("value", p)]

    @property
    def boundary_datum(self) -> BoundaryDatum:
        return BoundaryDatum(self.value)

    def with_initial_data(self, initial: Callable[[str], Any]) -> Self:
        return replace(self, value=initial(self.field))


@dataclass(frozen=True)
class Neumann(BoundaryCondition):
    """The normal derivative takes a value on a boundary: n . grad u = flux, n the outward unit normal.

    Attributes:
        flux: A number, or a function of coordinates.
    """

    data_names: ClassVar[tuple[str, ...]] = ("flux",)
    natural_names: ClassVar[tuple[str, ...]] = ("flux",)

    flux: Any

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [grad(traces[0][self.field]) @ p.n - self.datum("flux", p)]

    @property
    def boundary_datum(self) -> BoundaryDatum:
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
        u = traces[0][self.field]
        alpha, beta, value = (self.datum(name, p) for name in ("alpha", "beta", "value"))
        return [alpha * u + beta * (grad(u) @ p.n) - value]

    @property
    def boundary_datum(self) -> BoundaryDatum:
        return BoundaryDatum(self.value, self.alpha, self.beta, order=2)


@dataclass(frozen=True)
class Initial(BoundaryCondition):
    """The field, or a time derivative of it, takes a value at the start.

    Attributes:
        value: A number, or a function of coordinates.
        derivative: "" for the field itself, "t" for its rate.
    """

    data_names: ClassVar[tuple[str, ...]] = ("value",)

    value: Any
    _: KW_ONLY
    on: str = "initial"
    derivative: str = ""

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        return [traces[0][self.field].derivative(self.derivative) - self.datum("value", p)]

    @property
    def boundary_datum(self) -> BoundaryDatum | None:
        """The value, or the rate, which is minus the normal derivative: the outward normal points back in time."""
        if not self.derivative:
            return BoundaryDatum(self.value)
        return BoundaryDatum(self.value, 0.0, -1.0, order=2) if self.derivative == TIME else None

    def with_initial_data(self, initial: Callable[[str], Any]) -> Self:
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

    data_names: ClassVar[tuple[str, ...]] = ("value", "flux")
    multiplier_is_flux: ClassVar[bool] = True

    _: KW_ONLY
    value: Any = 0.0
    flux: Any = 0.0
    coefficients: tuple[float, float] = (1.0, 1.0)

    def subdomain_groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        adjacent = subdomains_with(subdomains, self.on)
        if len(adjacent) != 2:
            raise InputError(f"it joins 2 subdomains, and {len(adjacent)} have that boundary: {', '.join(adjacent)}")
        return (adjacent,)

    def check_geometry(self, subdomains: Mapping[str, Geometry]) -> None:
        from kinn.geometry.coincidence import check_coincidence  # most problems have one subdomain

        ((first, second),) = self.subdomain_groups(subdomains)
        check_coincidence(subdomains[first], subdomains[second], self.on, (first, second))

    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        first, second = (trace[self.field] for trace in traces)
        out = []
        if self.value is not None:
            out.append(first - second - self.datum("value", p))
        if self.flux is not None:
            a, b = self.coefficients
            out.append(a * (grad(first) @ p.n) - b * (grad(second) @ p.n) - self.datum("flux", p))
        return out

    def essential_part(self) -> Condition | None:
        return None if self.value is None else replace(self, flux=None)

    def nodal_constraint(self, names: Sequence[str]) -> NodalConstraint | None:
        return None if self.value is None else NodalConstraint((self.field,), self.value, tied=True)
