"""Conditions in an energy that are not built into the trial functions: penalties with multipliers, which make them exact.

A residual r adds beta r^2 / 2 - lambda r to the energy. The penalty alone leaves r = O(1 / beta); the multiplier,
lambda <- lambda - beta r now and then, takes over its part until nothing is left (the augmented Lagrangian of Hestenes and
Powell, 1969), and beta need not be so large that it spoils the condition of the problem.

Where a field u is held by a multiplier, the minimum of the integral of psi has lambda = n . d psi / d grad u on the boundary:
the flux, the traction. So the flux of the present fields may stand for the multiplier. Unlike a sum of residuals it cannot
grow without end where the network cannot satisfy the condition, and the exact solution is a fixed point, as of Nitsche's
method without its symmetric term (Nitsche 1971, Abh. Math. Sem. Univ. Hamburg 36; the incomplete one of Dawson, Sun and Wheeler
2004, Comput. Methods Appl. Mech. Engrg. 193).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import add

import torch
from torch import Tensor

from kinn.conditions import Condition
from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.energy_term import EnergyTerm, density_of, plan_energy

#: The residuals of a condition, and its factor beta, each a field.
Penalty = Callable[[Sequence[Mapping[str, Field]], Points], tuple[Sequence[Field], Field]]


@dataclass(frozen=True, eq=False)
class BoundaryFlux:
    """The flux of a field through a boundary, on one side of it.

    Attributes:
        energy: The density of the energy on this side, at the points of the boundary.
        field: The name of the field.
    """

    energy: EnergyTerm
    field: str

    def __call__(self, trial: DomainTrial, block: int) -> Tensor:
        """N . d psi / d grad u (N,) at the present parameters; n points outwards from the first side."""
        normals = self.energy.blocks[block].normals
        assert normals is not None
        _, gradient = self.energy.value_and_gradient(self.energy.components(trial, block), block)
        out = torch.zeros_like(gradient[0])
        for row, (_, name, index) in zip(gradient, self.energy.derivatives, strict=True):
            if name == self.field and any(index):
                out = out + row * normals[:, index.index(1)]
        return out


@dataclass(frozen=True, eq=False, kw_only=True)
class PenaltyTerm(EnergyTerm):
    """A condition as a term of an energy.

    Attributes:
        penalty: Its residuals, and beta.
        fluxes: The fluxes of each side whose mean is the multiplier; none where it is a sum of residuals.
        multipliers: Those of each block (equations, N); empty before the first update.
    """

    penalty: Penalty
    fluxes: tuple[BoundaryFlux, ...] = ()
    multipliers: list[Tensor] = field(default_factory=list)

    def at(self, z: Tensor, block: int) -> Tensor:
        """The density beta r^2 / 2 - lambda r (N,)."""
        density = super().at(z, block)
        if not self.multipliers:
            return density
        return density - (self.multipliers[block] * self._residuals(z, block)[0]).sum(dim=0)

    def updated_multipliers(self, trial: DomainTrial) -> tuple[list[Tensor], float]:
        """Multipliers after an update at the present parameters, and the integral of r^2 there."""
        out, squares = [], 0.0
        with torch.no_grad():
            for block, p in enumerate(self.blocks):
                r, beta = self._residuals(self.components(trial, block), block)
                if self.fluxes:
                    sides = torch.stack([flux(trial, block) for flux in self.fluxes])
                    out.append(sides.mean(dim=0, keepdim=True))
                else:
                    before = self.multipliers[block] if self.multipliers else torch.zeros_like(r)
                    out.append(before - beta * r)
                assert p.weights is not None
                squares += float((p.weights * r.square()).sum())
        return out, squares

    def _residuals(self, z: Tensor, block: int) -> tuple[Tensor, Tensor]:
        """Residuals (equations, N), and beta (N,)."""
        p = self.blocks[block]
        residuals, beta = self.penalty(self.traces(z, p), p)
        rows = [torch.as_tensor(f.value, dtype=z.dtype).expand(len(p)) for f in (*residuals, beta)]
        return torch.stack(rows[:-1]), rows[-1]


def plan_penalty(
    trial: DomainTrial, condition: Condition, group: tuple[str, ...], points: Points, factor: float
) -> PenaltyTerm:
    """Penalty term of a condition on values in a group of subdomains; `factor` is beta of a condition of weight 1."""

    def penalty(traces: Sequence[Mapping[str, Field]], p: Points) -> tuple[Sequence[Field], Field]:
        weight = p.field(condition.weight, f"the weight of {condition.label}")
        return condition.residuals(traces, p), weight * factor

    def density(traces: Sequence[Mapping[str, Field]], p: Points) -> Field:
        residuals, beta = penalty(traces, p)
        return reduce(add, (r * r for r in residuals)) * beta * 0.5

    term = plan_energy(trial, condition.label, group, density, points)
    fluxes = _fluxes(trial, condition, group, points)
    return PenaltyTerm(**vars(term), penalty=penalty, fluxes=fluxes)


def _fluxes(trial: DomainTrial, condition: Condition, group: Sequence[str], points: Points) -> tuple[BoundaryFlux, ...]:
    """Fluxes on the sides of a boundary whose mean is the multiplier of a condition; none where it is no such."""
    if not condition.multiplier_is_flux or points.normals is None:
        return ()
    (name,) = condition.field_names
    out = []
    for subdomain in group:
        energy = trial.problem.energy_of(subdomain)
        assert energy is not None
        label = f"the flux of {condition.label}"
        term = plan_energy(trial, label, (subdomain,), density_of(trial.problem, energy), points)
        if any(u == name and sum(index) > 1 for _, u, index in term.derivatives):
            return ()  # of a plate: what does work on the slope belongs to it, too
        out.append(BoundaryFlux(term, name))
    return tuple(out)
