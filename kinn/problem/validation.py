"""Checks of what a problem states: each raises one line that names what is wrong, where, and what there is instead."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kinn.conditions import INTERIOR, Condition, subdomains_with
from kinn.equations import Equation
from kinn.errors import InputError, unknown
from kinn.fields import TIME, Points

if TYPE_CHECKING:
    from kinn.geometry.types import Array
    from kinn.problem.problem import Problem


def check(problem: Problem) -> None:
    """Check a problem.

    Raises:
        InputError: If it states what cannot be.
    """
    name = problem.name
    if not problem.names or len(set(problem.names)) != len(problem.names):
        raise InputError(f"problem {name!r} needs fields with distinct names, not {problem.names}")
    if not problem.subdomains:
        raise InputError(f"problem {name!r} has no domain")
    if len({g.coordinates for g in problem.subdomains.values()}) > 1:
        raise InputError(f"the subdomains of problem {name!r} have different coordinates")
    if problem.strong is None and problem.energy is None and problem.inverse is None and not problem.conditions:
        raise InputError(f"problem {name!r} states neither an equation nor a condition")
    _check_names(problem)
    for condition in problem.conditions:
        _check_condition(problem, condition)
    _check_tractions(problem)
    _check_residuals(problem)
    _check_work(problem)
    _check_output(problem)


def _check_names(problem: Problem) -> None:
    """Raise unless everything that residuals call as `p.name` has a name of its own."""
    taken = [*problem.names, *problem.coordinates, *problem.coefficients]
    for sought in problem.unknowns:
        where = f"the unknown {sought.name!r} of problem {problem.name!r}"
        if not sought.name.isidentifier() or hasattr(Points, sought.name):
            raise InputError(f"{where} cannot be called so: p.{sought.name} means something else")
        if sought.name in taken:
            raise InputError(f"{where} has the name of a field, a coordinate, a coefficient or another unknown")
        taken.append(sought.name)
        for name in getattr(sought, "of", None) or ():
            if name not in problem.coordinates:
                raise unknown("coordinate", name, problem.coordinates, where)


def _check_condition(problem: Problem, condition: Condition) -> None:
    where = f"{condition.label} of problem {problem.name!r}"
    for name in condition.field_names:
        if name not in problem.evaluated:
            raise unknown("field", name, problem.evaluated, where)
        if name not in problem.names and condition.enforce == "hard":
            raise InputError(f"{where} is about an unknown, which hard conditions are not built into: enforce it soft")
    problem.sides(condition)
    for what, function in condition.functions.items():
        _check_arguments(problem, function, what)
    if condition.locations is not None:
        _check_points(problem, condition.locations, where)


def _check_tractions(problem: Problem) -> None:
    """Raise where both a traction and the displacement along it are given."""
    fixed = [c for c in problem.conditions if (datum := c.boundary_datum) is not None and datum.order == 1]
    for traction in (c for c in problem.conditions if c.loaded_fields(problem.names)):
        for support in fixed:
            (u,) = support.field_names
            if u not in traction.loaded_fields(problem.names):
                continue
            (loaded,), (held,) = traction.boundaries, support.boundaries
            for name in set(subdomains_with(problem.subdomains, loaded)) & set(
                subdomains_with(problem.subdomains, held)
            ):
                geometry = problem.subdomains[name]
                ours, theirs = ({part.name for part in geometry.boundary(on).parts} for on in (loaded, held))
                if common := sorted(ours & theirs):
                    raise InputError(
                        f"{traction.label} of problem {problem.name!r} gives the traction along {u!r} on {common[0]!r}, "
                        f"where {support.label} gives {u!r} itself: give None for that component of the traction"
                    )


def _check_points(problem: Problem, points: Array, where: str) -> None:
    if points.shape[1] != problem.dimension:
        raise InputError(
            f"{where} has points of {points.shape[1]} coordinates; "
            f"the domain has {problem.dimension} ({', '.join(problem.coordinates)})"
        )
    outside = ~problem.contains(points)
    if outside.any():
        first = ", ".join(f"{c:g}" for c in points[outside][0])
        raise InputError(f"{where} has {int(outside.sum())} points outside the domain, the first at ({first})")


def _check_residuals(problem: Problem) -> None:
    for stated, what, of, plural in (
        (problem.strong, "residual", problem.residual_of, "residuals"),
        (problem.energy, "energy", problem.energy_of, "energies"),
        (problem.inverse, "equation", lambda _: None, "equations"),
    ):
        if isinstance(stated, Mapping):
            for name in stated:
                if name not in problem.subdomains:
                    raise unknown("subdomain", name, problem.subdomains, f"the {plural} of problem {problem.name!r}")
            for name in problem.subdomains:
                if name not in stated:
                    raise InputError(f"problem {problem.name!r} states no {what} for its subdomain {name!r}")
        for name in problem.subdomains:
            function = of(name)
            if function is None:
                continue
            if not callable(function):
                raise InputError(f"the {what} of problem {problem.name!r} is no function: {function!r}")
            _check_arguments(problem, function, f"the {what}")

    for name in problem.subdomains:
        equation = problem.equation_of(name)
        if equation is not None and not isinstance(equation, Equation):
            raise InputError(
                f"inverse= of problem {problem.name!r} takes an equation such as Laplace(), not {equation!r}"
            )

    for name, function in problem.derived.items():
        if name in (*problem.evaluated, *problem.coordinates) or not name.isidentifier():
            raise InputError(f"problem {problem.name!r} derives {name!r}, which is no name or that of something else")
        _check_arguments(problem, function, f"the derived {name!r}")


def _check_work(problem: Problem) -> None:
    for on, function in problem.work.items():
        if on != INTERIOR:
            try:
                subdomains_with(problem.subdomains, on)
            except InputError as error:
                raise InputError(f"the work of problem {problem.name!r}: {error}") from error
        if not callable(function):
            raise InputError(f"the work on {on!r} of problem {problem.name!r} is no function: {function!r}")
        _check_arguments(problem, function, f"the work on {on!r}")


def _check_output(problem: Problem) -> None:
    """Raise unless what is to be shown is there."""
    where, output = f"the output of problem {problem.name!r}", problem.output
    space = [name for name in problem.coordinates if name != TIME]
    for name in output.displacement:
        if name not in problem.names:
            raise unknown("field", name, problem.names, where)
    if output.displacement and len(output.displacement) != len(space):
        raise InputError(
            f"{where} has a displacement of {len(output.displacement)} components in {len(space)} coordinates"
        )
    for name in output.units:
        known = [*problem.coordinates, *problem.evaluated, *problem.derived]
        if name not in known:
            raise unknown("coordinate, field or derived field", name, known, where)
    for name, ends in output.lines.items():
        points = np.asarray(ends, dtype=np.float64)
        if points.shape != (2, problem.dimension) or not np.ptp(points, axis=0).any():
            raise InputError(
                f"{where} has the line {name!r}, which takes two ends of {problem.dimension} coordinates each"
            )
        _check_points(problem, points, f"the line {name!r} in {where}")
    if output.stress is not None:
        _check_arguments(problem, output.stress, "the stress in the output")


def _check_arguments(problem: Problem, function: Callable[..., Any], what: str) -> None:
    expected = [*problem.names, "p"]
    try:
        inspect.signature(function).bind(*expected)
    except TypeError as error:
        raise InputError(
            f"{what} of problem {problem.name!r} must take {', '.join(expected)} in this order: {error}"
        ) from error
