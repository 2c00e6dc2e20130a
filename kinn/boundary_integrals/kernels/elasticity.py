"""Plane strain of an isotropic elastic solid, and, as its incompressible limit, creeping flow.

Kelvin's solution, with r = |d|, e = d / r, shear modulus mu and Poisson's ratio nu:

    U_ij = ((3 - 4 nu) log(R / r) delta_ij + e_i e_j) / (8 pi mu (1 - nu))
    T_ij = -(e . n ((1 - 2 nu) delta_ij + 2 e_i e_j) - (1 - 2 nu) (e_i n_j - e_j n_i)) / (4 pi (1 - nu) r)

Source: Brebbia, Telles and Wrobel, Boundary Element Techniques (1984), section 5.2. With nu = 1/2 they are the
Stokeslet and the stresslet of a flow of viscosity mu (Pozrikidis, Boundary Integral and Singularity Methods, 1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.kernel import Kernel, along, tensor
from kinn.geometry.types import Array

_AXES = range(2)
_EYE = np.eye(2)


@dataclass(frozen=True)
class ElasticityKernel(Kernel):
    """The kernels of plane strain.

    Attributes:
        shear: The shear modulus, or the viscosity.
        poisson: Poisson's ratio of plane strain, below 1/2; 1/2 for creeping flow.
        scale: The length R, which makes single layers positive definite where it is above the size of the domain.
    """

    shear: float
    poisson: float
    scale: float = 1.0
    components = 2

    def single(self, d: Array) -> Array:
        """Return U."""
        squared = along(d, d)
        isotropic = (3 - 4 * self.poisson) / -2 * np.log(squared / self.scale**2)
        e, factor = _dyad(d, squared), 1 / (8 * pi * self.shear * (1 - self.poisson))
        return tensor([[factor * (e[i][j] + isotropic * _EYE[i, j]) for j in _AXES] for i in _AXES], 2)

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        squared, k = along(d, d), 1 - 2 * self.poisson
        e, across = _dyad(d, squared), along(d, n) / squared
        turned = (d[..., 0] * n[..., 1] - d[..., 1] * n[..., 0]) / squared
        rest = [[across, -turned], [turned, across]]
        factor = -1 / (4 * pi * (1 - self.poisson))
        return tensor([[factor * (2 * across * e[i][j] + k * rest[i][j]) for j in _AXES] for i in _AXES], 2)

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        squared = along(d, d)
        e = _dyad(d, squared)
        f = [d[..., l] / (-8 * pi * self.shear * (1 - self.poisson) * squared) for l in _AXES]

        def entry(i: int, j: int, l: int) -> Array:
            out = (-2 * e[i][j] - (3 - 4 * self.poisson) * _EYE[i, j]) * f[l]
            return np.asarray(out + (f[j] if i == l else 0.0) + (f[i] if j == l else 0.0))

        return tensor([[[entry(i, j, l) for l in _AXES] for j in _AXES] for i in _AXES], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared, k = along(d, d), 1 - 2 * self.poisson
        e, across = _dyad(d, squared), along(d, n) / squared
        rays = [across * d[..., l] for l in _AXES]
        turned = (d[..., 0] * n[..., 1] - d[..., 1] * n[..., 0]) / squared
        factor = 1 / (4 * pi * (1 - self.poisson) * squared)

        def entry(i: int, j: int, l: int) -> Array:
            out = (2 * e[i][j] + k * _EYE[i, j]) * n[..., l]
            out -= (8 * e[i][j] + 2 * k * _EYE[i, j]) * rays[l]
            if i == l:
                out += 2 * rays[j] - k * n[..., j]
            if j == l:
                out += 2 * rays[i] + k * n[..., i]
            if i != j:
                out += (2 * k * (j - i)) * turned * d[..., l]
            return np.asarray(factor * out)

        return tensor([[[entry(i, j, l) for l in _AXES] for j in _AXES] for i in _AXES], 3)

    def modes(self, points: Array) -> Array:
        """Return the translations and the rotation at points (N, 2), (N, 2, 3)."""
        turn = np.stack([-points[:, 1], points[:, 0]], axis=1)
        return np.concatenate([super().modes(points), turn[:, :, None]], axis=2)


def _dyad(d: Array, squared: Array) -> list[list[Array]]:
    """Return the entries of e e^T."""
    mixed = d[..., 0] * d[..., 1] / squared
    return [[d[..., 0] ** 2 / squared, mixed], [mixed, d[..., 1] ** 2 / squared]]
