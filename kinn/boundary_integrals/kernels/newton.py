"""Laplace's equation in space: U = 1 / (4 pi r), T = -(n . d) / (4 pi r^3); the traction is n . grad u."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from kinn.boundary_integrals.kernels.base import Kernel
from kinn.geometry.pieces.base import Array


@dataclass(frozen=True)
class NewtonKernel(Kernel):
    """The kernels of Laplace's equation in space, Newton's potential."""

    components = 1

    def single(self, d: Array) -> Array:
        """Return U."""
        return np.asarray(1 / (4 * pi * np.sqrt(_dot(d, d))))[..., None, None]

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        squared = _dot(d, d)
        return np.asarray(_dot(d, n) / (-4 * pi * squared * np.sqrt(squared)))[..., None, None]

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        squared = _dot(d, d)
        return np.asarray(d / (4 * pi * squared * np.sqrt(squared))[..., None])[..., None, None, :]

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = _dot(d, d)
        cubed = (4 * pi * squared * np.sqrt(squared))[..., None]
        return np.asarray((n - (3 * _dot(d, n) / squared)[..., None] * d) / cubed)[..., None, None, :]


def _dot(a: Array, b: Array) -> Array:
    return np.asarray(a[..., 0] * b[..., 0] + a[..., 1] * b[..., 1] + a[..., 2] * b[..., 2])
