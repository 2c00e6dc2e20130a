"""Zero-energy modes that no condition removes, found before training, which would leave them undetermined.

The energy and the squared residuals of the conditions are evaluated on affine fields alone: a rigid motion, or a constant
added to a potential, is in the null space of their second derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from kinn.conditions import Condition
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.collocation import CollocationSampler
from kinn.forms.terms import pde_residual
from kinn.jets import Component, Index
from kinn.problem import Problem

#: At how many interior points densities are evaluated.
PROBES = 24

#: What removes the modes.
REMEDY = "hold it by a Dirichlet condition, or at a point by PointValue"

#: Eigenvalues below this fraction of the largest count as zero.
ZERO = 1e-10


def check_modes(problem: Problem) -> None:
    """Check that no field may be shifted, or turned, at no energy.

    Raises:
        InputError: Names the fields.
    """
    basis = AffineFields(problem)
    conditions = _condition_residuals(problem, basis, essential=True)
    modes = _null_space(problem, basis, [basis.hessian(_energy(problem, basis)), basis.gram(conditions)])
    if modes is not None:
        raise InputError(
            f"problem {problem.name!r} leaves a motion free that costs no energy: {modes} at will; {REMEDY}"
        )


def zero_energy_modes(problem: Problem) -> str | None:
    """Words on the rigid motions of a body in strong form that its tractions and supports leave free, or None."""
    basis = AffineFields(problem)
    conditions = _condition_residuals(problem, basis, essential=False)
    return _null_space(problem, basis, [basis.gram(_pde_residuals(problem, basis)), basis.gram(conditions)])


def _null_space(problem: Problem, basis: AffineFields, matrices: Sequence[Tensor]) -> str | None:
    """Words on the affine fields that all of these matrices (K, K) map to zero, or None where there are none."""
    total = sum(map(_normalised, matrices), torch.zeros(basis.count, basis.count, dtype=torch.float64))
    if not bool(torch.isfinite(total).all()):
        return None  # a state at rest that has no energy is found by the training itself
    values, vectors = torch.linalg.eigh(total)
    modes = vectors[:, values < ZERO * float(values[-1])]
    if not modes.shape[1]:
        return None
    shifts = [name for name in problem.names if float((modes.T @ basis.shift(name)).norm()) > 0.99]
    if shifts:
        return f"{', '.join(map(repr, shifts))} may be shifted"
    if len(problem.subdomains) > 1:
        return "a subdomain may be moved or turned against the others"
    return "the body may be turned"


class AffineFields:
    """All affine fields on each subdomain of a problem, by their K coefficients."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        lower, upper = problem.bounds
        self.centre, self.size = (lower + upper) / 2, float((upper - lower).max())
        self.per_field = 1 + problem.dimension
        self.count = len(problem.subdomains) * len(problem.names) * self.per_field

    def fields(self, c: Tensor, subdomain: str, p: Points) -> dict[str, Field]:
        """Fields of a subdomain by name, at coefficients (K,)."""
        first = list(self.problem.subdomains).index(subdomain) * len(self.problem.names)
        return {name: self._field(c, first + n, p) for n, name in enumerate(self.problem.names)}

    def _field(self, c: Tensor, n: int, p: Points) -> Field:
        coefficients = c[n * self.per_field : (n + 1) * self.per_field]
        relative = (p.tensor - torch.as_tensor(self.centre)) / self.size

        def component(a: Index) -> Component:
            if not any(a):
                return coefficients[0] + relative @ coefficients[1:]
            if sum(a) == 1 and max(a) == 1:
                return coefficients[1 + a.index(1)].expand(len(p)) / self.size
            return 0.0

        return Field(p.names, component)

    def points(self, subdomain: str) -> Points:
        """Some points of a subdomain."""
        return self.problem.points(torch.as_tensor(self.problem.subdomains[subdomain].sample(PROBES, seed=3)))

    def shift(self, name: str) -> Tensor:
        """Coefficients (K,), of norm 1, of a field that is the same everywhere."""
        c = torch.zeros(len(self.problem.subdomains), len(self.problem.names), self.per_field, dtype=torch.float64)
        c[:, self.problem.names.index(name), 0] = len(self.problem.subdomains) ** -0.5
        return c.flatten()

    def hessian(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Second derivative (K, K) of a function of the coefficients at zero."""
        matrix: Tensor = torch.autograd.functional.hessian(function, torch.zeros(self.count, dtype=torch.float64))  # type: ignore[no-untyped-call]
        return matrix

    def gram(self, function: Callable[[Tensor], Tensor]) -> Tensor:
        """J^T J (K, K), J the Jacobian at zero of a function of the coefficients with several values."""
        jacobian: Tensor = torch.autograd.functional.jacobian(function, torch.zeros(self.count, dtype=torch.float64))  # type: ignore[no-untyped-call]
        return jacobian.T @ jacobian


def _energy(problem: Problem, basis: AffineFields) -> Callable[[Tensor], Tensor]:
    """The energy of affine fields."""
    points = {name: basis.points(name) for name in problem.subdomains}

    def function(c: Tensor) -> Tensor:
        total = torch.zeros((), dtype=torch.float64)
        for name, p in points.items():
            fields, energy = basis.fields(c, name, p), problem.energy_of(name)
            assert energy is not None
            total = total + _values(energy(*(fields[u] for u in problem.names), p), len(p)).sum()
        return total

    return function


def _pde_residuals(problem: Problem, basis: AffineFields) -> Callable[[Tensor], Tensor]:
    """The PDE's residuals of affine fields: zero, but where a field itself exerts a force."""
    points = {name: basis.points(name) for name in problem.subdomains}

    def function(c: Tensor) -> Tensor:
        out = [0.0 * c]
        for name, p in points.items():
            fields, residual = basis.fields(c, name, p), problem.residual_of(name)
            if residual is not None:
                out += [_values(r, len(p)) for r in pde_residual(residual, problem.names)([fields], p)]
        return torch.cat(out)

    return function


def _condition_residuals(problem: Problem, basis: AffineFields, *, essential: bool) -> Callable[[Tensor], Tensor]:
    """Residuals of the conditions for affine fields: of the essential ones alone, or of all."""
    total = sum(g.measure for g in problem.subdomains.values())
    sampler = CollocationSampler(problem, torch.float64, basis.size, PROBES / total)
    terms: list[tuple[Condition, tuple[str, ...], Points]] = []
    for condition in problem.conditions:
        part = condition.essential_part() if essential else condition
        for group in problem.subdomain_groups(condition) if part is not None else ():
            points = condition.collocation_points(sampler, group, 5)
            assert part is not None
            if isinstance(points, Points) and not (essential and _has_derivatives(problem, part, group, points)):
                terms.append((part, group, points))

    def function(c: Tensor) -> Tensor:
        out = [0.0 * c]
        for condition, group, p in terms:
            traces: list[Mapping[str, Field]] = [basis.fields(c, s, p.side(n)) for n, s in enumerate(group)]
            out += [_values(r, len(p)) for r in condition.residuals(traces, p)]
        return torch.cat(out)

    return function


def _has_derivatives(problem: Problem, condition: Condition, group: tuple[str, ...], p: Points) -> bool:
    """Whether a condition contains derivatives, so that the minimum of an energy satisfies it unasked."""
    indices: set[Index] = set()

    def component(a: Index) -> Component:
        indices.add(a)
        return torch.ones(len(p), dtype=torch.float64)

    traces = [{name: Field(p.names, component) for name in problem.names} for _ in group]
    for r in condition.residuals(traces, p):
        r.value  # noqa: B018 (evaluating it records)
    return any(any(a) for a in indices)


def _values(field: Field, count: int) -> Tensor:
    return torch.as_tensor(field.value, dtype=torch.float64).expand(count)


def _normalised(matrix: Tensor) -> Tensor:
    """Matrix over its largest entry."""
    largest = float(matrix.abs().max())
    return matrix / largest if largest > 0 else matrix
