"""What is doubtful about a problem, found before any training: too few conditions, too many, or contradictory ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch

from kinn.conditions import INTERIOR, Condition, ResidualCondition
from kinn.errors import ProblemWarning
from kinn.fields import TIME, Field, Points
from kinn.forms.compatibility import Given, disagreements
from kinn.forms.zero_energy_modes import HOLD, zero_energy_modes
from kinn.jets import Component, Index
from kinn.jets.index import TRACE
from kinn.problem import Problem

#: How many points a residual is tried on.
PROBES = 3


@dataclass
class Asked:
    """What the equations of a subdomain ask for.

    Attributes:
        equations: Their number.
        order: The highest derivative of each field along each coordinate.
        unknowns: The unknowns that they call.
    """

    equations: int = 0
    order: dict[tuple[str, str], int] = field(default_factory=dict)
    unknowns: set[str] = field(default_factory=set)


def warn_of_doubts(problem: Problem) -> None:
    """Warn of everything that is doubtful about a problem."""
    for doubt in doubts(problem):
        warnings.warn(f"problem {problem.name!r} {doubt}", ProblemWarning, stacklevel=3)


def doubts(problem: Problem) -> Iterator[str]:
    """Yield what is doubtful about a problem, each in a few words that follow its name."""
    called: set[str] = set()
    for name in problem.subdomains:
        asked = _asked(problem, name)
        called |= asked.unknowns
        where = "" if len(problem.subdomains) == 1 else f" in its subdomain {name!r}"
        yield from (doubt + where for doubt in _count(problem, asked))
        for u in problem.names:
            yield from (doubt + where for doubt in _start(problem, name, u, asked))
            yield from (doubt + where for doubt in _sides(problem, name, u, asked))
            yield from (doubt + where for doubt in _values(problem, name, u))
    for unknown in problem.unknowns:
        if unknown.name not in called and not any(unknown.name in c.field_names for c in problem.conditions):
            yield f"never calls its unknown p.{unknown.name}"
    if problem.defaults.form == "strong" and (which := zero_energy_modes(problem)) is not None:
        yield f"leaves a motion free: {which} at will, whatever the tractions; {HOLD}"
    if problem.unknowns and all(c.observed is None for c in problem.conditions):
        yield "has unknowns, and no observations to find them by"


def _asked(problem: Problem, subdomain: str) -> Asked:
    """Return what the equations of a subdomain ask for, by trying them on recording fields."""
    asked = Asked()
    p = problem.points(torch.as_tensor(problem.subdomains[subdomain].sample(PROBES, seed=1)))

    def recorder(name: str) -> Callable[[Index], Component]:
        def component(a: Index) -> Component:
            if name not in problem.names:
                asked.unknowns.add(name)
            for coordinate, n in zip(problem.coordinates, a, strict=True):
                key = name, coordinate
                asked.order[key] = max(asked.order.get(key, 0), 2 if n == TRACE else n)
            return torch.ones(len(p), dtype=torch.float64)

        return component

    fields = {u: Field(problem.coordinates, recorder(u), u) for u in problem.names}
    p = p.with_bindings([{u.name: Field(problem.coordinates, recorder(u.name), u.name) for u in problem.unknowns}])
    for residual in _equations(problem, subdomain):
        out = residual(fields, p)
        for r in out:
            if isinstance(r, Field):
                r.value  # noqa: B018 (asking is what records)
        asked.equations += len(out)
    return asked


def _equations(problem: Problem, subdomain: str) -> list[Callable[[dict[str, Field], Points], Sequence[Field]]]:
    """Return the residuals that hold throughout a subdomain."""
    inside = [c for c in problem.conditions if c.is_interior]
    made: list[Callable[[dict[str, Field], Points], Sequence[Field]]] = [
        lambda fields, p, c=c: c.residuals([fields], p)  # type: ignore[misc]
        for c in inside
    ]
    residual = problem.residual_of(subdomain)
    if residual is not None:
        made.append(lambda fields, p: ResidualCondition(residual, on=INTERIOR).residuals([fields], p))
    return made


def _count(problem: Problem, asked: Asked) -> Iterator[str]:
    fields = len(problem.names) + len(problem.unknown_fields)
    measured = {name for c in problem.conditions if c.observed is not None for name in c.field_names}
    if not asked.equations:
        return
    if asked.equations > fields:
        yield f"is over-determined: {asked.equations} equations for {fields} fields"
    if asked.equations + len(measured) < len(problem.names):
        yield f"is under-determined: {asked.equations} equations for {len(problem.names)} fields"


def _start(problem: Problem, subdomain: str, u: str, asked: Asked) -> Iterator[str]:
    """Yield what is missing at the start: a condition for each order of the time derivative."""
    order = asked.order.get((u, TIME), 0)
    if not order or _measured(problem, u):
        return
    stated = sum(len(_on(problem, subdomain, u, instant)) for instant in ("initial", "final"))
    if not stated:
        yield f"has no initial condition for {u!r}"
    elif stated < order:
        yield f"has {stated} condition for {u!r} at the start, and its equations hold time derivatives of order {order}"


def _sides(problem: Problem, subdomain: str, u: str, asked: Asked) -> Iterator[str]:
    """Yield the parts of the boundary on which too little is stated for the order of the equations."""
    space = [c for c in problem.coordinates if c != TIME]
    order = max((asked.order.get((u, c), 0) for c in space), default=0)
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


def _values(problem: Problem, subdomain: str, u: str) -> Iterator[str]:
    """Yield values that are given twice, or that disagree where boundaries meet."""
    geometry = problem.subdomains[subdomain]
    here = [
        (c, geometry.boundary(c.boundaries[0]), datum.value)
        for c in problem.conditions
        if (datum := c.boundary_datum) is not None and datum.order == 1
        if u in c.field_names and (subdomain,) in problem.subdomain_groups(c)
    ]
    owners: dict[str, str] = {}
    for condition, boundary, _ in here:
        for name in dict.fromkeys(part.name for part in boundary.parts):
            if name in owners:
                yield f"gives {u!r} twice on {name!r}: {owners[name]} and {condition.label}"
                return
            owners[name] = condition.label
    given = [Given(condition.label, boundary, value) for condition, boundary, value in here]
    for found in disagreements(problem, subdomain, given):
        yield f"has conditions that {found.said(problem.coordinates)}"
        return


def _measured(problem: Problem, u: str) -> bool:
    """Whether a field is given at points, which may stand in for conditions on boundaries."""
    return any(c.locations is not None and u in c.field_names for c in problem.conditions)


def _on(problem: Problem, subdomain: str, u: str, part: str) -> list[Condition]:
    """Return the conditions on a field that hold on a part of the boundary of a subdomain."""
    return [
        c for c in problem.conditions if u in (c.field_names or problem.names) and part in _parts(problem, subdomain, c)
    ]


def _parts(problem: Problem, subdomain: str, condition: Condition) -> set[str]:
    """Return the names of the parts of a subdomain's boundary that a condition holds on."""
    if not any(subdomain in group for group in problem.subdomain_groups(condition)):
        return set()
    geometry = problem.subdomains[subdomain]
    return {part.name for name in condition.boundaries for part in geometry.boundary(name).parts}
