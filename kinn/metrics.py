"""Errors against an exact or a reference solution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from kinn.errors import InputError, unknown
from kinn.fields import Field
from kinn.io.output_mesh import evaluation_points
from kinn.jets import Index
from kinn.problem import Array, Problem
from kinn.train.plans import FieldEvaluator
from kinn.unknowns import UnknownField, UnknownTerm


@dataclass(frozen=True)
class Errors:
    """Relative errors of one field over the evaluation points.

    Attributes:
        l2: |u - u*| / |u*| in the root mean square.
        linf: max |u - u*| / max |u*|.
        h1: The root of (|u - u*|^2 + |grad (u - u*)|^2) / (|u*|^2 + |grad u*|^2), time derivative included; None where
            the reference has no derivatives.
    """

    l2: float
    linf: float
    h1: float | None


def exact_values(problem: Problem, points: Array) -> Array | None:
    """Return the exact or reference values (N, C) at points (N, d), or None where neither is known."""
    function = problem.exact
    if function is not None:
        given = function(*points.T)
        columns = list(given) if isinstance(given, tuple | list) else [given]
        return np.stack([np.broadcast_to(np.asarray(c, dtype=np.float64), len(points)) for c in columns], axis=1)
    if problem.reference is not None:
        return np.asarray(problem.reference(points), dtype=np.float64).reshape(len(points), len(problem.names))
    return None


def true_values(problem: Problem, points: Array) -> dict[str, Array]:
    """Return the exact or reference values (N,) at points (N, d), by name: of fields, and of unknown fields."""
    exact = exact_values(problem, points)
    out = {} if exact is None else dict(zip(problem.names, exact.T, strict=True))
    known = [u for u in problem.unknown_fields if u.exact is not None]
    return out | {u.name: _true_unknown(problem, u, points)[0] for u in known}


def _true_unknown(problem: Problem, unknown: UnknownField, points: Array) -> tuple[Array, Array | None]:
    """Return the true values (N,) of an unknown field and its gradient (N, d): of a term along the true solution, without."""
    if not isinstance(unknown, UnknownTerm) or unknown.exact is None:
        return _components(problem, unknown.exact, points)
    fields = exact_values(problem, points)
    if fields is None:
        raise InputError(f"the error of the term {unknown.name!r} needs the solution of problem {problem.name!r}")
    columns = dict(zip(problem.names, fields.T, strict=True))
    return np.asarray(unknown.exact(*(columns[name] for name in unknown.arguments))), None


def exact_gradient(problem: Problem, points: Array) -> Array | None:
    """Return the exact gradient (N, C, d) at points (N, d), by jets, or None where no formula is known."""
    if problem.exact is None:
        return None
    p = problem.points(torch.as_tensor(points))
    given = problem.exact(*p.coordinates)
    fields = list(given) if isinstance(given, tuple | list) else [given]
    return np.stack([_components(problem, u, points)[1] for u in fields], axis=1)


def _components(problem: Problem, data: Any, points: Array) -> tuple[Array, Array]:
    """Return the values (N,) and the gradient (N, d) of a function or field at points."""
    p = problem.points(torch.as_tensor(points))
    field = p.field(data, "the exact solution")
    d = problem.dimension
    indices = [tuple(int(i == axis) for i in range(d)) for axis in range(-1, d)]
    columns = [np.broadcast_to(torch.as_tensor(field[a]).numpy(), len(points)) for a in indices]
    return columns[0], np.stack(columns[1:], axis=1)


def errors(trial: FieldEvaluator) -> dict[str, Errors]:
    """Return the errors of every field; empty where no solution is known.

    The definition of each is that of `Errors`; points at which the exact gradient is not finite (a crack tip, the
    start of a shock) are left out of `h1`.
    """
    problem = trial.problem
    points = evaluation_points(problem)
    out = {}
    exact = exact_values(problem, points)
    if exact is not None:
        slopes = exact_gradient(problem, points)
        for c, name in enumerate(problem.names):
            out[name] = _errors(trial, name, points, exact[:, c], None if slopes is None else slopes[:, c])
    for sought in problem.unknown_fields:
        if sought.exact is not None:
            true, gradient = _true_unknown(problem, sought, points)
            out[sought.name] = _errors(trial, sought.name, points, true, gradient)
    for name in problem.derived:
        values = derived_reference(problem, name, points)
        if values is not None:
            good = np.isfinite(values)
            difference = (derived_values(trial, name, points) - values)[good]
            l2 = float(np.linalg.norm(difference) / np.linalg.norm(values[good]))
            out[name] = Errors(l2, float(np.abs(difference).max() / np.abs(values[good]).max()), None)
    return out


def derived_values(fields: FieldEvaluator, name: str, points: Array, *, subdomain: str | None = None) -> Array:
    """Return what a problem derives from its fields (N,) at points (N, d); NaN outside the domain.

    Raises:
        InputError: If it derives nothing of that name.
    """
    problem = fields.problem
    if name not in problem.derived:
        raise unknown("derived field", name, problem.derived, f"problem {problem.name!r}")
    return values_of(fields, lambda *given: [problem.derived[name](*given)], points, subdomain=subdomain)[:, 0]


def values_of(
    fields: FieldEvaluator, function: Callable[..., Sequence[Field]], points: Array, *, subdomain: str | None = None
) -> Array:
    """Return functions of the fields and the points (N, M) at points (N, d); NaN outside the domain.

    Args:
        fields: The fields.
        function: Called as a residual, returns M fields.
        points: The points.
        subdomain: If given, all points are taken to lie in this one.
    """
    problem = fields.problem
    asked: dict[str, None] = {}

    def traces(component: Callable[[str], Any]) -> list[Field]:
        def rule(field: str) -> Callable[[Index], Any]:
            def ask(a: Index) -> Any:
                letters = "".join(c * n for c, n in zip(problem.coordinates, a, strict=True))
                return component(f"{field}.{letters}" if letters else field)

            return ask

        return [Field(problem.coordinates, rule(field), field) for field in problem.names]

    def made(x: Array, component: Callable[[str], Any]) -> list[Any]:
        return [f.value for f in function(*traces(component), problem.points(torch.as_tensor(x)))]

    made(points[:1], lambda expression: (asked.setdefault(expression), torch.ones(1, dtype=torch.float64))[1])
    known = fields.evaluate(points, list(asked), subdomain=subdomain)
    columns = {expression: torch.as_tensor(column) for expression, column in zip(asked, known.T, strict=True)}
    found = made(points, columns.__getitem__)
    return np.stack([np.broadcast_to(torch.as_tensor(values).numpy(), len(points)) for values in found], axis=1)


def derived_reference(problem: Problem, name: str, points: Array) -> Array | None:
    """Return the true values (N,) of what is derived, or None where the solution is not known with its derivatives."""
    function = problem.exact or problem.reference_fields
    if function is None:
        return None
    p = problem.points(torch.as_tensor(points))
    given = function(*p.coordinates)
    fields = list(given) if isinstance(given, tuple | list) else [given]
    values = torch.as_tensor(problem.derived[name](*fields, p).value)
    return np.broadcast_to(values.numpy(), len(points))


def _errors(trial: FieldEvaluator, name: str, points: Array, exact: Array, slopes: Array | None) -> Errors:
    """Return the errors of one field against its exact values (N,) and gradient (N, d)."""
    columns = trial.evaluate(points, [name, *(f"{name}.{x}" for x in trial.problem.coordinates)])
    difference = columns[:, 0] - exact
    l2 = float(np.linalg.norm(difference) / np.linalg.norm(exact))
    linf = float(np.abs(difference).max() / np.abs(exact).max())
    h1 = None
    if slopes is not None:
        good = np.isfinite(slopes).all(axis=1)
        e = np.column_stack([difference, columns[:, 1:] - slopes])[good]
        u = np.column_stack([exact, slopes])[good]
        h1 = float(np.linalg.norm(e) / np.linalg.norm(u))
    return Errors(l2, linf, h1)
