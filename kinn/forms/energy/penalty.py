"""Conditions in an energy that are not built into the trial functions: a penalty, with multipliers that make it exact.

What a condition leaves over, r, adds beta r^2 / 2 - lambda r to the energy. The penalty alone leaves r = O(1 / beta) over;
the multiplier, lambda <- lambda - beta r now and then, takes over its part until nothing is left (the augmented
Lagrangian of Hestenes and Powell, 1969), and beta need not be so large that it spoils the condition of the problem. Where the
multiplier is known to be a flux, it is that of the present fields: see `kinn.forms.energy.flux`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from kinn.fields import Field, Points
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.energy.flux import Flux
from kinn.forms.energy.functional import EnergyTerm

#: What a condition leaves over, and its factor beta, each a field.
Left = Callable[[Sequence[Mapping[str, Field]], Points], tuple[Sequence[Field], Field]]


@dataclass(frozen=True, eq=False)
class PenaltyTerm(EnergyTerm):
    """A condition as a term of an energy.

    Attributes:
        left: What the condition leaves over.
        fluxes: What the multiplier is the mean of, of each side; none where it is a sum of what was left over.
        multipliers: Those of each block (equations, N); empty before the first update.
    """

    left: Left
    fluxes: tuple[Flux, ...] = ()
    multipliers: list[Tensor] = field(default_factory=list)

    def at(self, z: Tensor, block: int) -> Tensor:
        """Return beta r^2 / 2 - lambda r (N,)."""
        density = super().at(z, block)
        if not self.multipliers:
            return density
        return density - (self.multipliers[block] * self._left(z, block)[0]).sum(dim=0)

    def updated_multipliers(self, trial: DomainTrial) -> tuple[list[Tensor], float]:
        """Return the multipliers after an update at the present parameters, and the integral of r^2 there."""
        out, squares = [], 0.0
        with torch.no_grad():
            for block, p in enumerate(self.blocks):
                r, beta = self._left(self.components(trial, block), block)
                if self.fluxes:
                    sides = torch.stack([flux(trial, block) for flux in self.fluxes])
                    out.append(sides.mean(dim=0, keepdim=True))
                else:
                    before = self.multipliers[block] if self.multipliers else torch.zeros_like(r)
                    out.append(before - beta * r)
                assert p.weights is not None
                squares += float((p.weights * r.square()).sum())
        return out, squares

    def _left(self, z: Tensor, block: int) -> tuple[Tensor, Tensor]:
        """Return what is left over (equations, N), and beta (N,)."""
        p = self.blocks[block]
        fields, factor = self.left(self.traces(z, p), p)
        rows = [torch.as_tensor(f.value, dtype=z.dtype).expand(len(p)) for f in (*fields, factor)]
        return torch.stack(rows[:-1]), rows[-1]


def penalised(term: EnergyTerm, left: Left, fluxes: tuple[Flux, ...] = ()) -> PenaltyTerm:
    """Return a planned term with what its multipliers need."""
    return PenaltyTerm(term.term, term.density, term.leaves, term.quadratic, left, fluxes)
