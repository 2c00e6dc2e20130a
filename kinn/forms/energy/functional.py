"""Terms of an energy: a density, the quadrature that it is integrated by, and what it asks of the fields there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.terms import Term, plan_term
from kinn.jets import Component, Index
from kinn.networks import Tape
from kinn.problem import Problem

#: The density of an energy, of the fields by name of each subdomain that takes part.
Density = Callable[[Sequence[Mapping[str, Field]], Points], Field]

#: A component of the fields that a density asks for: the side, the name of the field, the derivative.
FieldDerivative = tuple[int, str, Index]

#: Eigenvalues of a density's second derivative below this fraction of the largest count as zero.
NEGLIGIBLE = 1e-12

#: The second derivatives of quadratic densities are kept up to so many numbers a block.
KEPT = 10**6


def density_of(problem: Problem, function: Callable[..., Field], sign: float = 1.0) -> Density:
    """Return a density that a problem states of its fields and the points as one of the fields by name, times 1 or -1."""

    def density(traces: Sequence[Mapping[str, Field]], p: Points) -> Field:
        out = function(*(traces[0][name] for name in problem.names), p)
        return -out if sign < 0 and isinstance(out, Field) else out

    return density


class LocalQuadratic(NamedTuple):
    """A density at points as a quadratic function of the m components that it asks for.

    Attributes:
        value: Its value (N,).
        slope: Its derivative (m, N).
        factor: L (m, r, N) with L L^T its second derivative, negative eigenvalues left out.
    """

    value: Tensor
    slope: Tensor
    factor: Tensor


@dataclass(frozen=True, eq=False)
class EnergyTerm:
    """A density with its quadrature.

    Attributes:
        term: The density as a term, which knows its points and what it asks of the networks.
        density: The density.
        leaves: The components of the fields that it asks for.
        quadratic: Whether it is a quadratic function of these.
    """

    term: Term
    density: Density
    leaves: tuple[FieldDerivative, ...]
    quadratic: bool

    @property
    def name(self) -> str:
        """What messages and records call it."""
        return self.term.name

    @property
    def blocks(self) -> tuple[Points, ...]:
        """Its points, with weights."""
        return self.term.blocks

    @property
    def points(self) -> int:
        """Their number."""
        return self.term.points

    def components(self, trial: DomainTrial, block: int, tape: Tape | None = None) -> Tensor:
        """Return the components (m, N) of trial functions that the density asks for, on a block of its points."""
        p = self.blocks[block]
        traces, _ = trial.traces(self.term.subdomains, p, self.term.index, self.term.unknown_index, tape)
        rows = [torch.as_tensor(traces[side][name][a], dtype=p.tensor.dtype) for side, name, a in self.leaves]
        return torch.stack([row.expand(len(p)) for row in rows])

    def at(self, z: Tensor, block: int) -> Tensor:
        """Return the density (N,) for components (m, N)."""
        p = self.blocks[block]
        return _values(self.density(self.traces(z, p), p), p, self.name)

    def traces(self, z: Tensor, p: Points) -> list[dict[str, Field]]:
        """Return fields by name for each side with these components (m, N)."""
        known = {leaf: z[n] for n, leaf in enumerate(self.leaves)}
        return _traces(p, len(self.term.subdomains), lambda leaf: known[leaf])

    def slope(self, z: Tensor, block: int) -> tuple[Tensor, Tensor]:
        """Return the density (N,) and its derivative (m, N)."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            value = self.at(z, block)
            (slope,) = torch.autograd.grad(value.sum(), z)
        return value.detach(), slope

    def local(self, z: Tensor, block: int) -> LocalQuadratic:
        """Return the density with its first and second derivative, the second without its negative part."""
        m, p = len(self.leaves), self.blocks[block]
        if not (self.quadratic and m * m * len(p) <= KEPT):
            return LocalQuadratic(*self.slope(z, block), self._factor(z, block))
        factor: Tensor = p.cached(("factor", id(self)), lambda: self._factor(z, block))
        return LocalQuadratic(*self.slope(z, block), factor)

    def _factor(self, z: Tensor, block: int) -> Tensor:
        """Return the factor (m, r, N) of the second derivative."""
        return semidefinite_factor(self.second(z, block))

    def hessian_vector(self, z: Tensor, direction: Tensor, block: int) -> Tensor:
        """Return the second derivative times a direction, (m, N)."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.at(z, block).sum(), z, create_graph=True)
            if not slope.requires_grad:
                return torch.zeros_like(z)
            (out,) = torch.autograd.grad((slope * direction).sum(), z)
        return out

    def second(self, z: Tensor, block: int) -> Tensor:
        """Return the second derivative (N, m, m)."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.at(z, block).sum(), z, create_graph=True)
            second = torch.zeros(z.shape[1], len(z), len(z), dtype=z.dtype)
            for k in range(len(z) if slope.requires_grad else 0):
                (row,) = torch.autograd.grad(slope[k].sum(), z, retain_graph=True, allow_unused=True)
                if row is not None:
                    second[:, k] = row.T
        return second


