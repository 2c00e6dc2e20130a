"""Hyperelastic materials at large deformations; in the plane, plane strain.

An inverted deformation (J = det F <= 0) has no energy: the density is NaN there, so that minimisation rejects the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import torch

from kinn.fields import Field, Vector
from kinn.math import log, where
from kinn.mechanics.kinematics import (
    Tensor,
    cofactor,
    deformation_gradient,
    determinant,
    double,
    green_strain,
    hooke,
    product,
    trace,
    transposed,
)
from kinn.mechanics.material import Material


@dataclass(frozen=True)
class Hyperelastic(Material):
    """A material whose stress is the derivative of its energy; `stress` is the first Piola-Kirchhoff stress P = d psi / d F."""

    def cauchy(self, v: Sequence[Field]) -> Tensor:
        """Rows of P F^T / J."""
        f = deformation_gradient(v)
        j = determinant(f)
        return tuple(Vector(entry / j for entry in row) for row in product(self.stress(v), transposed(f)))


@dataclass(frozen=True)
class NeoHookean(Hyperelastic):
    """psi = lambda (ln J)^2 / 2 - mu ln J + mu (tr F^T F - d) / 2.

    Source: J. Bonet and R. D. Wood, "Nonlinear continuum mechanics for finite element analysis" (2008), section 6.4.3.
    """

    def energy(self, v: Sequence[Field]) -> Field:
        f = deformation_gradient(v)
        volume = log(determinant(f))
        density: Field = (
            volume * volume * (0.5 * self.lame)
            - volume * self.shear
            + (double(f, f) - float(len(f))) * (0.5 * self.shear)
        )
        return density

    def stress(self, v: Sequence[Field]) -> Tensor:
        """Rows of P = mu (F - F^-T) + lambda ln J F^-T."""
        f = deformation_gradient(v)
        j = determinant(f)
        factor = (log(j) * self.lame - self.shear) / j
        return tuple(
            Vector(entry * self.shear + factor * c for entry, c in zip(row, other, strict=True))
            for row, other in zip(f, cofactor(f), strict=True)
        )

    def out_of_plane(self, v: Sequence[Field]) -> Field | float:
        """The stress lambda ln J / J, for the stretch across the plane is 1."""
        j = determinant(deformation_gradient(v))
        stress: Field = log(j) * self.lame / j
        return stress


@dataclass(frozen=True)
class SaintVenantKirchhoff(Hyperelastic):
    """psi = lambda (tr E)^2 / 2 + mu E : E, E the Green-Lagrange strain: Hooke's law at large rotations and small strains."""

    def energy(self, v: Sequence[Field]) -> Field:
        e = green_strain(v)
        volume = trace(e)
        density = volume * volume * (0.5 * self.lame) + double(e, e) * self.shear
        j = torch.as_tensor(determinant(deformation_gradient(v)).value)
        admissible: Field = where(j > 0, density, nan)
        return admissible

    def stress(self, v: Sequence[Field]) -> Tensor:
        """Rows of P = F S with S = lambda tr(E) 1 + 2 mu E."""
        return product(deformation_gradient(v), hooke(green_strain(v), self.lame, self.shear))

    def out_of_plane(self, v: Sequence[Field]) -> Field | float:
        """The stress lambda tr(E) / J, for the stretch across the plane is 1."""
        stress: Field = trace(green_strain(v)) * self.lame / determinant(deformation_gradient(v))
        return stress
