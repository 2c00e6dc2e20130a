"""The problem: what is to be solved, said once and independent of how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kinn.conditions import Condition
from kinn.defaults import Defaults
from kinn.equations import Equation
from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import Geometry, adapt
from kinn.geometry.types import Array
from kinn.problem.postprocess import Postprocess
from kinn.problem.validation import check
from kinn.unknowns import Unknown, UnknownField

#: The name of the only subdomain of a problem that has but one.
WHOLE = "domain"

#: A residual: takes the fields and the points, returns a field or several.
Residual: TypeAlias = Callable[..., Field | Sequence[Field]]
#: A density: takes the same, returns a field.
Density: TypeAlias = Callable[..., Field]

#: The forms that a problem can be stated in.
FORMS = ("strong", "energy", "inverse")


@dataclass(frozen=True, eq=False)
class Problem:
    """A partial differential equation with its domain, its conditions and, if known, its solution.

    Attributes:
        name: What the command line calls it.
        domain: A geometry, or several by name where each has networks of its own (they meet in `Interface`s). Those of
            DeepXDE are taken as they are (see `kinn.geometry.adapt`).
        fields: The name of the field, or the names of all.
        strong: The residual of the strong form: called with the fields in order and the points, returns a field or
            several, zero at the solution; None for a problem of data alone. A mapping gives each subdomain its own.
        energy: The density of the energy whose minimum the solution is, called as `strong`, returns a field. A mapping
            gives each subdomain its own.
        work: The density of the work that loads do, which is subtracted from the energy: a function called as `strong`
            for the name of each boundary, and for "interior".
        inverse: The equation, where it has a known fundamental solution: `Laplace()`, `Elasticity(E, nu)`, ...; the form
            then has unknowns on boundaries alone. A mapping gives each subdomain its own.
        conditions: What holds on boundaries, at the start, between subdomains, at observed points.
        exact: The exact solution, a function of the coordinates written with `kinn.sin` and the like (or numpy's):
            one formula serves fields and arrays. For several fields it returns as many.
        reference: A computed solution where no formula is known: maps points `N x d` to values `N` or `N x C`.
        reference_fields: The computed solution with its derivatives, where it has any: called with the coordinates as fields,
            returns the fields.
        derived: What follows from the fields and is to be known too, a stress say: functions by name that are called as
            `strong` and return a field each.
        constants: What the residual calls as `p.name`: numbers, or functions of fields.
        unknowns: Constants and coefficients that are to be identified, called in the same way.
        features: Functions of the coordinates that the networks get as further inputs (a singular field at a crack
            tip, say); a mapping gives each subdomain its own.
        defaults: How it is solved when the user does not say.
        evaluation: Points (N, d) on which errors are measured; None for the cell centres of a regular grid.
        figures: Further figures of a solution by name: functions of the solution that return matplotlib figures.
        output: What figures and files show beside fields and errors: deformed shapes, stresses, lines, units.
        title: One line that describes it.
        source: Where the definition comes from.
    """

    name: str
    domain: Geometry | Mapping[str, Geometry]
    fields: str | Sequence[str] = field(default="u", kw_only=True)
    strong: Residual | Mapping[str, Residual] | None = field(default=None, kw_only=True)
    energy: Density | Mapping[str, Density] | None = field(default=None, kw_only=True)
    work: Mapping[str, Density] = field(default_factory=dict, kw_only=True)
    inverse: Equation | Mapping[str, Equation] | None = field(default=None, kw_only=True)
    conditions: Sequence[Condition] = field(default=(), kw_only=True)
    exact: Callable[..., Any] | None = field(default=None, kw_only=True)
    reference: Callable[[Array], Array] | None = field(default=None, kw_only=True)
    reference_fields: Callable[..., Any] | None = field(default=None, kw_only=True)
    derived: Mapping[str, Callable[..., Field]] = field(default_factory=dict, kw_only=True)
    coefficients: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    unknowns: Sequence[Unknown | UnknownField] = field(default=(), kw_only=True)
    features: Sequence[Callable[..., Any]] | Mapping[str, Sequence[Callable[..., Any]]] = field(
        default=(), kw_only=True
    )
    defaults: Defaults = field(default_factory=Defaults, kw_only=True)
    evaluation: Array | None = field(default=None, kw_only=True)
    figures: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict, kw_only=True)
    output: Postprocess = field(default_factory=Postprocess, kw_only=True)
    title: str = field(default="", kw_only=True)
    source: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        names = (self.fields,) if isinstance(self.fields, str) else tuple(self.fields)
        object.__setattr__(self, "fields", names)
        object.__setattr__(self, "conditions", tuple(self.conditions))
        object.__setattr__(self, "unknowns", tuple(self.unknowns))
        check(self)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields."""
        return self.fields  # type: ignore[return-value]

    @property
    def evaluated(self) -> tuple[str, ...]:
        """The names of all that a solution gives at points: the fields, then the unknown fields."""
        return (*self.names, *(u.name for u in self.unknown_fields))

    @property
    def unknown_constants(self) -> tuple[Unknown, ...]:
        """The constants to be identified."""
        return tuple(u for u in self.unknowns if isinstance(u, Unknown))

    @property
    def unknown_fields(self) -> tuple[UnknownField, ...]:
        """The coefficients to be identified."""
        return tuple(u for u in self.unknowns if isinstance(u, UnknownField))

    @cached_property
    def subdomains(self) -> dict[str, Geometry]:
        """The subdomains by name; one called "domain" where there is but one."""
        domains = self.domain if isinstance(self.domain, Mapping) else {WHOLE: self.domain}
        return {name: adapt(domain) for name, domain in domains.items()}

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The names of the coordinates."""
        return next(iter(self.subdomains.values())).coordinates

    @property
    def dimension(self) -> int:
        """The number of coordinates."""
        return len(self.coordinates)

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The lower and upper corner (d,) of the box around the domain."""
        corners = [g.bounds for g in self.subdomains.values()]
        return np.min([low for low, _ in corners], axis=0), np.max([high for _, high in corners], axis=0)

    def residual_of(self, subdomain: str) -> Residual | None:
        """Return the residual that holds in a subdomain."""
        return self.strong[subdomain] if isinstance(self.strong, Mapping) else self.strong

    def energy_of(self, subdomain: str) -> Density | None:
        """Return the density of the energy in a subdomain."""
        return self.energy[subdomain] if isinstance(self.energy, Mapping) else self.energy

    def equation_of(self, subdomain: str) -> Equation | None:
        """Return the equation with a fundamental solution that holds in a subdomain."""
        return self.inverse[subdomain] if isinstance(self.inverse, Mapping) else self.inverse

    def in_form(self, form: str) -> Problem:
        """Return the problem with the defaults of a form.

        Raises:
            InputError: If there is no such form, or the problem does not state it.
        """
        if form not in FORMS:
            raise unknown("form", form, FORMS)
        stated = {"strong": self.strong, "energy": self.energy, "inverse": self.inverse}
        others = [repr(name) for name, what in stated.items() if what is not None]
        if stated[form] is None and (form != "strong" or others):
            hint = f"; it does the {others[0]} form" if others else ""
            raise InputError(f"problem {self.name!r} does not state the {form} form: {form}= is missing{hint}")
        return replace(self, defaults=self.defaults.of(form))

    def features_of(self, subdomain: str) -> Sequence[Callable[..., Any]]:
        """Return the functions that the network of a subdomain gets as further inputs."""
        return self.features.get(subdomain, ()) if isinstance(self.features, Mapping) else self.features

    def sides(self, condition: Condition) -> tuple[tuple[str, ...], ...]:
        """Return the groups of subdomains a condition is evaluated in: each that has the boundary, or those that meet.

        Raises:
            InputError: If no subdomain has the boundary, or an interface is not between two.
        """
        try:
            return condition.groups(self.subdomains)
        except InputError as error:
            raise InputError(f"{condition.label} of problem {self.name!r}: {error}") from error

    def points(
        self,
        x: Any,
        normals: Any = None,
        observed: Any = None,
        paired_points: Sequence[Points] = (),
        weights: Any = None,
    ) -> Points:
        """Return points as residuals take them, with the problem's constants; see `Points`."""
        return Points(
            self.coordinates, x, normals, self.coefficients, observed, paired_points, weights=weights, fields=self.names
        )

    def contains(self, points: Array) -> npt.NDArray[np.bool_]:
        """Return which of the points (N, d) lie in the domain."""
        inside: npt.NDArray[np.bool_] = np.any([g.contains(points) for g in self.subdomains.values()], axis=0)
        return inside
