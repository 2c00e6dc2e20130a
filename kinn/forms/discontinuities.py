"""Jumps of what a problem differentiates or integrates: found along lines through the domain before training.

The product rule does not see a jump: where k jumps, (k u_x)_x is infinite there, and its formula is finite on both sides. A
quadrature does not see one inside of a cell. So expressions are evaluated along lines, with smooth functions in the place of
the fields; where neighbouring values differ most, the interval is cut again and again, until the difference has vanished, as
that of a continuous function does, or has not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np
import torch

from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.fields import Field, Points, evaluating, recording_derivatives
from kinn.forms.terms import pde_residual
from kinn.geometry import Geometry
from kinn.geometry.types import Array, Mask
from kinn.jets.index import trace_axes, unit
from kinn.math import exp
from kinn.problem import Problem

#: Points on each line, and lines along each axis by the number of coordinates; from three on each costs more.
POINTS = 65
LINES = {1: 1, 2: 16}
MOST_LINES = 10

#: How often the interval with the largest difference is cut, into how many parts each time: to 1e-9 of its length.
CUTS, PARTS = 8, 16

#: Lines end at this fraction of their length from the bounds, beyond which the differences of a pole, 1/r, would remain too.
MARGIN = 1e-6

#: A difference that remains counts as a jump from this share of the largest value on.
LEAST_JUMP = 1e-3

#: How many intervals of a line are cut.
CANDIDATES = 4

#: Positions of a jump along an axis that differ by less, relative to the extent of the domain, are one.
SAME = 1e-6

#: The most positions along an axis at which cells of a quadrature are cut.
MOST_BREAKS = 24


@dataclass(frozen=True, eq=False)
class Expression:
    """Values of an expression at points.

    Attributes:
        axes: The coordinates along which it may not jump.
        values: The values (N,).
    """

    axes: frozenset[int]
    values: Array


#: Gives expressions at points (N, d).
Expressions = Callable[[Array], Sequence[Expression]]


@dataclass(frozen=True, eq=False)
class Jump:
    """A jump of an expression: the coordinate along which it jumps, and the point (d,) where it does."""

    axis: int
    point: Array

    def place(self, names: Sequence[str]) -> str:
        """Where it is, for messages."""
        return ", ".join(f"{name} = {x:.4g}" for name, x in zip(names, self.point, strict=True))


def refuse_differentiated_jumps(problem: Problem) -> None:
    """Refuse a problem that takes derivatives of what jumps.

    Raises:
        InputError: Tells where, and what the ways out are.
    """
    form = problem.defaults.form
    for name, geometry in problem.subdomains.items():
        residual = problem.residual_of(name)
        if form == "strong" and residual is not None:
            for jump in find_jumps(geometry, partial(_differentiated, problem, name)):
                raise InputError(
                    f"the residual of problem {problem.name!r} takes a derivative of an expression that jumps at "
                    f"{jump.place(problem.coordinates)}, which the product rule does not see: split the domain into subdomains "
                    "with an Interface there, make the jump smooth, or solve the energy form"
                )
        for condition in problem.conditions:
            datum = condition.boundary_datum
            hard = condition.enforce == "hard" and (name,) in problem.subdomain_groups(condition)
            if not hard or datum is None or not callable(datum.value) or form == "inverse":
                continue
            for jump in find_jumps(geometry, partial(_hard_datum, problem, geometry, condition)):
                raise InputError(
                    f"the data of {condition.label} of problem {problem.name!r}, or a derivative of them, jump at "
                    f"{jump.place(problem.coordinates)}, and hard conditions are differentiated: enforce it soft"
                )


@lru_cache(maxsize=1)
def quadrature_breaks(problem: Problem) -> dict[str, tuple[tuple[float, ...], ...] | Jump]:
    """Positions by axis at which the energy of each subdomain jumps; a jump that is at other positions on other lines, if any.

    The result is kept for the last problem: its diagnostics and its quadratures ask for it in turn.
    """
    return {name: _breaks(problem, name, geometry) for name, geometry in problem.subdomains.items()}


def _breaks(problem: Problem, subdomain: str, geometry: Geometry) -> tuple[tuple[float, ...], ...] | Jump:
    lower, upper = geometry.bounds
    jumps = list(find_jumps(geometry, partial(_density, problem, subdomain)))
    out = []
    for axis, extent in enumerate(upper - lower):
        along = sorted((jump for jump in jumps if jump.axis == axis), key=lambda jump: float(jump.point[axis]))
        positions: list[list[Jump]] = []
        for jump in along:
            if positions and jump.point[axis] - positions[-1][-1].point[axis] <= SAME * extent:
                positions[-1].append(jump)
            else:
                positions.append([jump])
        for n, alone in enumerate(positions):
            if n >= MOST_BREAKS or (len(alone) == 1 and len(lower) > 1):
                return alone[0]
        out.append(tuple(float(np.mean([jump.point[axis] for jump in group])) for group in positions))
    return tuple(out)


def find_jumps(geometry: Geometry, expressions: Expressions) -> Iterator[Jump]:
    """Jumps of expressions along lines through a domain, parallel to its axes."""
    lower, upper = geometry.bounds
    through = geometry.sample(LINES.get(len(lower), MOST_LINES), seed=3)
    if not any(expression.axes for expression in expressions(through[:1])):
        return
    shares = np.linspace(0.0, 1.0, POINTS) + 0.3 / POINTS * np.sin(37.0 * np.arange(POINTS))  # off regular places
    for axis in range(len(lower)):
        x = np.repeat(through[:, None, :], POINTS, axis=1)
        x[:, :, axis] = lower[axis] + np.clip(shares, MARGIN, 1 - MARGIN) * (upper - lower)[axis]
        for number, values, known in _on_lines(geometry, expressions, x, axis):
            least = LEAST_JUMP * float(np.max(np.abs(values[known]), initial=0.0))
            steps = np.abs(np.diff(values, axis=1)) * (known[:, 1:] & known[:, :-1])
            largest = np.sort(steps, axis=1)[:, -CANDIDATES][:, None]
            lines, cells = np.nonzero((steps >= largest) & (steps > least))
            ends = np.stack([x[lines, cells], x[lines, cells + 1]], axis=1)
            for point in _narrowed(geometry, expressions, number, axis, ends, least):
                yield Jump(axis, point)


def _narrowed(geometry: Geometry, expressions: Expressions, number: int, axis: int, ends: Array, least: float) -> Array:
    """Points (k, d) at which an expression jumps in intervals between ends (n, 2, d)."""
    shares = np.linspace(0.0, 1.0, PARTS + 1)[:, None]
    for _ in range(CUTS):
        if not len(ends):
            break
        x = ends[:, :1] + shares * (ends[:, 1:] - ends[:, :1])
        values, known = next((v, k) for n, v, k in _on_lines(geometry, expressions, x, axis) if n == number)
        steps = np.abs(np.diff(values, axis=1))
        rows, cells = np.arange(len(x)), steps.argmax(axis=1)
        remains = (steps[rows, cells] > least) & known.all(axis=1)
        ends = np.stack([x[rows, cells], x[rows, cells + 1]], axis=1)[remains]
    return np.asarray(ends.mean(axis=1))


def _on_lines(geometry: Geometry, expressions: Expressions, x: Array, axis: int) -> Iterator[tuple[int, Array, Mask]]:
    """Number, values (n, m) and whether they are known of expressions that may not jump along an axis, at points (n, m, d)."""
    flat = x.reshape(-1, x.shape[-1])
    contained = geometry.contains(flat)
    for number, expression in enumerate(expressions(flat)):
        if axis in expression.axes:
            known = contained & np.isfinite(expression.values)
            values = np.where(known, expression.values, 0.0)
            yield number, values.reshape(x.shape[0], x.shape[1]), known.reshape(x.shape[0], x.shape[1])


def _differentiated(problem: Problem, subdomain: str, x: Array) -> list[Expression]:
    """Expressions of which a residual takes derivatives, and the derivatives between them and these."""
    residual = problem.residual_of(subdomain)
    assert residual is not None
    p, fields = _smooth_fields(problem, x)
    out: list[Expression] = []
    with evaluating(f"the residual of problem {problem.name!r}"):
        with recording_derivatives() as recorded:
            pde_residual(residual, problem.names)([fields], p)
        for expression, index in recorded:
            if expression.name:  # a field of the problem, or a coordinate
                continue
            traced = trace_axes(index)
            axes = traced or tuple(axis for axis, n in enumerate(index) if n)
            out.append(Expression(frozenset(axes), _values(expression, len(x))))
            for axis in axes if traced or sum(index) > 1 else ():
                slope = expression.derivative(unit(len(index), axis))
                out.append(Expression(frozenset({axis} if traced else axes), _values(slope, len(x))))
    return out


def _hard_datum(problem: Problem, geometry: Geometry, condition: Condition, x: Array) -> list[Expression]:
    """The value that a hard condition prescribes, and in the strong form its slopes."""
    datum, face = condition.boundary_datum, geometry.boundary(condition.boundaries[0]).face
    assert datum is not None
    if face is not None:
        x = x.copy()
        x[:, face.axis] = face.value
    field = problem.points(torch.as_tensor(x)).field(datum.value, f"the value of {condition.label}")
    axes = frozenset(range(x.shape[1])) - (set() if face is None else {face.axis})
    out = [Expression(axes, _values(field, len(x)))]
    if problem.defaults.form == "strong":
        with evaluating(f"the value of {condition.label}"):
            slopes = [(axis, field.derivative(unit(x.shape[1], axis))) for axis in sorted(axes)]
            out += [Expression(frozenset({axis}), _values(slope, len(x))) for axis, slope in slopes]
    return out


def _density(problem: Problem, subdomain: str, x: Array) -> list[Expression]:
    """The density of the energy of a subdomain."""
    energy = problem.energy_of(subdomain)
    assert energy is not None
    p, fields = _smooth_fields(problem, x)
    with evaluating(f"the energy of problem {problem.name!r}"):
        density = energy(*(fields[name] for name in problem.names), p)
        known = isinstance(density, Field)  # what else it may return is refused where it is planned
        return [Expression(frozenset(range(problem.dimension)), _values(density, len(x)))] if known else []


def _smooth_fields(problem: Problem, x: Array) -> tuple[Points, dict[str, Field]]:
    """Points (N, d) with unknowns, and functions in the place of the fields, smooth and without stationary points: exp(a . x + b)."""
    p = problem.points(torch.as_tensor(x))
    lower, upper = problem.bounds
    fields = {}
    for n, name in enumerate([*problem.names, *(u.name for u in problem.unknowns)]):
        phase: Field = 0.0 * p.coordinates[0] + (0.1 * n - 0.5)
        for axis, c in enumerate(p.coordinates):
            rate = (0.5 + 0.15 * axis + 0.1 * n) / float(upper[axis] - lower[axis])
            phase = phase + (c - float(lower[axis])) * rate
        smooth: Field = exp(phase)
        fields[name] = Field(problem.coordinates, smooth.__getitem__, name)
    return p.with_bindings([{u.name: fields[u.name] for u in problem.unknowns}]), fields


def _values(expression: Field, count: int) -> Array:
    return np.asarray(torch.as_tensor(expression.value, dtype=torch.float64).detach().expand(count))
