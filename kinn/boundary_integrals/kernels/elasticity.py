"""Kernels of plane strain of an isotropic elastic solid, and of its incompressible limit, Stokes flow.

Kelvin's solution, with r = |d|, e = d / r, shear modulus mu and Poisson's ratio nu:

    U_ij = ((3 - 4 nu) log(R / r) delta_ij + e_i e_j) / (8 pi mu (1 - nu))
    T_ij = -(e . n ((1 - 2 nu) delta_ij + 2 e_i e_j) - (1 - 2 nu) (e_i n_j - e_j n_i)) / (4 pi (1 - nu) r)

Source: Brebbia, Telles and Wrobel, Boundary Element Techniques (1984), section 5.2. With nu = 1/2 they are the
Stokeslet and the stresslet of a flow of viscosity mu. The pressures of these two are

    P_j = -d_j / (2 pi r^2),    Q_j = -(mu / pi) (n_j - 2 d_j (d . n) / r^2) / r^2

Source: Pozrikidis, Boundary Integral and Singularity Methods (1992), sections 2.2 and 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.kernel import Kernel, dot, tensor
from kinn.geometry.types import Array

_AXES = range(2)
_EYE = np.eye(2)


@dataclass(frozen=True)
class ElasticityKernel(Kernel):
    """Kelvin's kernels of plane strain.

    Attributes:
        shear: The shear modulus, or the viscosity.
        poisson: Poisson's ratio in plane strain, below 1/2; 1/2 for Stokes flow.
        scale: The length R; above the size of the domain the single layer is positive definite.
    """

    shear: float
    poisson: float
    scale: float = 1.0
    components = 2

    def single(self, d: Array) -> Array:
        squared = dot(d, d)
        isotropic = (3 - 4 * self.poisson) / -2 * np.log(squared / self.scale**2)
        e, factor = _dyad(d, squared), 1 / (8 * pi * self.shear * (1 - self.poisson))
        return tensor([[factor * (e[i][j] + isotropic * _EYE[i, j]) for j in _AXES] for i in _AXES], 2)

    def double(self, d: Array, n: Array) -> Array:
        squared, k = dot(d, d), 1 - 2 * self.poisson
        e, across = _dyad(d, squared), dot(d, n) / squared
        rotated = (d[..., 0] * n[..., 1] - d[..., 1] * n[..., 0]) / squared
        isotropic = [[across, -rotated], [rotated, across]]
        factor = -1 / (4 * pi * (1 - self.poisson))
        return tensor([[factor * (2 * across * e[i][j] + k * isotropic[i][j]) for j in _AXES] for i in _AXES], 2)

    def single_gradient(self, d: Array) -> Array:
        squared = dot(d, d)
        e = _dyad(d, squared)
        f = [d[..., l] / (-8 * pi * self.shear * (1 - self.poisson) * squared) for l in _AXES]

        def entry(i: int, j: int, l: int) -> Array:
            out = (-2 * e[i][j] - (3 - 4 * self.poisson) * _EYE[i, j]) * f[l]
            return np.asarray(out + (f[j] if i == l else 0.0) + (f[i] if j == l else 0.0))

        return tensor([[[entry(i, j, l) for l in _AXES] for j in _AXES] for i in _AXES], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        squared, k = dot(d, d), 1 - 2 * self.poisson
        e, across = _dyad(d, squared), dot(d, n) / squared
        rays = [across * d[..., l] for l in _AXES]
        rotated = (d[..., 0] * n[..., 1] - d[..., 1] * n[..., 0]) / squared
        factor = 1 / (4 * pi * (1 - self.poisson) * squared)

        def entry(i: int, j: int, l: int) -> Array:
            out = (2 * e[i][j] + k * _EYE[i, j]) * n[..., l]
            out -= (8 * e[i][j] + 2 * k * _EYE[i, j]) * rays[l]
            if i == l:
                out += 2 * rays[j] - k * n[..., j]
            if j == l:
                out += 2 * rays[i] + k * n[..., i]
            if i != j:
                out += (2 * k * (j - i)) * rotated * d[..., l]
            return np.asarray(factor * out)

        return tensor([[[entry(i, j, l) for l in _AXES] for j in _AXES] for i in _AXES], 3)

    def rigid_modes(self, points: Array) -> Array:
        turn = np.stack([-points[:, 1], points[:, 0]], axis=1)
        return np.concatenate([super().rigid_modes(points), turn[:, :, None]], axis=2)


@dataclass(frozen=True)
class PressureKernel(Kernel):
    """The kernels of the pressure of Stokes flow, from the velocities and tractions on the boundary.

    Attributes:
        viscosity: The dynamic viscosity mu.
    """

    viscosity: float
    components = 2
    derived = True

    @property
    def rows(self) -> int:
        return 1

    def single(self, d: Array) -> Array:
        factor = 1 / (-2 * pi * dot(d, d))
        return tensor([[d[..., j] * factor for j in _AXES]], 2)

    def double(self, d: Array, n: Array) -> Array:
        squared = dot(d, d)
        twice, factor = 2 * dot(d, n) / squared, -self.viscosity / pi / squared
        return tensor([[(n[..., j] - twice * d[..., j]) * factor for j in _AXES]], 2)

    def single_gradient(self, d: Array) -> Array:
        squared = dot(d, d)
        factor, twice = 1 / (2 * pi * squared), 2 / squared
        return tensor([[[(_EYE[j, l] - twice * d[..., j] * d[..., l]) * factor for l in _AXES] for j in _AXES]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        squared, across = dot(d, d), dot(d, n)
        eight, factor = 8 * across / squared, self.viscosity / pi / squared**2

        def entry(j: int, l: int) -> Array:
            mixed = n[..., j] * d[..., l] + d[..., j] * n[..., l] + across * _EYE[j, l]
            return np.asarray(factor * (eight * d[..., j] * d[..., l] - 2 * mixed))

        return tensor([[[entry(j, l) for l in _AXES] for j in _AXES]], 3)


def _dyad(d: Array, squared: Array) -> list[list[Array]]:
    """Entries of e e^T."""
    mixed = d[..., 0] * d[..., 1] / squared
    return [[d[..., 0] ** 2 / squared, mixed], [mixed, d[..., 1] ** 2 / squared]]
