"""Errors of trained fields against the exact or the reference solution of their problem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from kinn.errors import InputError, check_name
from kinn.fields import Field
from kinn.jets import Index
from kinn.problem import Array, Problem
from kinn.unknowns import UnknownField, UnknownTerm

#: Cells along each axis of the grid at whose centres errors are measured, by dimension.
CELLS_PER_AXIS = {1: 1000, 2: 100, 3: 24}

#: Points of a Sobol sequence at which errors are measured in more than three dimensions.
SOBOL_POINTS = 20_000


class FieldEvaluator(Protocol):
    """Trained fields that can be evaluated: trial functions, or a combination of several."""

    @property
    def problem(self) -> Problem:
        """The problem that the fields solve."""

    @property
    def parameter_count(self) -> int:
        """The number of trained parameters."""

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Fields and derivatives at points; see `TrialFunctions.evaluate`."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Weights by name."""


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


def evaluation_points(problem: Problem) -> Array:
    """Points (N, d) at which errors are measured.

    They are those that the problem names, or the centres of the cells of a regular grid that lie in the domain.
    """
    if problem.evaluation is not None:
        return problem.evaluation
    lower, upper = problem.bounds
    per_axis = CELLS_PER_AXIS.get(problem.dimension)
    if per_axis is None:
        measures = np.array([g.measure for g in problem.subdomains.values()])
        counts = [max(1, round(SOBOL_POINTS * m / measures.sum())) for m in measures]
        return np.concatenate([g.sample(n, seed=0) for g, n in zip(problem.subdomains.values(), counts, strict=True)])
    axes = [low + (np.arange(per_axis) + 0.5) * (high - low) / per_axis for low, high in zip(lower, upper, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, problem.dimension)
    return points[problem.contains(points)]


def exact_values(problem: Problem, points: Array) -> Array | None:
    """Exact or reference values (N, C) at points (N, d), or None where neither is known."""
    if problem.exact is not None:
        columns = _as_list(problem.exact(*points.T))
        return np.stack([np.broadcast_to(np.asarray(c, dtype=np.float64), len(points)) for c in columns], axis=1)
    if problem.reference is not None:
        return np.asarray(problem.reference(points), dtype=np.float64).reshape(len(points), len(problem.names))
    return None


def reference_values(problem: Problem, points: Array) -> dict[str, Array]:
    """Exact or reference values (N,) of fields and of unknown fields at points (N, d), by name."""
    exact = exact_values(problem, points)
    values = {} if exact is None else dict(zip(problem.names, exact.T, strict=True))
    known = [u for u in problem.unknown_fields if u.exact is not None]
    return values | {u.name: _exact_unknown(problem, u, points)[0] for u in known}


def _exact_unknown(problem: Problem, unknown: UnknownField, points: Array) -> tuple[Array, Array | None]:
    """Exact values (N,) and gradient (N, d) of an unknown field; of an unknown term, no gradient."""
    if not isinstance(unknown, UnknownTerm) or unknown.exact is None:
        return _value_and_gradient(problem, unknown.exact, points)
    fields = exact_values(problem, points)
    if fields is None:
        raise InputError(f"the error of the term {unknown.name!r} needs the solution of problem {problem.name!r}")
    columns = dict(zip(problem.names, fields.T, strict=True))
    return np.asarray(unknown.exact(*(columns[name] for name in unknown.arguments))), None


def exact_gradient(problem: Problem, points: Array) -> Array | None:
    """Exact gradient (N, C, d) at points (N, d), by jets, or None where no formula is known."""
    if problem.exact is None:
        return None
    p = problem.points(torch.as_tensor(points))
    fields = _as_list(problem.exact(*p.coordinates))
    return np.stack([_value_and_gradient(problem, u, points)[1] for u in fields], axis=1)


def _value_and_gradient(problem: Problem, data: Any, points: Array) -> tuple[Array, Array]:
    """Values (N,) and gradient (N, d) of a function or field at points."""
    p = problem.points(torch.as_tensor(points))
    field = p.field(data, "the exact solution")
    d = problem.dimension
    indices = [tuple(int(i == axis) for i in range(d)) for axis in range(-1, d)]
    columns = [np.broadcast_to(torch.as_tensor(field[a]).numpy(), len(points)) for a in indices]
    return columns[0], np.stack(columns[1:], axis=1)


def field_errors(fields: FieldEvaluator) -> dict[str, Errors]:
    """Errors of every field and derived field by name; empty where no solution is known.

    Points at which the exact gradient is not finite (a crack tip, the start of a shock) do not enter `h1`.
    """
    problem = fields.problem
    points = evaluation_points(problem)
    errors = {}
    exact = exact_values(problem, points)
    if exact is not None:
        gradients = exact_gradient(problem, points)
        for c, name in enumerate(problem.names):
            gradient = None if gradients is None else gradients[:, c]
            errors[name] = _errors(fields, name, points, exact[:, c], gradient)
    for sought in problem.unknown_fields:
        if sought.exact is not None:
            errors[sought.name] = _errors(fields, sought.name, points, *_exact_unknown(problem, sought, points))
    for name in problem.derived:
        reference = derived_reference(problem, name, points)
        if reference is not None:
            finite = np.isfinite(reference)
            difference = (derived_values(fields, name, points) - reference)[finite]
            l2 = float(np.linalg.norm(difference) / np.linalg.norm(reference[finite]))
            errors[name] = Errors(l2, float(np.abs(difference).max() / np.abs(reference[finite]).max()), None)
    return errors


def _errors(fields: FieldEvaluator, name: str, points: Array, exact: Array, gradient: Array | None) -> Errors:
    """Errors of one field against its exact values (N,) and gradient (N, d)."""
    columns = fields.evaluate(points, [name, *(f"{name}.{x}" for x in fields.problem.coordinates)])
    difference = columns[:, 0] - exact
    l2 = float(np.linalg.norm(difference) / np.linalg.norm(exact))
    linf = float(np.abs(difference).max() / np.abs(exact).max())
    h1 = None
    if gradient is not None:
        finite = np.isfinite(gradient).all(axis=1)
        error = np.column_stack([difference, columns[:, 1:] - gradient])[finite]
        h1 = float(np.linalg.norm(error) / np.linalg.norm(np.column_stack([exact, gradient])[finite]))
    return Errors(l2, linf, h1)


def derived_values(fields: FieldEvaluator, name: str, points: Array, *, subdomain: str | None = None) -> Array:
    """Derived field (N,) at points (N, d); NaN outside the domain.

    Raises:
        InputError: If the problem derives no field of that name.
    """
    problem = fields.problem
    check_name("derived field", name, problem.derived, f"problem {problem.name!r}")
    values = evaluate_function(fields, lambda *args: [problem.derived[name](*args)], points, subdomain=subdomain)
    return values[:, 0]


def derived_reference(problem: Problem, name: str, points: Array) -> Array | None:
    """Reference values (N,) of a derived field, or None where the derivatives of the solution are not known."""
    function = problem.exact or problem.reference_fields
    if function is None:
        return None
    p = problem.points(torch.as_tensor(points))
    values = torch.as_tensor(problem.derived[name](*_as_list(function(*p.coordinates)), p).value)
    return np.broadcast_to(values.numpy(), len(points))


def evaluate_function(
    fields: FieldEvaluator, function: Callable[..., Sequence[Field]], points: Array, *, subdomain: str | None = None
) -> Array:
    """Functions of the fields and the points (N, M) at points (N, d); NaN outside the domain.

    The function is called as a residual and returns M fields. A subdomain, if given, is taken to contain all points.
    """
    problem = fields.problem

    def call(x: Array, component: Callable[[str], Any]) -> list[Any]:
        def rule(field: str) -> Callable[[Index], Any]:
            def derivative(a: Index) -> Any:
                letters = "".join(c * n for c, n in zip(problem.coordinates, a, strict=True))
                return component(f"{field}.{letters}" if letters else field)

            return derivative

        traces = [Field(problem.coordinates, rule(field), field) for field in problem.names]
        return [f.value for f in function(*traces, problem.points(torch.as_tensor(x)))]

    # the first call records which derivatives the function uses
    expressions: dict[str, None] = {}
    call(points[:1], lambda e: (expressions.setdefault(e), torch.ones(1, dtype=torch.float64))[1])
    values = fields.evaluate(points, list(expressions), subdomain=subdomain)
    columns = {expression: torch.as_tensor(column) for expression, column in zip(expressions, values.T, strict=True)}
    results = call(points, columns.__getitem__)
    return np.stack([np.broadcast_to(torch.as_tensor(result).numpy(), len(points)) for result in results], axis=1)


def _as_list(fields: Any) -> list[Any]:
    """Fields of a function that returns one or several, as a list."""
    return list(fields) if isinstance(fields, tuple | list) else [fields]
