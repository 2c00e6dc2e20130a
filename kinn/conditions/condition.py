"""The base of all conditions: a relation between fields, and what the forms of a problem ask about it.

A condition states its residual and where it holds. Everything that depends on its kind is a method here with a default,
so that a new condition is one class: a soft condition of the strong form needs no more than `residuals`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol, Self, TypeAlias

import numpy as np
import torch

from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import Geometry, Rule
from kinn.geometry.types import Array

#: The fields of one subdomain by name.
Traces: TypeAlias = Mapping[str, Field]

ENFORCEMENTS = ("soft", "hard")

#: The factor of a condition's square in the loss, relative to the default: a number, or a function of the coordinates
#: (to balance a residual that is singular somewhere).
Weight: TypeAlias = float | Callable[..., Any]


class Sampler(Protocol):
    """Draws the points of conditions: collocation points, or those of a quadrature with their weights."""

    @property
    def subdomains(self) -> Mapping[str, Geometry]:
        """The subdomains by name."""

    def interior(self, subdomain: str, seed: int) -> Points:
        """Points inside a subdomain."""

    def boundary(self, subdomain: str, name: str, seed: int) -> Points:
        """Points of a boundary of a subdomain, with normals."""

    def at(self, subdomain: str, locations: Array, observed: Array | None = None) -> Points | None:
        """Those of single points (N, d) that lie in a subdomain, with what was measured there; None if none does."""

    def quadrature(self, rules: Sequence[Rule]) -> Points:
        """Points of quadratures, one rule in each subdomain of a group."""


class BoundaryDatum(NamedTuple):
    """A linear datum on a boundary: u = value, or alpha u + beta n . grad u = value.

    Attributes:
        value: A number, or a function of the coordinates, as are the others.
        alpha: The factor of the field.
        beta: The factor of the outward normal derivative.
        order: The order of the distance to the boundary that a trial function needs to satisfy it: 1 for a value, 2 for
            a normal derivative.
    """

    value: Any
    alpha: Any = 1.0
    beta: Any = 0.0
    order: int = 1


class NodalConstraint(NamedTuple):
    """A constraint on the nodes of finite elements on a boundary.

    Attributes:
        fields: The names of the fields.
        value: Their value, or their jump: a number, or a function of the coordinates.
        tied: Whether the nodes of two subdomains are tied together; `value` is then the jump between them.
    """

    fields: tuple[str, ...]
    value: Any
    tied: bool = False


class Periodicity(NamedTuple):
    """A coordinate in which the networks of a subdomain are periodic.

    Attributes:
        axis: The number of the coordinate.
        ends: Where it has the two faces that are identified.
        harmonics: The number of multiples of the angle that the network takes in.
    """

    axis: int
    ends: tuple[float, float]
    harmonics: int


@dataclass(frozen=True)
class TimeWindow:
    """A window of time, to which the conditions of a problem are restricted.

    Attributes:
        axis: The number of the time coordinate.
        span: The start and the end of the window.
        last: Whether it is the last one.
        initial: The terminal state of the window before: a function of an expression ("u", "u.t") that returns initial
            data, a function of the coordinates. None in the first window.
    """

    axis: int
    span: tuple[float, float]
    last: bool
    initial: Callable[[str], Any] | None = None

    def restrict(self, condition: Condition, on: str | None) -> Condition | None:
        """Condition on a boundary, "initial" and "final" included, as it holds in the window; None where it does not."""
        if on == "initial" and self.initial is not None:
            return condition.with_initial_data(self.initial)
        return condition if on != "final" or self.last else None


@dataclass(frozen=True, eq=False)
class Condition(ABC):
    """A relation that the fields satisfy somewhere: by default throughout the domain."""

    #: The word that names the kind in messages and records.
    kind: ClassVar[str]

    #: The names of its attributes that are data: numbers or functions of the coordinates, finite where it holds.
    data_names: ClassVar[tuple[str, ...]] = ()

    #: The names of the data of a natural condition, which the minimum of an energy satisfies unasked: their work has to be
    #: part of the energy unless they are 0.
    natural_names: ClassVar[tuple[str, ...]] = ()

    #: Whether it is a natural condition where its residuals contain derivatives.
    natural_in_derivatives: ClassVar[bool] = False

    #: Whether the multiplier that enforces it in an energy is the flux of its field through the boundary.
    multiplier_is_flux: ClassVar[bool] = False

    @property
    def label(self) -> str:
        """What messages and records call the condition."""
        field, where = (getattr(self, name, None) for name in ("field", "on"))
        parts = [repr(field)] * (field is not None) + [f"on={where!r}"] * (where is not None)
        return f"{self.kind}({', '.join(parts)})"

    @property
    def enforce(self) -> str:
        """Either "soft" (weighted in the loss) or "hard" (built into the trial functions)."""
        return "soft"

    @property
    def weight(self) -> Weight:
        """The factor of its square in the loss, relative to the default."""
        return 1.0

    @property
    def noise(self) -> float | None:
        """The standard deviation of what was measured, where it is known."""
        return None

    @property
    def field_names(self) -> tuple[str, ...]:
        """The names of the fields it restricts, as far as it names them."""
        field = getattr(self, "field", None)
        return () if field is None else (field,)

    # Where it holds

    @property
    def boundaries(self) -> tuple[str, ...]:
        """The names of the boundaries it holds on; none for one that holds elsewhere."""
        return ()

    @property
    def locations(self) -> Array | None:
        """The single points (N, d) it holds at; None for one that holds elsewhere."""
        return None

    @property
    def observed(self) -> Array | None:
        """The measurements (N,) at its locations, if there are any."""
        return None

    @property
    def is_interior(self) -> bool:
        """Whether it holds throughout the domain, as an equation does."""
        return not self.boundaries and self.locations is None

    def groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Groups of subdomains that it is evaluated in; those of a group take part together.

        Raises:
            InputError: If it cannot hold in these subdomains: on a boundary that none has, say.
        """
        names = subdomains_with(subdomains, self.boundaries[0]) if self.boundaries else tuple(subdomains)
        return tuple((name,) for name in names)

    def collocation_points(self, sampler: Sampler, group: Sequence[str], seed: int) -> Points | list[Points] | None:
        """Points at which it is evaluated in a group of subdomains.

        Args:
            sampler: Draws points.
            group: The names of the subdomains.
            seed: Fixes the points.

        Returns:
            The points; a list where each residual is one number for many points together, as an integral is; None where
            there are none in the group.
        """
        if self.locations is not None:
            return sampler.at(group[0], self.locations, self.observed)
        if self.boundaries:
            return sampler.boundary(group[0], self.boundaries[0], seed)
        return sampler.interior(group[0], seed)

    # What it states

    @abstractmethod
    def residuals(self, traces: Sequence[Traces], p: Points) -> list[Field]:
        """Residuals, zero where the condition holds.

        Args:
            traces: The fields by name, of each subdomain of the group.
            p: The points, with normals on boundaries (outward from the first subdomain).
        """

    @property
    def functions(self) -> Mapping[str, Callable[..., Any]]:
        """Functions of all fields and the points that it is stated by, by what messages call them."""
        return {}

    def check_data(self, p: Points) -> None:
        """Check that its data are finite at points.

        Raises:
            InputError: Names the condition, the datum and the first point.
        """
        for name in self.data_names:
            datum = getattr(self, name)
            if not callable(datum):
                continue
            what = f"the {name} of {self.label}"
            values = torch.as_tensor(p.field(datum, what).value, dtype=p.tensor.dtype).expand(len(p))
            bad = ~torch.isfinite(values)
            if bool(bad.any()):
                x = p.tensor[int(bad.nonzero()[0, 0])]
                where = ", ".join(f"{c} = {float(value):.6g}" for c, value in zip(p.names, x, strict=True))
                raise InputError(f"{what} is not finite at {where}")

    @property
    def multiplicity(self) -> int:
        """The number of scalar conditions it counts as on a part of the boundary, where a problem's are counted."""
        return 1

    # How trial functions satisfy it

    @property
    def boundary_datum(self) -> BoundaryDatum | None:
        """The value or normal derivative it prescribes, from which trial functions are built; None if it does neither."""
        return None

    def periodicity(self, geometries: Sequence[Geometry]) -> Periodicity | None:
        """Coordinate in which the networks of these subdomains have to be periodic; None where they need not be."""
        return None

    def softened(self) -> Condition:
        """Condition with the residual as a term of the loss."""
        return replace(self, enforce="soft") if self.enforce == "hard" else self  # type: ignore[call-arg]

    # What it is in an energy, and on finite elements

    def essential_part(self) -> Condition | None:
        """Part that is built into the trial functions of an energy, or penalised; None for a natural condition.

        Raises:
            InputError: If the energy form cannot keep the condition.
        """
        return None if self.natural_names else self

    @property
    def natural_data(self) -> tuple[Any, ...]:
        """Data of a natural condition; see `natural_names`."""
        return tuple(getattr(self, name) for name in self.natural_names)

    def loaded_fields(self, names: Sequence[str]) -> tuple[str, ...]:
        """Displacements, among the fields of a problem, along which it prescribes a traction."""
        return ()

    def nodal_constraint(self, names: Sequence[str]) -> NodalConstraint | None:
        """Constraint on finite elements for the fields of a problem; None where it has no such counterpart."""
        datum = self.boundary_datum
        return None if datum is None or datum.order > 1 else NodalConstraint(self.field_names, datum.value)

    # How it is restricted to a window of time

    def in_window(self, window: TimeWindow) -> Condition | None:
        """Condition as it holds in a window of time; None where it does not.

        Raises:
            InputError: If it states more of the initial state than can be transferred.
        """
        return window.restrict(self, self.boundaries[0] if len(self.boundaries) == 1 else None)

    def with_initial_data(self, initial: Callable[[str], Any]) -> Self:
        """Condition on the initial state with the data of another state; see `TimeWindow.initial`.

        Raises:
            InputError: If it states something else than a value or a rate.
        """
        raise InputError(f"time slabs carry over values and rates at the start, and not {self.label}")


