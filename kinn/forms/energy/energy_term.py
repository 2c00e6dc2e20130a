"""Terms of an energy: a density, its quadrature, and the derivatives of the fields that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
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

#: A derivative of a field on one side: the number of the side, the name of the field, the multi-index.
TraceDerivative = tuple[int, str, Index]

#: Eigenvalues of a density's second derivative below this fraction of the largest count as zero.
NEGLIGIBLE = 1e-12

#: The second derivatives of quadratic densities are kept up to this number of entries per block.
MAX_KEPT = 10**6


def density_of(problem: Problem, function: Callable[..., Field], sign: float = 1.0) -> Density:
    """Density of the fields by name from one of the fields in order, as problems state it, times 1 or -1."""

    def density(traces: Sequence[Mapping[str, Field]], p: Points) -> Field:
        out = function(*(traces[0][name] for name in problem.names), p)
        return -out if sign < 0 and isinstance(out, Field) else out

    return density


class LocalQuadratic(NamedTuple):
    """Quadratic model of a density at points, in the m components that it depends on.

    Attributes:
        value: Its value (N,).
        gradient: Its derivative (m, N).
        factor: L (m, r, N) with L L^T its second derivative, negative eigenvalues left out.
    """

    value: Tensor
    gradient: Tensor
    factor: Tensor


@dataclass(frozen=True, eq=False, kw_only=True)
class EnergyTerm(Term):
    """A density with its quadrature.

    Attributes:
        density: The density.
        derivatives: The m derivatives of the fields that it depends on.
        quadratic: Whether it is a quadratic function of these.
    """

    density: Density
    derivatives: tuple[TraceDerivative, ...]
    quadratic: bool

    def components(self, trial: DomainTrial, block: int, tape: Tape | None = None) -> Tensor:
        """Components (m, N) of trial functions that the density depends on, on a block of its points."""
        p = self.blocks[block]
        traces, _ = trial.traces(self.subdomains, p, self.index, self.unknown_index, tape)
        rows = [torch.as_tensor(traces[side][name][a], dtype=p.tensor.dtype) for side, name, a in self.derivatives]
        return torch.stack([row.expand(len(p)) for row in rows])

    def at(self, z: Tensor, block: int) -> Tensor:
        """Density (N,) for components (m, N)."""
        p = self.blocks[block]
        return _values(self.density(self.traces(z, p), p), p, self.name)

    def traces(self, z: Tensor, p: Points) -> list[dict[str, Field]]:
        """Fields by name for each side with these components (m, N)."""
        known = {derivative: z[n] for n, derivative in enumerate(self.derivatives)}
        return _traces(p, len(self.subdomains), lambda derivative: known[derivative])

    def value_and_gradient(self, z: Tensor, block: int) -> tuple[Tensor, Tensor]:
        """Density (N,) and its gradient (m, N)."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            value = self.at(z, block)
            (gradient,) = torch.autograd.grad(value.sum(), z)
        return value.detach(), gradient

    def quadratic_model(self, z: Tensor, block: int) -> LocalQuadratic:
        """Density with its first and second derivative, the second without its negative part."""
        p = self.blocks[block]

        def factor() -> Tensor:
            return semidefinite_factor(self.hessian(z, block))

        keep = self.quadratic and len(self.derivatives) ** 2 * len(p) <= MAX_KEPT
        return LocalQuadratic(
            *self.value_and_gradient(z, block), p.cached(("factor", id(self)), factor) if keep else factor()
        )

    def hessian_vector(self, z: Tensor, direction: Tensor, block: int) -> Tensor:
        """Product (m, N) of the Hessian and a direction."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.at(z, block).sum(), z, create_graph=True)
            if not gradient.requires_grad:
                return torch.zeros_like(z)
            (out,) = torch.autograd.grad((gradient * direction).sum(), z)
        return out

    def hessian(self, z: Tensor, block: int) -> Tensor:
        """Second derivative (N, m, m)."""
        with torch.enable_grad():
            z = z.detach().requires_grad_()
            (gradient,) = torch.autograd.grad(self.at(z, block).sum(), z, create_graph=True)
            hessian = torch.zeros(z.shape[1], len(z), len(z), dtype=z.dtype)
            for k in range(len(z) if gradient.requires_grad else 0):
                (row,) = torch.autograd.grad(gradient[k].sum(), z, retain_graph=True, allow_unused=True)
                if row is not None:
                    hessian[:, k] = row.T
        return hessian


def semidefinite_factor(matrices: Tensor) -> Tensor:
    """Factor L (m, r, N) with L L^T the symmetric matrices (N, m, m) without their negative parts."""
    if len(matrices) > 1 and bool((matrices == matrices[0]).all()):  # as of a uniform linear material
        return semidefinite_factor(matrices[:1]).expand(-1, -1, len(matrices))
    finite = torch.where(torch.isfinite(matrices), matrices, torch.zeros_like(matrices))
    values, vectors = torch.linalg.eigh(finite)
    largest = float(values.abs().max())
    kept = values.amax(dim=0) > NEGLIGIBLE * largest
    roots = values[:, kept].clamp(min=0.0).sqrt()
    factor: Tensor = (vectors[:, :, kept] * roots[:, None, :]).permute(1, 2, 0).contiguous()
    return factor


def plan_energy(
    trial: DomainTrial, name: str, subdomains: tuple[str, ...], density: Density, points: Points
) -> EnergyTerm:
    """Term of an energy, planned by evaluating its density on recording fields; see `plan_term`.

    The points of the quadrature have weights; those of other sides lie opposite to them.

    Raises:
        InputError: If the density is no field, has a wrong shape, asks for what does not exist, or depends on no field.
    """
    term = plan_term(trial, name, subdomains, lambda traces, p: [density(traces, p)], points)
    probes = term.blocks[0].rows(slice(0, 7))
    derivatives: dict[TraceDerivative, None] = {}

    def record(derivative: TraceDerivative) -> Component:
        derivatives.setdefault(derivative)
        return torch.ones(len(probes), dtype=probes.tensor.dtype)

    _values(density(_traces(probes, len(subdomains), record), probes), probes, name)
    if not derivatives:
        raise InputError(f"the density of {name} depends on no field")
    energy = EnergyTerm(**vars(term), density=density, derivatives=tuple(derivatives), quadratic=False)
    return replace(energy, quadratic=_is_quadratic(replace(energy, blocks=(probes,))))


def _is_quadratic(term: EnergyTerm) -> bool:
    """Whether a density is a quadratic function: its gradient is affine in the components."""
    p = term.blocks[0]
    generator = torch.Generator().manual_seed(0)
    a, b = (
        0.5 + torch.rand(len(term.derivatives), len(p), generator=generator, dtype=torch.float64).to(p.tensor.dtype)
        for _ in range(2)
    )
    first, second, mixed = (term.value_and_gradient(z, 0)[1] for z in (a, b, 0.3 * a + 0.7 * b))
    scale = float(first.abs().max() + second.abs().max())
    tolerance = 1e-9 if p.tensor.dtype == torch.float64 else 1e-4
    return bool((mixed - 0.3 * first - 0.7 * second).abs().max() <= tolerance * scale)


def _traces(p: Points, sides: int, component: Callable[[TraceDerivative], Component]) -> list[dict[str, Field]]:
    """Fields by name for each side, with the components that a function gives."""

    def of_field(side: int, name: str, a: Index) -> Component:
        return component((side, name, a))

    return [{u: Field(p.names, partial(of_field, side, u), u) for u in p.fields} for side in range(sides)]


def _values(density: Any, p: Points, name: str) -> Tensor:
    """Values (N,) of a density."""
    if not isinstance(density, Field):
        raise InputError(f"the density of {name} is {type(density).__name__} where a field is needed")
    values = torch.as_tensor(density.value, dtype=p.tensor.dtype)
    return values if values.dim() else values.expand(len(p))
