"""What flows through a boundary, as the density of an energy says: the multiplier of a condition on values there.

Where a field u is held by a multiplier, the minimum of the integral of psi has lambda = n . d psi / d grad u on the boundary: the
flux, the traction. So the flux of the present fields may stand for the multiplier. Unlike a sum of what the condition left over it
cannot grow without end where the network cannot hold the condition, and the exact solution is a fixed point, as of Nitsche's
method without its symmetric term (Nitsche 1971, Abh. Math. Sem. Univ. Hamburg 36; the incomplete one of Dawson, Sun and Wheeler
2004, Comput. Methods Appl. Mech. Engrg. 193).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from kinn.conditions import Condition
from kinn.fields import Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.functional import EnergyTerm, density_of, plan_energy


@dataclass(frozen=True, eq=False)
class Flux:
    """The flux of a field through a boundary, on one side of it.

    Attributes:
        energy: The density of the energy on this side, at the points of the boundary.
        field: The name of the field.
    """

    energy: EnergyTerm
    field: str

    def __call__(self, trial: DomainTrial, block: int) -> Tensor:
        """Return n . d psi / d grad u (N,) at the present parameters; n points outwards from the first side."""
        normals = self.energy.blocks[block].normals
        assert normals is not None
        _, slope = self.energy.slope(self.energy.components(trial, block), block)
        out = torch.zeros_like(slope[0])
        for row, (_, name, index) in zip(slope, self.energy.leaves, strict=True):
            if name == self.field and any(index):
                out = out + row * normals[:, index.index(1)]
        return out


def fluxes(trial: DomainTrial, condition: Condition, group: Sequence[str], points: Points) -> tuple[Flux, ...]:
    """Return the fluxes on the sides of a boundary whose mean is the multiplier of a condition; none where it is no such.

    Args:
        trial: The trial functions.
        condition: What is held: the value of one field, or its jump.
        group: The subdomains that take part.
        points: The points, with normals.
    """
    if not condition.multiplier_is_flux or points.normals is None:
        return ()
    (field,) = condition.field_names
    out = []
    for subdomain in group:
        density = trial.problem.energy_of(subdomain)
        assert density is not None
        term = plan_energy(
            trial, f"the flux of {condition.label}", (subdomain,), density_of(trial.problem, density), points
        )
        if any(name == field and sum(index) > 1 for _, name, index in term.leaves):
            return ()  # of a plate: what works on the slope belongs to it, too
        out.append(Flux(term, field))
    return tuple(out)