@dataclass(frozen=True)
class BoundaryCondition(Condition):
    """A condition on a field on a named boundary.

    Attributes:
        field: The name of the field.
        on: The name of the boundary.
        enforce: "soft" (weighted in the loss) or "hard" (built into the trial function).
        weight: See `Weight`.
    """

    field: str
    _: KW_ONLY
    on: str
    enforce: str = "soft"
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        check_enforcement(self.enforce, self.label)
        check_weight(self.weight, self.label)

    @property
    def boundaries(self) -> tuple[str, ...]:
        """The name of its boundary."""
        return (self.on,)


def subdomains_with(subdomains: Mapping[str, Geometry], boundary: str) -> tuple[str, ...]:
    """Names of the subdomains that have a boundary.

    Raises:
        InputError: If none has; the line names the nearest boundary.
    """
    found, failure = [], None
    for name, geometry in subdomains.items():
        try:
            geometry.boundary(boundary)
        except InputError as error:
            failure = error
        else:
            found.append(name)
    if failure is not None and not found:
        raise failure
    return tuple(found)


def check_enforcement(enforce: str, label: str, *, hard: bool = True) -> None:
    """Refuse an enforcement that there is not, and "hard" where `hard` is false."""
    if enforce not in ENFORCEMENTS:
        raise unknown("enforcement", enforce, ENFORCEMENTS, label)
    if enforce == "hard" and not hard:
        raise InputError(f"{label} cannot be enforced hard: enforce it soft")


def check_weight(weight: Weight, label: str) -> None:
    """Refuse a weight that is no positive number."""
    if not callable(weight) and not (np.isfinite(weight) and weight > 0):
        raise InputError(f"the weight of {label} is positive and finite, not {weight}")
