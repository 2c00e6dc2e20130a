"""The pressure of creeping flow, from the velocities and tractions that the flow itself follows from.

With d = y - x, r = |d|: the pressure of the Stokeslet and of the stresslet,

    P_j = -d_j / (2 pi r^2),    Q_j = -(mu / pi) (n_j - 2 d_j (d . n) / r^2) / r^2

Source: Pozrikidis, Boundary Integral and Singularity Methods (1992), sections 2.2 and 2.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.base import Kernel
from kinn.geometry.pieces.base import Array

_EYE = np.eye(2)


@dataclass(frozen=True)
class PressureKernel(Kernel):
    """The kernels of the pressure.

    Attributes:
        viscosity: The dynamic viscosity mu.
    """

    viscosity: float
    components = 2
    companion = True

    @property
    def rows(self) -> int:
        """1: the pressure."""
        return 1

    def single(self, d: Array) -> Array:
        """Return P, (..., 1, 2)."""
        squared = d[..., 0] ** 2 + d[..., 1] ** 2
        return np.asarray(d / (-2 * pi * squared)[..., None])[..., None, :]

    def double(self, d: Array, n: Array) -> Array:
        """Return Q, (..., 1, 2)."""
        squared = (d[..., 0] ** 2 + d[..., 1] ** 2)[..., None]
        across = (d[..., 0] * n[..., 0] + d[..., 1] * n[..., 1])[..., None]
        return np.asarray((n - 2 * across / squared * d) * (-self.viscosity / pi) / squared)[..., None, :]

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of P by x, (..., 1, 2, 2)."""
        squared = (d[..., 0] ** 2 + d[..., 1] ** 2)[..., None, None]
        out = _EYE - 2 * d[..., :, None] * d[..., None, :] / squared
        return np.asarray(out / (2 * pi * squared))[..., None, :, :]

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of Q by x, (..., 1, 2, 2)."""
        squared = (d[..., 0] ** 2 + d[..., 1] ** 2)[..., None, None]
        across = (d[..., 0] * n[..., 0] + d[..., 1] * n[..., 1])[..., None, None]
        i, l = d[..., :, None], d[..., None, :]
        out = 8 * across * i * l / squared - 2 * (n[..., :, None] * l + i * n[..., None, :] + across * _EYE)
        return np.asarray(self.viscosity / pi * out / squared**2)[..., None, :, :]
