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

from kinn.boundary_integrals.kernels.base import Kernel
from kinn.geometry.pieces.base import Array

_EYE = np.eye(2)


@dataclass(frozen=True)
class KelvinKernel(Kernel):
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
        squared = d[..., 0] ** 2 + d[..., 1] ** 2
        factor = 8 * pi * self.shear * (1 - self.poisson)
        isotropic = (3 - 4 * self.poisson) / -2 * np.log(squared / self.scale**2)
        out = d[..., :, None] * d[..., None, :] / squared[..., None, None]
        return np.asarray((out + isotropic[..., None, None] * _EYE) / factor)

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        squared = d[..., 0] ** 2 + d[..., 1] ** 2
        across = (d[..., 0] * n[..., 0] + d[..., 1] * n[..., 1]) / squared
        k = 1 - 2 * self.poisson
        out = d[..., :, None] * d[..., None, :] * (2 * across / squared)[..., None, None]
        if k:
            turned = k * (d[..., 0] * n[..., 1] - d[..., 1] * n[..., 0]) / squared
            out[..., 0, 0] += k * across
            out[..., 1, 1] += k * across
            out[..., 0, 1] -= turned
            out[..., 1, 0] += turned
        return np.asarray(out / (-4 * pi * (1 - self.poisson)))

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        squared = (d[..., 0] ** 2 + d[..., 1] ** 2)[..., None, None, None]
        i, j, l = d[..., :, None, None], d[..., None, :, None], d[..., None, None, :]
        out = (-(3 - 4 * self.poisson) * l * _EYE[:, :, None] + _EYE[:, None, :] * j + _EYE[None, :, :] * i) / squared
        out -= 2 * i * j * l / squared**2
        return np.asarray(out / (-8 * pi * self.shear * (1 - self.poisson)))

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = (d[..., 0] ** 2 + d[..., 1] ** 2)[..., None, None, None]
        across = (d[..., 0] * n[..., 0] + d[..., 1] * n[..., 1])[..., None, None, None]
        i, j, l = d[..., :, None, None], d[..., None, :, None], d[..., None, None, :]
        ni, nj, nl = n[..., :, None, None], n[..., None, :, None], n[..., None, None, :]
        ij, il, jl = _EYE[:, :, None], _EYE[:, None, :], _EYE[None, :, :]
        k = 1 - 2 * self.poisson
        out = nl * (k * ij + 2 * i * j / squared)
        out = out + across * (-2 * k * ij * l + 2 * (il * j + jl * i) - 8 * i * j * l / squared) / squared
        out -= k * (il * nj - jl * ni - 2 * (i * nj - j * ni) * l / squared)
        return np.asarray(out / squared / (4 * pi * (1 - self.poisson)))

    def modes(self, points: Array) -> Array:
        """Return the translations and the rotation at points (N, 2), (N, 2, 3)."""
        turn = np.stack([-points[:, 1], points[:, 0]], axis=1)
        return np.concatenate([super().modes(points), turn[:, :, None]], axis=2)
