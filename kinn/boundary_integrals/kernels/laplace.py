"""Laplace's equation in the plane: U = -log(r / R) / (2 pi), T = -(n . d) / (2 pi r^2); the traction is n . grad u."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.kernel import Kernel, along, tensor
from kinn.geometry.types import Array


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
        return tensor([[np.log(along(d, d) / self.scale**2) / (-4 * pi)]], 2)

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        return tensor([[along(d, n) / (-2 * pi * along(d, d))]], 2)

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        factor = 1 / (2 * pi * along(d, d))
        return tensor([[[d[..., l] * factor for l in range(2)]]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = along(d, d)
        twice, factor = 2 * along(d, n) / squared, 1 / (2 * pi * squared)
        return tensor([[[(n[..., l] - twice * d[..., l]) * factor for l in range(2)]]], 3)
