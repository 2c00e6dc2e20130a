"""Well-posedness checks of a problem before training: too few conditions, too many, or contradictory ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import torch

from kinn.conditions import Condition
from kinn.errors import ProblemWarning
from kinn.fields import TIME, Field, evaluating
from kinn.forms.compatibility import value_issues
from kinn.forms.discontinuities import Jump, quadrature_breaks, refuse_differentiated_jumps
from kinn.forms.terms import TermResidual, pde_residual
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
    """Warn of each reason to doubt that a problem is well-posed.

    Raises:
        InputError: If it takes derivatives of what jumps or of plain data.
    """
    refuse_differentiated_jumps(problem)
    for issue in well_posedness_issues(problem):
        warnings.warn(f"problem {problem.name!r} {issue}", ProblemWarning, stacklevel=3)


def well_posedness_issues(problem: Problem) -> Iterator[str]:
    """Reasons to doubt that a problem is well-posed, each in a few words that follow its name."""
    unknowns: set[str] = set()
    where = {name: f" in its subdomain {name!r}" if len(problem.subdomains) > 1 else "" for name in problem.subdomains}
    # values at points may stand in for conditions on boundaries
    at_points = {name for c in problem.conditions if c.locations is not None for name in c.field_names}
    for name in problem.subdomains:
        equations = _summarise(problem, name)
        unknowns |= equations.unknowns
        yield from (issue + where[name] for issue in _equation_count(problem, equations))
        for u in problem.names:
            if u in at_points:
                continue
            order = {coordinate: equations.order.get((u, coordinate), 0) for coordinate in problem.coordinates}
            in_time, in_space = order.pop(TIME, 0), max(order.values(), default=0)
            if in_time:
                yield from (issue + where[name] for issue in _initial_conditions(problem, name, u, in_time))
            if in_space:
                yield from (issue + where[name] for issue in _boundary_conditions(problem, name, u, in_space))
    yield from (issue + where[name] for name, issue in value_issues(problem))
    for unknown in problem.unknowns:
        if unknown.name not in unknowns and not any(unknown.name in c.field_names for c in problem.conditions):
            yield f"never calls its unknown p.{unknown.name}"
    if problem.defaults.form == "energy":
        for name, breaks in quadrature_breaks(problem).items():
            cuts = isinstance(breaks, Jump) or (any(breaks) and not problem.subdomains[name].cuts_cells)
            if cuts:
                at = f", as at {breaks.place(problem.coordinates)}" if isinstance(breaks, Jump) else ""
                yield (
                    f"has an energy that jumps inside its domain{at}, which the quadrature does not see{where[name]}: "
                    "make both sides subdomains with an Interface"
                )
    if problem.defaults.form == "strong" and any(c.loaded_fields(problem.names) for c in problem.conditions):
        from kinn.forms.zero_energy_modes import REMEDY, zero_energy_modes  # bodies under tractions alone

        modes = None if problem.unknowns else zero_energy_modes(problem)
        if modes is not None:
            yield f"leaves a motion free: {modes} at will, whatever the tractions; {REMEDY}"
    if problem.unknowns and all(c.observed is None for c in problem.conditions):
        yield "has unknowns, and no observations to find them by"


def _summarise(problem: Problem, subdomain: str) -> EquationSummary:
    """Summary of the equations of a subdomain, evaluated on recording fields."""
    summary = EquationSummary()
    p = problem.points(torch.as_tensor(problem.subdomains[subdomain].sample(PROBES, seed=1)))

    def record(name: str, a: Index) -> Component:
        if name not in problem.names:
            summary.unknowns.add(name)
        for coordinate, n in zip(problem.coordinates, a, strict=True):
            key = name, coordinate
            summary.order[key] = max(summary.order.get(key, 0), 2 if n == TRACE else n)
        return torch.ones(len(p), dtype=torch.float64)

    names = [*problem.names, *(u.name for u in problem.unknowns)]
    fields = {name: Field(problem.coordinates, partial(record, name), name) for name in names}
    p = p.with_bindings([{u.name: fields[u.name] for u in problem.unknowns}])
    residuals: list[TermResidual] = [c.residuals for c in problem.conditions if c.is_interior]
    if (pde := problem.residual_of(subdomain)) is not None:
        residuals.append(pde_residual(pde, problem.names))
    for residual in residuals:
        with evaluating(f"the residual of problem {problem.name!r}"):
            components = residual([fields], p)
            for r in components:
                if isinstance(r, Field):
                    r.value  # noqa: B018 (evaluating it records)
        summary.count += len(components)
    return summary


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


def _initial_conditions(problem: Problem, subdomain: str, u: str, order: int) -> Iterator[str]:
    """Issues of the initial conditions: one is needed for each order of the time derivative."""
    stated = sum(len(_conditions_on(problem, subdomain, u, instant)) for instant in ("initial", "final"))
    if not stated:
        yield f"has no initial condition for {u!r}"
    elif stated < order:
        yield f"has {stated} condition for {u!r} at the start, and its equations hold time derivatives of order {order}"


def _boundary_conditions(problem: Problem, subdomain: str, u: str, order: int) -> Iterator[str]:
    """Issues of the boundary conditions: parts with too few for the order of the equations."""
    parts = [part.name for part in problem.subdomains[subdomain].parts if part.label.lateral]
    stated = {
        name: sum(c.multiplicity for c in _conditions_on(problem, subdomain, u, name)) for name in dict.fromkeys(parts)
    }
    if not any(stated.values()):
        yield f"has no boundary condition for {u!r}"
    elif order >= 2:
        needed = order // 2
        bare = [name for name, count in stated.items() if count < needed]
        if bare:
            few = "no condition" if needed == 1 else f"fewer than {needed} conditions"
            yield f"has {few} for {u!r} on {', '.join(map(repr, bare))}"


def _conditions_on(problem: Problem, subdomain: str, u: str, part: str) -> list[Condition]:
    """Conditions on a field that hold on a part of the boundary of a subdomain."""
    geometry = problem.subdomains[subdomain]
    return [
        c
        for c in problem.conditions
        if u in (c.field_names or problem.names)
        and any(subdomain in group for group in problem.subdomain_groups(c))
        and any(leaf.name == part for name in c.boundaries for leaf in geometry.boundary(name).parts)
    ]
