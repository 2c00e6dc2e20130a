"""The problem: what is to be solved, said once and independent of how."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kinn.boundary_integrals.equations import Equation
from kinn.conditions import Condition, General, Integral, PointCondition
from kinn.conditions.base import having
from kinn.conditions.general import INTERIOR
from kinn.errors import InputError, unknown
from kinn.fields import TIME, Field, Points
from kinn.geometry import Geometry, adapt
from kinn.networks import KAN, MLP, Architecture
from kinn.unknowns import Unknown, UnknownField

#: The name of the only subdomain of a problem that has but one.
WHOLE = "domain"

#: Strategies of the strong form, which no other form knows.
STRATEGIES = {"weights": None, "sampling": None, "causal": None, "slabs": 1}

#: A residual: takes the fields and the points, returns a field or several.
Residual: TypeAlias = Callable[..., Field | Sequence[Field]]
#: A density: takes the same, returns a field.
Density: TypeAlias = Callable[..., Field]
Array: TypeAlias = npt.NDArray[np.float64]

#: The forms that a problem can be stated in.
FORMS = ("strong", "energy", "inverse")


@dataclass(frozen=True)
class Defaults:
    """How a problem is solved when the user does not say.

    Attributes:
        networks: Architectures by name; others use the library's own defaults.
        points: The number of interior collocation points; None to follow the number of parameters.
        optimizer: The name of the optimizer.
        budget: Seconds of training.
        boundary: How much closer points lie on boundaries than inside: 1 gives both the same spacing.
        pde_weight: The factor of the mean square of the PDE's residual in the loss; conditions have 1.
        sampler: Draws interior points `n x d` of a subdomain, called with its geometry, n and a seed; None for a
            Sobol sequence spread evenly. Mean squares are taken over the points as drawn.
        weights: The loss weights, see `kinn.solve`: an object such as `kinn.NTK()` or its name.
        sampling: How points are moved while training goes on: `kinn.RAD()` or its name.
        causal: How early times come before late ones: `kinn.Causal()`, or True for its defaults.
        slabs: The number of intervals that the time is cut into.
        curriculum: The values that constants of the problem take one after the other, by name.
        per_parameter: Interior points for each parameter and field where `points` is None: with fewer the network fits the
            points and not the equations.
        penalty: The energy form's factor of the square of what its conditions leave over where they are not built in,
            in units of the density's stiffness and the size of the domain.
        quadrature: Makes points `n x d` and weights (n,) of a subdomain for the energy form, called with its geometry,
            n and a seed, None for that of the rule trained on; None for the geometry's own.
        form: The form that they are for.
        forms: What other forms than the strong one do otherwise, by the name of the form: `{"energy": {"budget": 30}}`.
    """

    networks: Mapping[str, Architecture] = field(default_factory=dict)
    points: int | None = None
    boundary: float = 1.0
    optimizer: str = "auto"
    budget: float = 60.0
    pde_weight: float = 1e-2
    sampler: Callable[[Geometry, int, int], Array] | None = None
    weights: Any = None
    sampling: Any = None
    causal: Any = None
    slabs: int = 1
    curriculum: Mapping[str, Sequence[float]] | None = None
    per_parameter: float = 4.0
    penalty: float = 100.0
    quadrature: Callable[[Geometry, int, int | None], tuple[Array, Array]] | None = None
    form: str = "strong"
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, form: str) -> Defaults:
        """Return the defaults of a form."""
        own = {**OF_FORMS.get(form, {}), **self.forms.get(form, {})} if form != self.form else {}
        if "networks" in own:
            own["networks"] = {**self.networks, **own["networks"]}
        return replace(self, form=form, **own)


#: What the forms do otherwise than the strong one on any problem.
OF_FORMS: dict[str, dict[str, Any]] = {
    "energy": {"points": None, "per_parameter": 10.0, **STRATEGIES},
    "inverse": {
        "points": None,
        "per_parameter": 2.0,
        "networks": {"kan": KAN((4,), 6, 5), "mlp": MLP((10,))},  # one an edge, of one coordinate
        "budget": 20.0,
        **STRATEGIES,
    },
}


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
    constants: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    unknowns: Sequence[Unknown | UnknownField] = field(default=(), kw_only=True)
    features: Sequence[Callable[..., Any]] | Mapping[str, Sequence[Callable[..., Any]]] = field(
        default=(), kw_only=True
    )
    defaults: Defaults = field(default_factory=Defaults, kw_only=True)
    evaluation: Array | None = field(default=None, kw_only=True)
    figures: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict, kw_only=True)
    title: str = field(default="", kw_only=True)
    source: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        names = (self.fields,) if isinstance(self.fields, str) else tuple(self.fields)
        object.__setattr__(self, "fields", names)
        object.__setattr__(self, "conditions", tuple(self.conditions))
        object.__setattr__(self, "unknowns", tuple(self.unknowns))
        if not names or len(set(names)) != len(names):
            raise InputError(f"problem {self.name!r} needs fields with distinct names, not {names}")
        if not self.subdomains:
            raise InputError(f"problem {self.name!r} has no domain")
        if len({g.coordinates for g in self.subdomains.values()}) > 1:
            raise InputError(f"the subdomains of problem {self.name!r} have different coordinates")
        if self.strong is None and self.energy is None and self.inverse is None and not self.conditions:
            raise InputError(f"problem {self.name!r} states neither an equation nor a condition")
        self._check_names()
        for condition in self.conditions:
            self._check(condition)
        self._check_residuals()
        self._check_work()

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
        opposite: Sequence[Points] = (),
        weights: Any = None,
    ) -> Points:
        """Return points as residuals take them, with the problem's constants; see `Points`."""
        return Points(
            self.coordinates, x, normals, self.constants, observed, opposite, weights=weights, fields=self.names
        )

    def contains(self, points: Array) -> npt.NDArray[np.bool_]:
        """Return which of the points (N, d) lie in the domain."""
        inside: npt.NDArray[np.bool_] = np.any([g.contains(points) for g in self.subdomains.values()], axis=0)
        return inside

    def _check_names(self) -> None:
        """Raise unless everything that residuals call as `p.name` has a name of its own."""
        taken = [*self.names, *self.coordinates, *self.constants]
        for sought in self.unknowns:
            where = f"the unknown {sought.name!r} of problem {self.name!r}"
            if not sought.name.isidentifier() or hasattr(Points, sought.name):
                raise InputError(f"{where} cannot be called so: p.{sought.name} means something else")
            if sought.name in taken:
                raise InputError(f"{where} has the name of a field, a coordinate, a constant or another unknown")
            taken.append(sought.name)
            for name in getattr(sought, "of", None) or ():
                if name not in self.coordinates:
                    raise unknown("coordinate", name, self.coordinates, where)

    def _check(self, condition: Condition) -> None:
        where = f"{condition.label} of problem {self.name!r}"
        for name in condition.about:
            if name not in self.evaluated:
                raise unknown("field", name, self.evaluated, where)
            if name not in self.names and getattr(condition, "enforce", "soft") == "hard":
                raise InputError(
                    f"{where} is about an unknown, which hard conditions are not built into: enforce it soft"
                )
        self.sides(condition)
        if isinstance(condition, General):
            self._check_arguments(condition.residual, f"the residual of {condition.label}")
        if isinstance(condition, Integral):
            if callable(condition.of):
                self._check_arguments(condition.of, f"the integrand of {condition.label}")
            if callable(condition.value) and TIME not in self.coordinates:
                raise InputError(f"{where} is a number, for it can depend on time alone, and there is none")
        if isinstance(condition, PointCondition):
            self._check_points(condition.where, where)

    def _check_points(self, points: Array, where: str) -> None:
        if points.shape[1] != self.dimension:
            raise InputError(
                f"{where} has points of {points.shape[1]} coordinates; "
                f"the domain has {self.dimension} ({', '.join(self.coordinates)})"
            )
        outside = ~self.contains(points)
        if outside.any():
            first = ", ".join(f"{c:g}" for c in points[outside][0])
            raise InputError(f"{where} has {int(outside.sum())} points outside the domain, the first at ({first})")

    def _check_residuals(self) -> None:
        for stated, what, of, plural in (
            (self.strong, "residual", self.residual_of, "residuals"),
            (self.energy, "energy", self.energy_of, "energies"),
            (self.inverse, "equation", lambda _: None, "equations"),
        ):
            if isinstance(stated, Mapping):
                for name in stated:
                    if name not in self.subdomains:
                        raise unknown("subdomain", name, self.subdomains, f"the {plural} of problem {self.name!r}")
                for name in self.subdomains:
                    if name not in stated:
                        raise InputError(f"problem {self.name!r} states no {what} for its subdomain {name!r}")
            for name in self.subdomains:
                function = of(name)
                if function is None:
                    continue
                if not callable(function):
                    raise InputError(f"the {what} of problem {self.name!r} is no function: {function!r}")
                self._check_arguments(function, f"the {what}")

        for name in self.subdomains:
            equation = self.equation_of(name)
            if equation is not None and not isinstance(equation, Equation):
                raise InputError(
                    f"inverse= of problem {self.name!r} takes an equation such as Laplace(), not {equation!r}"
                )

        for name, function in self.derived.items():
            if name in (*self.evaluated, *self.coordinates) or not name.isidentifier():
                raise InputError(f"problem {self.name!r} derives {name!r}, which is no name or that of something else")
            self._check_arguments(function, f"the derived {name!r}")

    def _check_work(self) -> None:
        for on, function in self.work.items():
            if on != INTERIOR:
                try:
                    having(self.subdomains, on)
                except InputError as error:
                    raise InputError(f"the work of problem {self.name!r}: {error}") from error
            if not callable(function):
                raise InputError(f"the work on {on!r} of problem {self.name!r} is no function: {function!r}")
            self._check_arguments(function, f"the work on {on!r}")

    def _check_arguments(self, function: Callable[..., Any], what: str) -> None:
        expected = [*self.names, "p"]
        try:
            inspect.signature(function).bind(*expected)
        except TypeError as error:
            raise InputError(
                f"{what} of problem {self.name!r} must take {', '.join(expected)} in this order: {error}"
            ) from error
