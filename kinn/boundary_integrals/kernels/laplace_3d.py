"""Laplace's equation in space: U = 1 / (4 pi r), T = -(n . d) / (4 pi r^3); the traction is n . grad u."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.kernel import Kernel, along, tensor
from kinn.geometry.types import Array


@dataclass(frozen=True)
class Laplace3DKernel(Kernel):
    """The kernels of Laplace's equation in space, Newton's potential."""

    components = 1

    def single(self, d: Array) -> Array:
        """Return U."""
        return tensor([[1 / (4 * pi * np.sqrt(along(d, d)))]], 2)

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        squared = along(d, d)
        return tensor([[along(d, n) / (-4 * pi * squared * np.sqrt(squared))]], 2)

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        squared = along(d, d)
        factor = 1 / (4 * pi * squared * np.sqrt(squared))
        return tensor([[[d[..., l] * factor for l in range(3)]]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = along(d, d)
        thrice, factor = 3 * along(d, n) / squared, 1 / (4 * pi * squared * np.sqrt(squared))
        return tensor([[[(n[..., l] - thrice * d[..., l]) * factor for l in range(3)]]], 3)
