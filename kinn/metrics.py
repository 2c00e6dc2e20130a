"""Errors against an exact or a reference solution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinn.grids import evaluation_points
from kinn.problem import Array, Problem
from kinn.training.routes import Fields


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


def exact_gradient(problem: Problem, points: Array) -> Array | None:
    """Return the exact gradient (N, C, d) at points (N, d), by jets, or None where no formula is known."""
    import torch

    if problem.exact is None:
        return None
    p = problem.points(torch.as_tensor(points))
    given = problem.exact(*p.coordinates)
    fields = list(given) if isinstance(given, tuple | list) else [given]
    out = np.zeros((len(points), len(fields), problem.dimension))
    for c, u in enumerate(fields):
        field = p.field(u, "the exact solution")
        for axis in range(problem.dimension):
            slope = tuple(int(i == axis) for i in range(problem.dimension))
            out[:, c, axis] = torch.as_tensor(field[slope]).numpy()
    return out


def errors(trial: Fields) -> dict[str, Errors]:
    """Return the errors of every field; empty where no solution is known.

    The definition of each is that of `Errors`; points at which the exact gradient is not finite (a crack tip, the
    start of a shock) are left out of `h1`.
    """
    problem = trial.problem
    points = evaluation_points(problem)
    exact = exact_values(problem, points)
    if exact is None:
        return {}
    slopes = exact_gradient(problem, points)
    out = {}
    for c, name in enumerate(problem.names):
        columns = trial.evaluate(points, [name, *(f"{name}.{x}" for x in problem.coordinates)])
        difference = columns[:, 0] - exact[:, c]
        l2 = float(np.linalg.norm(difference) / np.linalg.norm(exact[:, c]))
        linf = float(np.abs(difference).max() / np.abs(exact[:, c]).max())
        h1 = None
        if slopes is not None:
            good = np.isfinite(slopes[:, c]).all(axis=1)
            e = np.column_stack([difference, columns[:, 1:] - slopes[:, c]])[good]
            u = np.column_stack([exact[:, c], slopes[:, c]])[good]
            h1 = float(np.linalg.norm(e) / np.linalg.norm(u))
        out[name] = Errors(l2, linf, h1)
    return out
