"""Well-posedness checks of a problem before training: too few conditions, too many, or contradictory ones."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import torch

from kinn.conditions import Condition, Integral
from kinn.errors import InputError, ProblemWarning
from kinn.fields import TIME, Field, Points, evaluating
from kinn.forms.collocation import CollocationSampler
from kinn.forms.compatibility import common_points, value_conditions, value_issues
from kinn.forms.discontinuities import Jump, quadrature_breaks, refuse_differentiated_jumps
from kinn.forms.scale_invariance import evaluate_on_components, scale_invariances
from kinn.forms.terms import TermResidual, pde_residual
from kinn.jets import Component, Index
from kinn.jets.index import TRACE
from kinn.problem import Problem

#: At how many points residuals are evaluated, and normals.
PROBES = 3

#: Up to this many hard conditions on a field are compared in pairs.
MOST_SIDES = 32
PROBES_ACROSS = 16

#: A boundary whose normal has no larger component along a coordinate is parallel to it.
PARALLEL = 1e-9


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
    summaries = {}
    where = {name: f" in its subdomain {name!r}" if len(problem.subdomains) > 1 else "" for name in problem.subdomains}
    # values at points may stand in for conditions on boundaries
    at_points = _fields_at_points(problem)
    for name in problem.subdomains:
        equations = summaries[name] = _summarise(problem, name)
        unknowns |= equations.unknowns
        yield from (issue + where[name] for issue in _equation_count(problem, equations))
        for u in problem.names:
            if u in at_points:
                continue
            highest = {coordinate: equations.order.get((u, coordinate), 0) for coordinate in problem.coordinates}
            in_time, in_space = highest.pop(TIME, 0), max(highest.values(), default=0)
            if in_time:
                yield from (issue + where[name] for issue in _initial_conditions(problem, name, u, in_time))
            if in_space:
                yield from (issue + where[name] for issue in _boundary_conditions(problem, name, u, equations.order))
    contradictory = set()
    for name, issue in value_issues(problem):
        contradictory.add(name)
        yield issue + where[name]
    for name in problem.subdomains:
        for u in problem.names if name not in contradictory else ():
            if (blend := _singular_blend(problem, name, u)) is not None:
                yield blend + where[name]
    uncalled = {u.name for u in problem.unknowns} - unknowns - {n for c in problem.conditions for n in c.field_names}
    if uncalled:
        uncalled -= _summarise_conditions(problem, problem.conditions).unknowns
    yield from (f"never calls its unknown p.{u.name}" for u in problem.unknowns if u.name in uncalled)
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
    observed = any(c.observed is not None for c in problem.conditions)
    if problem.unknowns and not observed and not _has_surplus(problem, summaries):
        yield "has unknowns, and no observations to find them by"
    elif problem.defaults.form == "strong":
        for exponents in scale_invariances(problem):
            factors = ", ".join(f"{name} times {_power(x)}" for name, x in exponents.items())
            yield f"leaves a scale free: {factors} satisfy all it states too, for any s; state or observe one of them"


def _singular_blend(problem: Problem, subdomain: str, field: str) -> str | None:
    """Words on hard data that differ on boundaries which meet, if weights that jump there blend them."""
    hard = [c for c in value_conditions(problem, subdomain, field) if c.enforce == "hard"]
    if not 2 <= len(hard) <= MOST_SIDES:
        return None
    from kinn.forms.hard.ansatz import hard_ansatz
    from kinn.forms.hard.distance_ansatz import DistanceAnsatz

    try:
        ansatz = hard_ansatz(problem, subdomain, field)
    except InputError:  # raised again where the trial functions are built
        return None
    if not isinstance(ansatz, DistanceAnsatz) or ansatz.corner_lift is not None:
        return None
    geometry = problem.subdomains[subdomain]
    for first, second in combinations([c for c in ansatz.constraints if callable(c.value)], 2):
        if len(points := common_points(first.boundary, second.boundary, geometry)):
            where = ", ".join(f"{name} = {x:.6g}" for name, x in zip(problem.coordinates, points[0], strict=True))
            return (
                f"enforces different functions for {field!r} hard on boundaries that meet at {where}: their blend has "
                "unbounded second derivatives there; enforce them soft, or state one function for both"
            )
    return None


def _power(exponent: float) -> str:
    """Power of s in words."""
    power = "s" if abs(exponent) == 1 else f"s^{abs(exponent):g}"
    return power if exponent > 0 else f"1/{power}"


def _summarise(problem: Problem, subdomain: str) -> EquationSummary:
    """Summary of the equations of a subdomain, evaluated on recording fields."""
    summary = EquationSummary()
    p = problem.points(torch.as_tensor(problem.subdomains[subdomain].sample(PROBES, seed=1)))
    residuals: list[TermResidual] = [c.residuals for c in problem.conditions if c.is_interior]
    if (pde := problem.residual_of(subdomain)) is not None:
        residuals.append(pde_residual(pde, problem.names))
    for residual in residuals:
        with evaluating(f"the residual of problem {problem.name!r}"):
            summary.count += _record(problem, residual, p, 1, summary)
    return summary


def _record(problem: Problem, residual: TermResidual, p: Points, sides: int, summary: EquationSummary) -> int:
    """Number of equations of a residual, evaluated on recording fields."""

    def record(_: int, name: str, a: Index) -> Component:
        if name not in problem.names:
            summary.unknowns.add(name)
        for coordinate, n in zip(problem.coordinates, a, strict=True):
            key = name, coordinate
            summary.order[key] = max(summary.order.get(key, 0), 2 if n == TRACE else n)
        return torch.ones(len(p), dtype=torch.float64)

    components = evaluate_on_components(problem, residual, p, sides, record)
    for r in components:
        if isinstance(r, Field):
            r.value  # noqa: B018 (evaluating it records)
    return len(components)


def _fields_at_points(problem: Problem) -> set[str]:
    """Names of the fields in conditions at points."""
    conditions = [c for c in problem.conditions if c.locations is not None]
    recorded = _summarise_conditions(problem, [c for c in conditions if not c.field_names])
    return {name for name, _ in recorded.order}.union(*(c.field_names for c in conditions))


def _summarise_conditions(problem: Problem, conditions: Sequence[Condition]) -> EquationSummary:
    """Summary of the residuals of conditions."""
    summary = EquationSummary()
    measure = sum(geometry.measure for geometry in problem.subdomains.values())
    size = max(geometry.size for geometry in problem.subdomains.values())
    sampler = CollocationSampler(problem, torch.float64, size, PROBES / measure)
    for condition in conditions:
        for group in problem.subdomain_groups(condition):
            places = condition.collocation_points(sampler, group, 1)
            for p in [places] if isinstance(places, Points) else places or []:
                with suppress(InputError), evaluating(condition.label):  # said where it is planned
                    _record(problem, condition.residuals, p, len(group), summary)
    return summary


def _has_surplus(problem: Problem, summaries: Mapping[str, EquationSummary]) -> bool:
    """Whether a problem states more than determines its fields, which then determines its unknowns without observations."""
    fields = len(problem.names) + len(problem.unknown_fields)
    if any(summary.count > fields for summary in summaries.values()):
        return True
    if problem.dimension > 1 or len(problem.subdomains) > 1:
        if any(c.locations is not None or isinstance(c, Integral) for c in problem.conditions):
            return True
        return any(_has_surplus_on_a_side(problem, name, summary) for name, summary in summaries.items())
    (name, summary), (coordinate,) = next(iter(summaries.items())), problem.coordinates
    sides = dict.fromkeys(part.name for part in problem.subdomains[name].parts)
    stated = sum(
        sum(c.multiplicity for side in sides for c in _conditions_on(problem, name, u, side))
        - summary.order.get((u, coordinate), 0)
        for u in problem.names
    )
    stated += sum(len(c.locations) for c in problem.conditions if c.locations is not None)
    return stated + sum(isinstance(c, Integral) for c in problem.conditions) > 0


def _has_surplus_on_a_side(problem: Problem, subdomain: str, summary: EquationSummary) -> bool:
    """Whether some field has more conditions on a part of the boundary than its equations take."""
    for u in problem.names:
        for part in dict.fromkeys(part.name for part in problem.subdomains[subdomain].parts):
            order = _order_across(problem, subdomain, u, part, summary.order)
            needed = order if part in ("initial", "final") else max(1, order // 2)
            if order and sum(c.multiplicity for c in _conditions_on(problem, subdomain, u, part)) > needed:
                return True
    return False


def _order_across(problem: Problem, subdomain: str, u: str, part: str, order: Mapping[tuple[str, str], int]) -> int:
    """The highest derivative of a field along the coordinates that a part of the boundary is not parallel to."""
    orders = [order.get((u, coordinate), 0) for coordinate in problem.coordinates]
    if len(set(orders)) == 1:
        return orders[0]
    normals = problem.subdomains[subdomain].boundary(part).sample(PROBES_ACROSS, seed=1).normals
    across = np.abs(normals).max(axis=0) > PARALLEL
    return max((n for n, crossed in zip(orders, across, strict=True) if crossed), default=0)


def _equation_count(problem: Problem, equations: EquationSummary) -> Iterator[str]:
    """Issues of the number of equations."""
    fields = len(problem.names) + len(problem.unknown_fields)
    measured = {c.field_names or c for c in problem.conditions if c.observed is not None}
    if not equations.count:
        return
    if equations.count > fields + len(problem.unknown_constants):
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


def _boundary_conditions(
    problem: Problem, subdomain: str, u: str, order: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    """Issues of the boundary conditions: parts with too few for the derivatives across them."""
    parts = dict.fromkeys(part.name for part in problem.subdomains[subdomain].parts if part.label.lateral)
    across = {name: _order_across(problem, subdomain, u, name, order) for name in parts}
    stated = {
        name: sum(c.multiplicity for c in _conditions_on(problem, subdomain, u, name)) for name in parts if across[name]
    }
    if stated and not any(stated.values()):
        yield f"has no boundary condition for {u!r}"
        return
    for needed in sorted({n // 2 for n in across.values() if n >= 2}):
        bare = [name for name, count in stated.items() if across[name] // 2 == needed and count < needed]
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