def semidefinite_factor(second: Tensor) -> Tensor:
    """Return L (m, r, N) with L L^T the symmetric matrices (N, m, m) without their negative parts."""
    if len(second) > 1 and bool((second == second[0]).all()):  # the same at all points, as of a uniform linear material
        return semidefinite_factor(second[:1]).expand(-1, -1, len(second))
    finite = torch.where(torch.isfinite(second), second, torch.zeros_like(second))
    values, vectors = torch.linalg.eigh(finite)
    largest = float(values.abs().max())
    kept = values.amax(dim=0) > NEGLIGIBLE * largest
    roots = values[:, kept].clamp(min=0.0).sqrt()
    factor: Tensor = (vectors[:, :, kept] * roots[:, None, :]).permute(1, 2, 0).contiguous()
    return factor


def plan_energy(
    trial: DomainTrial, name: str, subdomains: tuple[str, ...], density: Density, points: Points
) -> EnergyTerm:
    """Return a term of an energy, planned by trying its density on recording fields.

    Args:
        trial: The trial functions.
        name: What messages call the term.
        subdomains: Those whose fields take part.
        density: The density.
        points: The points of the quadrature, with weights; those of other sides opposite to them.

    Raises:
        InputError: If the density is no field, has a wrong shape, asks for what does not exist, or depends on no field.
    """
    term = plan_term(trial, name, subdomains, lambda traces, p: [density(traces, p)], points)
    probes = term.blocks[0].rows(slice(0, 7))
    asked: dict[FieldDerivative, None] = {}

    def record(leaf: FieldDerivative) -> Component:
        asked.setdefault(leaf)
        return torch.ones(len(probes), dtype=probes.tensor.dtype)

    _values(density(_traces(probes, len(subdomains), record), probes), probes, name)
    if not asked:
        raise InputError(f"the density of {name} depends on no field")
    tried = EnergyTerm(replace(term, blocks=(probes,)), density, tuple(asked), quadratic=False)
    return EnergyTerm(term, density, tuple(asked), quadratic=_is_quadratic(tried))


def _is_quadratic(term: EnergyTerm) -> bool:
    """Whether a density is a quadratic function: its slope is affine in the components."""
    p = term.blocks[0]
    generator = torch.Generator().manual_seed(0)
    a, b = (
        0.5 + torch.rand(len(term.leaves), len(p), generator=generator, dtype=torch.float64).to(p.tensor.dtype)
        for _ in range(2)
    )
    first, second, mixed = (term.slope(z, 0)[1] for z in (a, b, 0.3 * a + 0.7 * b))
    scale = float(first.abs().max() + second.abs().max())
    tolerance = 1e-9 if p.tensor.dtype == torch.float64 else 1e-4
    return bool((mixed - 0.3 * first - 0.7 * second).abs().max() <= tolerance * scale)


def _traces(p: Points, sides: int, component: Callable[[FieldDerivative], Component]) -> list[dict[str, Field]]:
    """Return fields by name for each side, with the components that a function of leaves gives."""

    def rule(side: int, name: str) -> Callable[[Index], Component]:
        return lambda a: component((side, name, a))

    return [{name: Field(p.names, rule(side, name), name) for name in p.fields} for side in range(sides)]


def _values(density: Any, p: Points, name: str) -> Tensor:
    """Return the values (N,) of a density."""
    if not isinstance(density, Field):
        raise InputError(f"the density of {name} is {type(density).__name__} where a field is needed")
    values = torch.as_tensor(density.value, dtype=p.tensor.dtype)
    return values if values.dim() else values.expand(len(p))
