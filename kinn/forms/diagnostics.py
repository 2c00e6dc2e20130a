"""Well-posedness checks of a problem before training: too few conditions, too many, or contradictory ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from kinn.conditions import INTERIOR, Condition, ResidualCondition
from kinn.errors import ProblemWarning
from kinn.fields import TIME, Field, Points
from kinn.forms.compatibility import value_issues
from kinn.forms.zero_energy_modes import REMEDY, zero_energy_modes
from kinn.jets import Component, Index
from kinn.jets.index import TRACE
from kinn.problem import Problem

#: At how many points residuals are evaluated.
PROBES = 3


@dataclass
class EquationSummary:
    """What the equations of a subdomain contain.

    Attributes:
        count: Their number.
        order: The highest derivative of each field along each coordinate.
        unknowns: The names of the unknowns in them.
    """

    count: int = 0
    order: dict[tuple[str, str], int] = field(default_factory=dict)
    unknowns: set[str] = field(default_factory=set)


def warn_if_ill_posed(problem: Problem) -> None:
    """Warn of each reason to doubt that a problem is well-posed."""
    for issue in well_posedness_issues(problem):
        warnings.warn(f"problem {problem.name!r} {issue}", ProblemWarning, stacklevel=3)


def well_posedness_issues(problem: Problem) -> Iterator[str]:
    """Reasons to doubt that a problem is well-posed, each in a few words that follow its name."""
    unknowns: set[str] = set()
    for name in problem.subdomains:
        equations = _summarise(problem, name)
        unknowns |= equations.unknowns
        where = _where(problem, name)
        yield from (issue + where for issue in _equation_count(problem, equations))
        for u in problem.names:
            yield from (issue + where for issue in _initial_conditions(problem, name, u, equations))
            yield from (issue + where for issue in _boundary_conditions(problem, name, u, equations))
    yield from (issue + _where(problem, name) for name, issue in value_issues(problem))
    for unknown in problem.unknowns:
        if unknown.name not in unknowns and not any(unknown.name in c.field_names for c in problem.conditions):
            yield f"never calls its unknown p.{unknown.name}"
    if problem.defaults.form == "strong" and any(c.loaded_fields(problem.names) for c in problem.conditions):
        modes = None if problem.unknowns else zero_energy_modes(problem)
        if modes is not None:
            yield f"leaves a motion free: {modes} at will, whatever the tractions; {REMEDY}"
    if problem.unknowns and all(c.observed is None for c in problem.conditions):
        yield "has unknowns, and no observations to find them by"


def _where(problem: Problem, subdomain: str) -> str:
    """Name of a subdomain for messages, where there are several."""
    return "" if len(problem.subdomains) == 1 else f" in its subdomain {subdomain!r}"


def _summarise(problem: Problem, subdomain: str) -> EquationSummary:
    """Summary of the equations of a subdomain, evaluated on recording fields."""
    summary = EquationSummary()
    p = problem.points(torch.as_tensor(problem.subdomains[subdomain].sample(PROBES, seed=1)))

    def recorder(name: str) -> Callable[[Index], Component]:
        def component(a: Index) -> Component:
            if name not in problem.names:
                summary.unknowns.add(name)
            for coordinate, n in zip(problem.coordinates, a, strict=True):
                key = name, coordinate
                summary.order[key] = max(summary.order.get(key, 0), 2 if n == TRACE else n)
            return torch.ones(len(p), dtype=torch.float64)

        return component

    fields = {u: Field(problem.coordinates, recorder(u), u) for u in problem.names}
    p = p.with_bindings([{u.name: Field(problem.coordinates, recorder(u.name), u.name) for u in problem.unknowns}])
    for residual in _equations(problem, subdomain):
        components = residual(fields, p)
        for r in components:
            if isinstance(r, Field):
                r.value  # noqa: B018 (evaluating it records)
        summary.count += len(components)
    return summary


def _equations(problem: Problem, subdomain: str) -> list[Callable[[dict[str, Field], Points], Sequence[Field]]]:
    """Residuals that hold throughout a subdomain."""
    equations = [condition for condition in problem.conditions if condition.is_interior]
    residual = problem.residual_of(subdomain)
    if residual is not None:
        equations.append(ResidualCondition(residual, on=INTERIOR))
    return [lambda fields, p, equation=equation: equation.residuals([fields], p) for equation in equations]  # type: ignore[misc]


def _equation_count(problem: Problem, equations: EquationSummary) -> Iterator[str]:
    """Issues of the number of equations."""
    fields = len(problem.names) + len(problem.unknown_fields)
    measured = {name for c in problem.conditions if c.observed is not None for name in c.field_names}
    if not equations.count:
        return
    if equations.count > fields:
        yield f"is over-determined: {equations.count} equations for {fields} fields"
    if equations.count + len(measured) < len(problem.names):
        yield f"is under-determined: {equations.count} equations for {len(problem.names)} fields"


def _initial_conditions(problem: Problem, subdomain: str, u: str, equations: EquationSummary) -> Iterator[str]:
    """Issues of the initial conditions: one is needed for each order of the time derivative."""
    order = equations.order.get((u, TIME), 0)
    if not order or _measured(problem, u):
        return
    stated = sum(len(_on(problem, subdomain, u, instant)) for instant in ("initial", "final"))
    if not stated:
        yield f"has no initial condition for {u!r}"
    elif stated < order:
        yield f"has {stated} condition for {u!r} at the start, and its equations hold time derivatives of order {order}"


def _boundary_conditions(problem: Problem, subdomain: str, u: str, equations: EquationSummary) -> Iterator[str]:
    """Issues of the boundary conditions: parts with too few for the order of the equations."""
    space = [c for c in problem.coordinates if c != TIME]
    order = max((equations.order.get((u, c), 0) for c in space), default=0)
    if not order or _measured(problem, u):
        return
    parts = [part.name for part in problem.subdomains[subdomain].parts if part.label.lateral]
    stated = {name: sum(c.multiplicity for c in _on(problem, subdomain, u, name)) for name in dict.fromkeys(parts)}
    if not any(stated.values()):
        yield f"has no boundary condition for {u!r}"
    elif order >= 2:
        needed = order // 2
        bare = [name for name, count in stated.items() if count < needed]
        if bare:
            few = "no condition" if needed == 1 else f"fewer than {needed} conditions"
            yield f"has {few} for {u!r} on {', '.join(map(repr, bare))}"


def _measured(problem: Problem, u: str) -> bool:
    """Whether a field is given at points, which may stand in for conditions on boundaries."""
    return any(c.locations is not None and u in c.field_names for c in problem.conditions)


def _on(problem: Problem, subdomain: str, u: str, part: str) -> list[Condition]:
    """Conditions on a field that hold on a part of the boundary of a subdomain."""
    return [
        c for c in problem.conditions if u in (c.field_names or problem.names) and part in _parts(problem, subdomain, c)
    ]


def _parts(problem: Problem, subdomain: str, condition: Condition) -> set[str]:
    """Names of the parts of a subdomain's boundary that a condition holds on."""
    if not any(subdomain in group for group in problem.subdomain_groups(condition)):
        return set()
    geometry = problem.subdomains[subdomain]
    return {part.name for name in condition.boundaries for part in geometry.boundary(name).parts}
