"""Laplace's equation in the plane: U = -log(r / R) / (2 pi), T = -(n . d) / (2 pi r^2); the traction is n . grad u."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.base import Kernel
from kinn.geometry.pieces.base import Array


@dataclass(frozen=True)
class LaplaceKernel(Kernel):
    """The kernels of Laplace's equation.

    Attributes:
        scale: The length R. A constant in U changes nothing in a bounded domain, for the flux through its boundary is
            zero; with R above its size single layers are positive definite, at any size.
    """

    scale: float = 1.0
    components = 1

    def single(self, d: Array) -> Array:
        """Return U."""
        squared = d[..., 0] ** 2 + d[..., 1] ** 2
        return np.asarray(np.log(squared / self.scale**2) / (-4 * pi))[..., None, None]

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        squared = d[..., 0] ** 2 + d[..., 1] ** 2
        across = d[..., 0] * n[..., 0] + d[..., 1] * n[..., 1]
        return np.asarray(across / (-2 * pi * squared))[..., None, None]

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        squared = d[..., 0] ** 2 + d[..., 1] ** 2
        return np.asarray(d / (2 * pi * squared)[..., None])[..., None, None, :]

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = (d[..., 0] ** 2 + d[..., 1] ** 2)[..., None]
        across = (d[..., 0] * n[..., 0] + d[..., 1] * n[..., 1])[..., None]
        return np.asarray((n - 2 * across / squared * d) / (2 * pi * squared))[..., None, None, :]
