"""Kernels of the Laplace and the Helmholtz equation; the traction is the normal derivative n . grad u.

    U = -log(r / R) / (2 pi),    T = -(n . d) / (2 pi r^2)         Laplace, plane
    U = 1 / (4 pi r),            T = -(n . d) / (4 pi r^3)         Laplace, space (Newton's potential)
    U = i H_0(k r) / 4,          T = -(i k / 4) H_1(k r) (n . d) / r    Helmholtz, plane

with the time factor e^(-i w t) and outgoing waves.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1, y0, y1

from kinn.boundary_integrals.kernels.kernel import Kernel, dot, tensor
from kinn.geometry.types import Array


@dataclass(frozen=True)
class LaplaceKernel(Kernel):
    """The kernels of Laplace's equation in the plane.

    Attributes:
        scale: The length R. It adds a constant to U, without effect in a bounded domain, where the total flux is zero;
            with R above the size of the domain the single layer is positive definite.
    """

    scale: float = 1.0
    components = 1

    def single(self, d: Array) -> Array:
        """Return U."""
        return tensor([[np.log(dot(d, d) / self.scale**2) / (-4 * pi)]], 2)

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        return tensor([[dot(d, n) / (-2 * pi * dot(d, d))]], 2)

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        factor = 1 / (2 * pi * dot(d, d))
        return tensor([[[d[..., l] * factor for l in range(2)]]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = dot(d, d)
        twice, factor = 2 * dot(d, n) / squared, 1 / (2 * pi * squared)
        return tensor([[[(n[..., l] - twice * d[..., l]) * factor for l in range(2)]]], 3)


@dataclass(frozen=True)
class Laplace3DKernel(Kernel):
    """The kernels of Laplace's equation in space."""

    components = 1

    def single(self, d: Array) -> Array:
        """Return U."""
        return tensor([[1 / (4 * pi * np.sqrt(dot(d, d)))]], 2)

    def double(self, d: Array, n: Array) -> Array:
        """Return T."""
        squared = dot(d, d)
        return tensor([[dot(d, n) / (-4 * pi * squared * np.sqrt(squared))]], 2)

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x."""
        squared = dot(d, d)
        factor = 1 / (4 * pi * squared * np.sqrt(squared))
        return tensor([[[d[..., l] * factor for l in range(3)]]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x."""
        squared = dot(d, d)
        thrice, factor = 3 * dot(d, n) / squared, 1 / (4 * pi * squared * np.sqrt(squared))
        return tensor([[[(n[..., l] - thrice * d[..., l]) * factor for l in range(3)]]], 3)


@dataclass(frozen=True)
class HelmholtzKernel(Kernel):
    """The kernels of the Helmholtz equation; a complex number is a real 2 x 2 matrix.

    Attributes:
        wave_number: The wave number k.
    """

    wave_number: float
    components = 2
    static = False

    def single(self, d: Array) -> Array:
        """Return U."""
        r = self.wave_number * np.sqrt(dot(d, d))
        return _real_matrix(-y0(r) / 4, j0(r) / 4)

    def double(self, d: Array, n: Array) -> Array:
        """Return T = -(i k / 4) H_1(k r) (n . d) / r."""
        r = np.sqrt(dot(d, d))
        factor = self.wave_number / 4 * dot(d, n) / r
        x = self.wave_number * r
        return _real_matrix(factor * y1(x), -factor * j1(x))

    def static_part(self, d: Array, n: Array) -> Array:
        """Return T of Laplace's equation."""
        static = LaplaceKernel().double(d, n)[..., 0, 0]
        return _real_matrix(static, np.zeros_like(static))

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x: (i k / 4) H_1 d / r."""
        r = np.sqrt(dot(d, d))
        wave = self._hankel_1(r) * self.wave_number / 4 / r
        return _real_matrix(*_split(1j * np.stack([wave * d[..., l] for l in range(2)])), vectors=True)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x: (i k / 4) (H_1 n / r - k H_2 (n . d) d / r^2)."""
        r = np.sqrt(dot(d, d))
        k = self.wave_number
        hankel_1 = self._hankel_1(r)
        hankel_2 = 2 * hankel_1 / (k * r) - (j0(k * r) + 1j * y0(k * r))
        across = dot(d, n)
        across_normals, across_rays = hankel_1 / r, k * hankel_2 * across / r**2
        out = np.stack([across_normals * n[..., l] - across_rays * d[..., l] for l in range(2)])
        return _real_matrix(*_split(1j * k / 4 * out), vectors=True)

    def static_part_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T of Laplace's equation."""
        static = np.moveaxis(LaplaceKernel().double_gradient(d, n)[..., 0, 0, :], -1, 0)
        return _real_matrix(static, np.zeros_like(static), vectors=True)

    def _hankel_1(self, r: Array) -> NDArray[np.complex128]:
        x = self.wave_number * r
        return np.asarray(j1(x) + 1j * y1(x))


def _split(z: NDArray[np.complex128]) -> tuple[Array, Array]:
    return np.asarray(z.real), np.asarray(z.imag)


def _real_matrix(real: Array, imaginary: Array, *, vectors: bool = False) -> Array:
    """Return the real matrix (..., 2, 2) of a complex number (...), the (..., 2, 2, 2) of a complex vector (2, ...)."""
    if not vectors:
        return tensor([[real, -imaginary], [imaginary, real]], 2)
    return tensor([[list(real), list(-imaginary)], [list(imaginary), list(real)]], 3)
