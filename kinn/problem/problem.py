"""The problem: what is to be solved, stated once and independently of the method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from kinn.conditions import INTERIOR, Condition, subdomains_with
from kinn.defaults import Defaults
from kinn.errors import InputError, check_name
from kinn.fields import TIME, Field, Points
from kinn.geometry import Geometry
from kinn.geometry.types import Array, Mask
from kinn.problem.postprocess import Postprocess
from kinn.problem.validation import (
    check_arguments,
    check_bindings,
    check_coefficient_names,
    check_coordinate_names,
    check_field_names,
    check_points,
)
from kinn.unknowns import Unknown, UnknownField

if TYPE_CHECKING:  # loaded by those that state the inverse form
    from kinn.equations import Equation

#: The name of the subdomain of a problem that has but one.
SINGLE_DOMAIN = "domain"

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
        domain: A geometry, or several by name, each with its own network (they meet in `Interface`s). DeepXDE's geometries
            are accepted (see `kinn.geometry.adapt`).
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
        derived: Derived fields, a stress say: functions by name that are called as `strong` and return a field each.
        coefficients: What residuals access as `p.name`: numbers, or functions of fields.
        unknowns: Constants and fields that are to be identified, accessed in the same way.
        features: Functions of the coordinates that the networks get as further inputs (a singular field at a crack
            tip, say); a mapping gives each subdomain its own.
        defaults: How it is solved when the user does not say.
        evaluation: Points (N, d) on which errors are measured; None for the cell centres of a regular grid.
        figures: Further figures of a solution by name: functions of the solution that return matplotlib figures.
        postprocess: What figures and files show beside fields and errors: deformed shapes, stresses, lines, units.
        title: One line that describes it.
        source: Where the definition comes from.
    """

    name: str
    domain: Geometry | Mapping[str, Geometry]
    _: KW_ONLY
    fields: str | Sequence[str] = "u"
    strong: Residual | Mapping[str, Residual] | None = None
    energy: Density | Mapping[str, Density] | None = None
    work: Mapping[str, Density] = field(default_factory=dict)
    inverse: Equation | Mapping[str, Equation] | None = None
    conditions: Sequence[Condition] = ()
    exact: Callable[..., Any] | None = None
    reference: Callable[[Array], Array] | None = None
    reference_fields: Callable[..., Any] | None = None
    derived: Mapping[str, Callable[..., Field]] = field(default_factory=dict)
    coefficients: Mapping[str, Any] = field(default_factory=dict)
    unknowns: Sequence[Unknown | UnknownField] = ()
    features: Sequence[Callable[..., Any]] | Mapping[str, Sequence[Callable[..., Any]]] = ()
    defaults: Defaults = field(default_factory=Defaults)
    evaluation: Array | None = None
    figures: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    postprocess: Postprocess = field(default_factory=Postprocess)
    title: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        names = (self.fields,) if isinstance(self.fields, str) else tuple(self.fields)
        object.__setattr__(self, "fields", names)
        object.__setattr__(self, "conditions", tuple(self.conditions))
        object.__setattr__(self, "unknowns", tuple(self.unknowns))
        self._check()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields."""
        return self.fields  # type: ignore[return-value]

    @property
    def output_names(self) -> tuple[str, ...]:
        """The names of all that a solution gives at points: the fields, then the unknown fields."""
        return (*self.names, *(u.name for u in self.unknown_fields))

    @property
    def unknown_constants(self) -> tuple[Unknown, ...]:
        """The constants to be identified."""
        return tuple(u for u in self.unknowns if isinstance(u, Unknown))

    @property
    def unknown_fields(self) -> tuple[UnknownField, ...]:
        """The fields to be identified."""
        return tuple(u for u in self.unknowns if isinstance(u, UnknownField))

    @cached_property
    def subdomains(self) -> dict[str, Geometry]:
        """The subdomains by name; one called "domain" where there is but one."""
        domains = self.domain if isinstance(self.domain, Mapping) else {SINGLE_DOMAIN: self.domain}
        if all(isinstance(domain, Geometry) for domain in domains.values()):
            return dict(domains)
        from kinn.geometry import adapt  # other libraries' geometries

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
        """Residual of the strong form in a subdomain."""
        return self.strong[subdomain] if isinstance(self.strong, Mapping) else self.strong

    def energy_of(self, subdomain: str) -> Density | None:
        """Density of the energy in a subdomain."""
        return self.energy[subdomain] if isinstance(self.energy, Mapping) else self.energy

    def equation_of(self, subdomain: str) -> Equation | None:
        """Equation with a fundamental solution in a subdomain."""
        return self.inverse[subdomain] if isinstance(self.inverse, Mapping) else self.inverse

    def features_of(self, subdomain: str) -> Sequence[Callable[..., Any]]:
        """Functions that the network of a subdomain takes as further inputs."""
        return self.features.get(subdomain, ()) if isinstance(self.features, Mapping) else self.features

    def in_form(self, form: str) -> Problem:
        """Problem with the defaults of a form.

        Raises:
            InputError: If there is no such form, or the problem does not state it.
        """
        check_name("form", form, FORMS)
        stated = {"strong": self.strong, "energy": self.energy, "inverse": self.inverse}
        others = [repr(name) for name, what in stated.items() if what is not None]
        if stated[form] is None and (form != "strong" or others):
            hint = f"; it does the {others[0]} form" if others else ""
            raise InputError(f"problem {self.name!r} does not state the {form} form: {form}= is missing{hint}")
        return replace(self, defaults=self.defaults.of(form))

    def subdomain_groups(self, condition: Condition) -> tuple[tuple[str, ...], ...]:
        """Groups of subdomains that a condition is evaluated in: each that has the boundary, or those that meet.

        Raises:
            InputError: If no subdomain has the boundary, or an interface is not between two.
        """
        try:
            return condition.subdomain_groups(self.subdomains)
        except InputError as error:
            raise InputError(f"{condition.label} of problem {self.name!r}: {error}") from error

    def points(self, x: Any, normals: Any = None, observed: Any = None, **data: Any) -> Points:
        """Points for residuals, with the problem's coefficients; see `Points`."""
        return Points(self.coordinates, x, normals, self.coefficients, observed, fields=self.names, **data)

    def contains(self, points: Array) -> Mask:
        """Whether points (N, d) lie in the domain, (N,)."""
        return np.asarray(np.any([g.contains(points) for g in self.subdomains.values()], axis=0))

    # Checks, each of which raises one line that names what is wrong, where, and what there is instead

    def _check(self) -> None:
        name = self.name
        if not self.names or len(set(self.names)) != len(self.names):
            raise InputError(f"problem {name!r} needs fields with distinct names, not {self.names}")
        if not self.subdomains:
            raise InputError(f"problem {name!r} has no domain")
        if len({g.coordinates for g in self.subdomains.values()}) > 1:
            raise InputError(f"the subdomains of problem {name!r} have different coordinates")
        if self.strong is None and self.energy is None and self.inverse is None and not self.conditions:
            raise InputError(f"problem {name!r} states neither an equation nor a condition")
        check_coordinate_names(self.coordinates, f"problem {name!r}")
        taken = [*self.names, *self.coordinates, *self.coefficients]
        check_field_names(self.names, self.coordinates, f"problem {name!r}")
        check_coefficient_names(self.coefficients, [*self.names, *self.coordinates], f"problem {name!r}")
        check_bindings(self.unknowns, taken, self.coordinates, f"problem {name!r}")
        object.__setattr__(self, "conditions", tuple(c.in_dimension(self.dimension) for c in self.conditions))
        for condition in self.conditions:
            self._check_condition(condition)
        self._check_tractions()
        for stated, what, plural in (
            (self.strong, "residual", "residuals"),
            (self.energy, "energy", "energies"),
            (self.inverse, "equation", "equations"),
        ):
            self._check_form(stated, what, plural)
        self._check_functions()
        space = [name for name in self.coordinates if name != TIME]
        known = [*self.coordinates, *self.output_names, *self.derived]
        self.postprocess.check(self.names, space, known, f"the output of problem {name!r}")
        for label, ends in self.postprocess.lines.items():
            self._check_line(label, np.asarray(ends, dtype=np.float64))
        if self.postprocess.stress is not None:
            self._check_arguments(self.postprocess.stress, "the stress in the output")

    def _check_condition(self, condition: Condition) -> None:
        where = f"{condition.label} of problem {self.name!r}"
        for name in condition.field_names:
            check_name("field", name, self.output_names, where)
            if name not in self.names and condition.enforce == "hard":
                raise InputError(
                    f"{where} is about an unknown, which hard conditions are not built into: enforce it soft"
                )
        self.subdomain_groups(condition)
        try:
            condition.check_geometry(self.subdomains)
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
        for what, function in condition.functions.items():
            self._check_arguments(function, what)
        if condition.locations is not None:
            check_points(condition.locations, self.coordinates, self.contains, where)

    def _check_tractions(self) -> None:
        """Refuse a traction along a displacement that is prescribed on the same part of the boundary."""
        supports = [c for c in self.conditions if (datum := c.boundary_datum) is not None and datum.order == 1]
        for traction, support in product(self.conditions, supports):
            (u,) = support.field_names
            if u not in traction.loaded_fields(self.names):
                continue
            on = (*traction.boundaries, *support.boundaries)
            for name in set.intersection(*(set(subdomains_with(self.subdomains, boundary)) for boundary in on)):
                parts = [{part.name for part in self.subdomains[name].boundary(boundary).parts} for boundary in on]
                if common := sorted(set.intersection(*parts)):
                    raise InputError(
                        f"{traction.label} of problem {self.name!r} gives the traction along {u!r} on {common[0]!r}, "
                        f"where {support.label} gives {u!r} itself: give None for that component of the traction"
                    )

    def _check_form(self, stated: Any, what: str, plural: str) -> None:
        """Refuse a form that some subdomain lacks, or that is stated by something else than what it takes."""
        if isinstance(stated, Mapping):
            for name in stated:
                check_name("subdomain", name, self.subdomains, f"the {plural} of problem {self.name!r}")
            for name in self.subdomains:
                if name not in stated:
                    raise InputError(f"problem {self.name!r} states no {what} for its subdomain {name!r}")
        for item in stated.values() if isinstance(stated, Mapping) else (stated,):
            if item is None:
                continue
            if what == "equation":
                from kinn.equations import Equation

                if not isinstance(item, Equation):
                    raise InputError(
                        f"inverse= of problem {self.name!r} takes an equation such as Laplace(), not {item!r}"
                    )
                continue
            if not callable(item):
                raise InputError(f"the {what} of problem {self.name!r} is no function: {item!r}")
            self._check_arguments(item, f"the {what}")

    def _check_functions(self) -> None:
        """Check derived fields and the work of loads."""
        for name, function in self.derived.items():
            if name in (*self.output_names, *self.coordinates) or not name.isidentifier():
                raise InputError(f"problem {self.name!r} derives {name!r}, which is no name or that of something else")
            self._check_arguments(function, f"the derived {name!r}")
        for on, function in self.work.items():
            if on != INTERIOR:
                try:
                    subdomains_with(self.subdomains, on)
                except InputError as error:
                    raise InputError(f"the work of problem {self.name!r}: {error}") from error
            if not callable(function):
                raise InputError(f"the work on {on!r} of problem {self.name!r} is no function: {function!r}")
            self._check_arguments(function, f"the work on {on!r}")

    def _check_line(self, label: str, ends: Array) -> None:
        where = f"the output of problem {self.name!r}"
        if ends.shape != (2, self.dimension) or not np.ptp(ends, axis=0).any():
            raise InputError(
                f"{where} has the line {label!r}, which takes two ends of {self.dimension} coordinates each"
            )
        check_points(ends, self.coordinates, self.contains, f"the line {label!r} in {where}")

    def _check_arguments(self, function: Callable[..., Any], what: str) -> None:
        check_arguments(function, (*self.names, "p"), f"{what} of problem {self.name!r}")
