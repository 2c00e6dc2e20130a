"""The base of all conditions: a relation between fields, and what the forms of a problem ask about it.

A condition states its residual and where it holds. Everything that depends on its kind is a method here with a default,
so that a new condition is one class: a soft condition of the strong form needs no more than `residuals`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from math import inf
from typing import Any, ClassVar, Self

import torch

from kinn.conditions.types import BoundaryDatum, NodalConstraint, Periodicity, Sampler, TimeWindow, Traces, Weight
from kinn.errors import InputError, check_name
from kinn.fields import Field, Points
from kinn.geometry import Geometry
from kinn.geometry.types import Array

ENFORCEMENTS = ("soft", "hard")


@dataclass(frozen=True, eq=False)
class Condition(ABC):
    """A relation that the fields satisfy somewhere: by default throughout the domain."""

    #: The names of its attributes that are data: numbers or functions of the coordinates, finite where it holds.
    data_names: ClassVar[tuple[str, ...]] = ()

    #: The names of the data of a natural condition, which the minimum of an energy satisfies unasked: their work has to be
    #: part of the energy unless they are 0.
    natural_names: ClassVar[tuple[str, ...]] = ()

    #: Whether it is a natural condition where its residuals contain derivatives.
    natural_in_derivatives: ClassVar[bool] = False

    #: Whether the multiplier that enforces it in an energy is the flux of its field through the boundary.
    multiplier_is_flux: ClassVar[bool] = False

    def __post_init__(self) -> None:
        check_name("enforcement", self.enforce, ENFORCEMENTS, self.label)
        if not callable(self.weight) and not 0 < self.weight < inf:
            raise InputError(f"the weight of {self.label} is positive and finite, not {self.weight}")

    @property
    def label(self) -> str:
        """What messages and records call the condition."""
        settings = {name: getattr(self, name, None) for name in ("field", "quantity", "on", "over")}
        parts = [
            f"{f'{name}=' if name in ('on', 'over') else ''}{getattr(x, '__name__', None) or repr(x)}"
            for name, x in settings.items()
            if x is not None
        ]
        return f"{type(self).__name__}({', '.join(parts)})"

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

    def subdomain_groups(self, subdomains: Mapping[str, Geometry]) -> tuple[tuple[str, ...], ...]:
        """Groups of subdomains that it is evaluated in; those of a group take part together.

        Raises:
            InputError: If it cannot hold in these subdomains: on a boundary that none has, say.
        """
        names = subdomains_with(subdomains, self.boundaries[0]) if self.boundaries else tuple(subdomains)
        return tuple((name,) for name in names)

    def in_dimension(self, dimension: int) -> Self:
        """Condition with its points as (N, d), where they were stated as d or N numbers."""
        return self

    def check_geometry(self, subdomains: Mapping[str, Geometry]) -> None:  # noqa: B027 (most hold wherever their boundary is)
        """Check that it can hold where its boundaries lie.

        Raises:
            InputError: If it cannot.
        """

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

    def datum(self, name: str, p: Points) -> Field:
        """One of its data at points, by the name of the attribute."""
        return p.field(getattr(self, name), f"the {name} of {self.label}")

    def check_data(self, p: Points) -> None:
        """Check that its data are finite at points.

        Raises:
            InputError: Names the condition, the datum and the first point.
        """
        for name in self.data_names:
            if not callable(getattr(self, name)):
                continue
            values = torch.as_tensor(self.datum(name, p).value, dtype=p.tensor.dtype).expand(len(p))
            bad = ~torch.isfinite(values)
            if bool(bad.any()):
                x = p.tensor[int(bad.nonzero()[0, 0])]
                where = ", ".join(f"{c} = {float(value):.6g}" for c, value in zip(p.names, x, strict=True))
                raise InputError(f"the {name} of {self.label} is not finite at {where}")

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
        return self._in_window(window, self.boundaries[0] if len(self.boundaries) == 1 else None)

    def _in_window(self, window: TimeWindow, on: str | None) -> Condition | None:
        """Condition on a boundary, "initial" and "final" included, as it holds in a window of time."""
        if on == "initial" and window.initial is not None:
            return self.with_initial_data(window.initial)
        return self if on != "final" or window.last else None

    def with_initial_data(self, initial: Callable[[str], Any]) -> Self:
        """Condition on the initial state with the data of another state; see `TimeWindow.initial`.

        Raises:
            InputError: If it states something else than a value or a rate.
        """
        raise InputError(f"time windows carry over values and rates at the start, and not {self.label}")


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
        super().__post_init__()
        if self.enforce == "hard" and self.boundary_datum is None:
            raise InputError(f"{self.label} cannot be enforced hard: enforce it soft")

    @property
    def boundaries(self) -> tuple[str, ...]:
        return (self.on,)


def call_on_fields(function: Callable[..., Any], trace: Traces, p: Points) -> Any:
    """Value of a function of all fields in order and the points."""
    return function(*(trace[name] for name in p.fields), p)


def subdomains_with(subdomains: Mapping[str, Geometry], boundary: str) -> tuple[str, ...]:
    """Names of the subdomains that have a boundary.

    Raises:
        InputError: If none has; the line names the nearest boundary.
    """
    found = []
    for name, geometry in subdomains.items():
        with suppress(InputError):
            geometry.boundary(boundary)
            found.append(name)
    if not found:
        [*subdomains.values()][-1].boundary(boundary)  # which raises
    return tuple(found)
