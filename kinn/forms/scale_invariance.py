"""Scale invariances of a problem: factors of its fields and unknowns that satisfy all it states as well.

Where an equation contains a product of an unknown conductivity and another unknown alone, only the product is determined. Fields
and unknowns f_i times s^a_i, for any s, satisfy an equation r = 0 as before if r is an eigenfunction of the generator of the
scaling, sum_i a_i f_i dr/df_i = c r (Olver 1993, Applications of Lie Groups to Differential Equations, section 2.2), for
independent values of the fields and their derivatives. Exponents that do so for every equation and condition, each with a c of
its own, are the null space of a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

import numpy as np
import scipy.linalg
import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import Field, Points, evaluating
from kinn.forms.collocation import CollocationSampler
from kinn.forms.terms import TermResidual, pde_residual
from kinn.geometry.types import Array
from kinn.jets import Component, Index
from kinn.problem import Problem

#: At how many points equations are evaluated, at least how many times single points, and how many times integrals.
POINTS, LEAST_POINTS, INTEGRALS = 1024, 32, 16

#: Values of the fields are drawn from this many decades on either side of 1: what is small beside other summands for fields of
#: size one may be all that matters for others.
DECADES = 8.0

#: Singular values, relative to the largest, and exponents that count as zero.
NULL, ZERO = 1e-9, 1e-6


def scale_invariances(problem: Problem) -> list[dict[str, float]]:
    """Exponents of fields and unknowns by name, of each independent scaling that leaves all that is stated satisfied.

    Those that multiply all fields they contain, and no unknown, by powers of one sign are left out: equations whose data are all
    zero have the solution zero. Empty where an equation cannot be evaluated on independent values.
    """
    names = [*problem.names, *(u.name for u in problem.unknowns)]
    blocks = []
    for residual, places, sides in _statements(problem):
        rows = _generator_rows(problem, names, residual, places, sides)
        if rows is None:
            return []
        blocks += rows
    if not any(np.any(derivatives) for derivatives, _ in blocks):
        return []
    sizes = np.sqrt(sum(np.sum(derivatives**2, axis=0) for derivatives, _ in blocks))
    used = sizes > 0
    matrix = np.concatenate([_without(d, r) for d, r in blocks])[:, used] / sizes[used]
    triangle = np.linalg.qr(np.concatenate([matrix, np.zeros((matrix.shape[1],) * 2)]), mode="r")
    _, values, directions = np.linalg.svd(triangle)
    null = directions[values <= NULL * max(1.0, values[0])] / sizes[used]
    known = np.array(names)[used].tolist()
    found = [_normalised(dict(zip(known, row, strict=True))) for row in _row_reduced(null)]
    unknown = {u.name for u in problem.unknowns}
    return [x for x in found if unknown & set(x) or min(x.values()) < 0 < max(x.values())]


def evaluate_on_components(
    problem: Problem, residual: TermResidual, p: Points, sides: int, component: Callable[[int, str, Index], Component]
) -> Sequence[Field]:
    """Residual at points, of fields and unknowns whose derivatives are given by side, name and multi-index."""
    names = [*problem.names, *(u.name for u in problem.unknowns)]
    traces = [
        {name: Field(problem.coordinates, partial(component, side, name), name) for name in names}
        for side in range(max(sides, 1 + len(p.paired_points)))
    ]
    bindings = [{u.name: trace[u.name] for u in problem.unknowns} for trace in traces]
    return residual(traces[:sides], p.with_bindings(bindings[: 1 + len(p.paired_points)]))


def _statements(problem: Problem) -> Iterator[tuple[TermResidual, Points | list[Points], int]]:
    """Residuals of equations and conditions with points, a list for integrals, and the number of subdomains in them."""
    measure = sum(geometry.measure for geometry in problem.subdomains.values())
    spacing = (measure / POINTS) ** (1 / problem.dimension)
    sampler = CollocationSampler(problem, torch.float64, spacing, POINTS / measure)
    for name in problem.subdomains:
        if (pde := problem.residual_of(name)) is not None:
            yield pde_residual(pde, problem.names), sampler.interior(name, 1), 1
    for condition in problem.conditions:
        for group in problem.subdomain_groups(condition):
            places = condition.collocation_points(sampler, group, 1)
            if places is not None:
                yield condition.residuals, places, len(group)


def _generator_rows(
    problem: Problem, names: Sequence[str], residual: TermResidual, places: Points | list[Points], sides: int
) -> list[tuple[Array, Array]] | None:
    """Derivatives (N, names) of each equation by the logarithms of the factors, and its residuals (N,), in rows of size 1.

    None where they cannot be evaluated, or are not finite.
    """
    rng = np.random.default_rng(0)
    if isinstance(places, Points):
        parts = [places.rows(torch.arange(max(len(places), LEAST_POINTS)) % len(places))]
    else:
        parts = places * -(-INTEGRALS // len(places))
    found: list[list[Array]] = []
    with suppress(InputError), evaluating("a residual"):
        for p in parts:
            values = _logarithmic_derivatives(problem, names, residual, p, sides, not isinstance(places, Points), rng)
            found = [[*rows, new] for rows, new in zip(found or [[]] * len(values), values, strict=True)]
    equations = []
    for blocks in found:
        rows = np.concatenate(blocks)
        norms = np.abs(rows).max(axis=1)  # no sum of squares, which may overflow
        if not np.isfinite(norms).any():
            return None
        valid = np.isfinite(norms) & (norms > 0)
        rows = rows[valid] / norms[valid, None]
        equations.append((rows[:, :-1], rows[:, -1]))
    return equations or None


def _logarithmic_derivatives(
    problem: Problem,
    names: Sequence[str],
    residual: TermResidual,
    p: Points,
    sides: int,
    integral: bool,
    rng: np.random.Generator,
) -> list[Array]:
    """Derivatives by the logarithms of the factors, then the residual, in rows (N, names + 1) of each equation.

    They are those at random values of the fields; an integral is one row.
    """
    size = torch.as_tensor(10.0 ** rng.uniform(-DECADES, DECADES, (len(names), 1 if integral else len(p))))
    factors = torch.ones(len(p), len(names), dtype=torch.float64, requires_grad=True)
    drawn: dict[tuple[int, str, Index], Tensor] = {}

    def component(side: int, name: str, a: Index) -> Component:
        n, key = names.index(name), (side, name, a)
        if key not in drawn:
            drawn[key] = size[n] * torch.as_tensor(rng.uniform(0.5, 1.5, len(p)))
        return drawn[key] * factors[:, n]

    out = []
    for equation in evaluate_on_components(problem, residual, p, sides, component):
        value = torch.as_tensor(equation.value, dtype=torch.float64)
        slope = torch.zeros_like(factors)
        if value.requires_grad:
            (slope,) = torch.autograd.grad(value.sum(), factors, retain_graph=True)
        if integral:
            slope = slope.sum(dim=0, keepdim=True)
        out.append(torch.cat([slope, value.detach().expand(len(slope))[:, None]], dim=1).numpy())
    return out


def _without(derivatives: Array, residuals: Array) -> Array:
    """Derivatives (N, names) less their part along the residuals (N,)."""
    length = float(np.linalg.norm(residuals))
    if not length:
        return derivatives
    along = residuals / length
    return np.asarray(derivatives - along[:, None] * (along @ derivatives))


def _row_reduced(rows: Array) -> Array:
    """Reduced echelon form of linearly independent rows: few names in each."""
    if not len(rows):
        return rows
    pivots = scipy.linalg.qr(rows, pivoting=True, mode="r")[1][: len(rows)]
    return np.asarray(np.linalg.solve(rows[:, pivots], rows))


def _normalised(exponents: dict[str, float]) -> dict[str, float]:
    """Exponents that are not zero, the smallest of them 1."""
    largest = max(map(abs, exponents.values()))
    kept = {name: x for name, x in exponents.items() if abs(x) > ZERO * largest}
    unit = min(kept.values(), key=abs)
    return {name: round(float(x / unit), 6) for name, x in kept.items()}
