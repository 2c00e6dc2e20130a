"""Motions that cost no energy and that no condition holds: found before training, which would leave them undecided.

The energy and the squares of what the conditions leave over are tried on affine fields alone: a rigid motion, or a constant
that is added to a potential, is in the null space of their second derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from kinn.conditions import INTERIOR, ResidualCondition
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.collocation import CollocationSampler
from kinn.jets import Component, Index
from kinn.problem import Problem

#: At how many points inside densities are tried.
PROBES = 24

#: What is to be done.
HOLD = "hold it by a Dirichlet condition, or at a point by PointValue"

#: Eigenvalues below this fraction of the largest belong to motions that are free.
FREE = 1e-10


def check_modes(problem: Problem) -> None:
    """Raise if a field may be shifted, or turned, at no cost.

    Raises:
        InputError: Names the fields.
    """
    basis = _Affine(problem)
    held = _held(problem, basis, natural=False)
    which = _null_space(problem, basis, [basis.second(_energy(problem, basis)), basis.products(held)])
    if which is not None:
        raise InputError(f"problem {problem.name!r} leaves a motion free that costs no energy: {which} at will; {HOLD}")


def zero_energy_modes(problem: Problem) -> str | None:
    """Return what may be moved or turned of a body in strong form whose tractions and supports say nothing of it."""
    if problem.unknowns or not any(c.loaded_fields(problem.names) for c in problem.conditions):
        return None
    basis = _Affine(problem)
    held = _held(problem, basis, natural=True)
    return _null_space(problem, basis, [basis.products(_inside(problem, basis)), basis.products(held)])


def _null_space(problem: Problem, basis: _Affine, matrices: Sequence[Tensor]) -> str | None:
    """Return what moves in the affine fields that all of these matrices (K, K) map to zero, or None where there are none."""
    second = sum(map(_scaled, matrices), torch.zeros(basis.count, basis.count, dtype=torch.float64))
    if not bool(torch.isfinite(second).all()):
        return None  # a state of rest that has no energy is found by the training itself
    values, vectors = torch.linalg.eigh(second)
    free = vectors[:, values < FREE * float(values[-1])]
    if not free.shape[1]:
        return None
    shifts = [name for name in problem.names if float((free.T @ basis.shift(name)).norm()) > 0.99]
    if shifts:
        return f"{', '.join(map(repr, shifts))} may be shifted"
    if len(problem.subdomains) > 1:
        return "a subdomain may be moved or turned against the others"
    return "the body may be turned"


class _Affine:
    """All affine fields on each subdomain, by their K coefficients.

    Args:
        problem: Whose fields they are.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        lower, upper = problem.bounds
        self.centre, self.size = (lower + upper) / 2, float((upper - lower).max())
        self.each = 1 + problem.dimension
        self.count = len(problem.subdomains) * len(problem.names) * self.each

    def fields(self, c: Tensor, subdomain: str, p: Points) -> dict[str, Field]:
        """Return the fields of a subdomain by name, at coefficients (K,)."""
        first = list(self.problem.subdomains).index(subdomain) * len(self.problem.names)
        return {name: self._field(c, first + n, p) for n, name in enumerate(self.problem.names)}

    def _field(self, c: Tensor, n: int, p: Points) -> Field:
        own = c[n * self.each : (n + 1) * self.each]
        relative = (p.tensor - torch.as_tensor(self.centre)) / self.size

        def component(a: Index) -> Component:
            if not any(a):
                return own[0] + relative @ own[1:]
            return own[1 + a.index(1)].expand(len(p)) / self.size if sum(a) == 1 and max(a) == 1 else 0.0

        return Field(p.names, component)

    def shift(self, name: str) -> Tensor:
        """Return the coefficients (K,), of norm 1, of a field that is the same everywhere."""
        c = torch.zeros(len(self.problem.subdomains), len(self.problem.names), self.each, dtype=torch.float64)
        c[:, self.problem.names.index(name), 0] = len(self.problem.subdomains) ** -0.5
        return c.flatten()

    def second(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Return the second derivative (K, K) of a function of the coefficients at rest."""
        made: Tensor = torch.autograd.functional.hessian(function, torch.zeros(self.count, dtype=torch.float64))  # type: ignore[no-untyped-call]
        return made

    def products(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Return J^T J (K, K), J the derivative at rest of a function of the coefficients that returns several numbers."""
        slopes: Tensor = torch.autograd.functional.jacobian(function, torch.zeros(self.count, dtype=torch.float64))  # type: ignore[no-untyped-call]
        return slopes.T @ slopes


def _energy(problem: Problem, basis: _Affine) -> Callable[[Tensor], Tensor]:
    """Return the energy of affine fields."""
    places = {
        name: problem.points(torch.as_tensor(geometry.sample(PROBES, seed=3)))
        for name, geometry in problem.subdomains.items()
    }

    def function(c: Tensor) -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for name, p in places.items():
            fields, energy = basis.fields(c, name, p), problem.energy_of(name)
            assert energy is not None
            total = total + _row(energy(*(fields[u] for u in problem.names), p), len(p)).sum()
        return total

    return function


def _inside(problem: Problem, basis: _Affine) -> Callable[[Tensor], Tensor]:
    """Return the strong form's residuals of affine fields: zero, but where a field itself has a force."""
    places = {
        name: problem.points(torch.as_tensor(geometry.sample(PROBES, seed=3)))
        for name, geometry in problem.subdomains.items()
    }

    def function(c: Tensor) -> Tensor:
        found = [0.0 * c]
        for name, p in places.items():
            fields, residual = basis.fields(c, name, p), problem.residual_of(name)
            if residual is not None:
                found += [_row(r, len(p)) for r in ResidualCondition(residual, on=INTERIOR).residuals([fields], p)]
        return torch.cat(found)

    return function


def _held(problem: Problem, basis: _Affine, *, natural: bool) -> Callable[[Tensor], Tensor]:
    """Return what the conditions leave over: those on values, and where `natural` is true all others too."""
    total = sum(g.measure for g in problem.subdomains.values())
    place = CollocationSampler(problem, basis.size, PROBES / total, "sobol", torch.float64)
    where: list[tuple[Any, tuple[str, ...], Points]] = []
    for condition in problem.conditions:
        held = condition if natural else condition.essential_part()
        for group in problem.subdomain_groups(condition) if held is not None else ():
            points = condition.collocation_points(place, group, 5)
            if isinstance(points, Points) and (natural or not _natural(problem, held, group, points)):
                where.append((held, group, points))

    def function(c: Tensor) -> Tensor:
        found = [0.0 * c]
        for condition, group, p in where:
            traces: list[Mapping[str, Field]] = [basis.fields(c, s, p.side(n)) for n, s in enumerate(group)]
            found += [_row(r, len(p)) for r in condition.residuals(traces, p)]
        return torch.cat(found)

    return function


def _natural(problem: Problem, condition: Any, group: tuple[str, ...], p: Points) -> bool:
    """Whether a condition asks for derivatives, which an energy satisfies by itself."""
    asked: set[Index] = set()

    def component(a: Index) -> Component:
        asked.add(a)
        return torch.ones(len(p), dtype=torch.float64)

    traces = [{name: Field(p.names, component) for name in problem.names} for _ in group]
    for r in condition.residuals(traces, p):
        r.value  # noqa: B018 (asking is what records)
    return any(any(a) for a in asked)


def _row(field: Field, count: int) -> Tensor:
    return torch.as_tensor(field.value, dtype=torch.float64).expand(count)


def _scaled(second: Tensor) -> Tensor:
    """Return a matrix over its largest entry."""
    largest = float(second.abs().max())
    return second / largest if largest > 0 else second
