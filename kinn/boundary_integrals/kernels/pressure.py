"""The pressure of creeping flow, from the velocities and tractions that the flow itself follows from.

With d = y - x, r = |d|: the pressure of the Stokeslet and of the stresslet,

    P_j = -d_j / (2 pi r^2),    Q_j = -(mu / pi) (n_j - 2 d_j (d . n) / r^2) / r^2

Source: Pozrikidis, Boundary Integral and Singularity Methods (1992), sections 2.2 and 2.3.
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
        factor = 1 / (-2 * pi * along(d, d))
        return tensor([[d[..., j] * factor for j in _AXES]], 2)

    def double(self, d: Array, n: Array) -> Array:
        """Return Q, (..., 1, 2)."""
        squared = along(d, d)
        twice, factor = 2 * along(d, n) / squared, -self.viscosity / pi / squared
        return tensor([[(n[..., j] - twice * d[..., j]) * factor for j in _AXES]], 2)

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of P by x, (..., 1, 2, 2)."""
        squared = along(d, d)
        factor, twice = 1 / (2 * pi * squared), 2 / squared
        return tensor([[[(_EYE[j, l] - twice * d[..., j] * d[..., l]) * factor for l in _AXES] for j in _AXES]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of Q by x, (..., 1, 2, 2)."""
        squared, across = along(d, d), along(d, n)
        eight, factor = 8 * across / squared, self.viscosity / pi / squared**2

        def entry(j: int, l: int) -> Array:
            mixed = n[..., j] * d[..., l] + d[..., j] * n[..., l] + across * _EYE[j, l]
            return np.asarray(factor * (eight * d[..., j] * d[..., l] - 2 * mixed))

        return tensor([[[entry(j, l) for l in _AXES] for j in _AXES]], 3)
