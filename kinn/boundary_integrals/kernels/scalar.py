"""Kernels of the Laplace and the Helmholtz equation; the traction is the normal derivative n . grad u.

    U = -log(r / R) / (2 pi),    T = -(n . d) / (2 pi r^2)         Laplace, plane
    U = 1 / (4 pi r),            T = -(n . d) / (4 pi r^3)         Laplace, space (Newton's potential)
    U = i H_0(k r) / 4,          T = -(i k / 4) H_1(k r) (n . d) / r    Helmholtz, plane

with the time factor e^(-i w t) and outgoing waves.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1, y0, y1

from kinn.boundary_integrals.kernels.kernel import Kernel, dot, tensor
from kinn.geometry.types import Array


class _NewtonianKernel(Kernel):
    """The kernels of Laplace's equation in D dimensions: the gradient of U is d / a, a = r^D times the unit sphere's measure."""

    components = 1
    dimension: int

    @abstractmethod
    def _sphere(self, squared: Array) -> Array:
        """The number a at r^2."""

    def double(self, d: Array, n: Array) -> Array:
        return tensor([[dot(d, n) / -self._sphere(dot(d, d))]], 2)

    def single_gradient(self, d: Array) -> Array:
        factor = 1 / self._sphere(dot(d, d))
        return tensor([[[d[..., l] * factor for l in range(self.dimension)]]], 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        squared = dot(d, d)
        ratio, factor = self.dimension * dot(d, n) / squared, 1 / self._sphere(squared)
        return tensor([[[(n[..., l] - ratio * d[..., l]) * factor for l in range(self.dimension)]]], 3)


@dataclass(frozen=True)
class LaplaceKernel(_NewtonianKernel):
    """The kernels of Laplace's equation in the plane.

    Attributes:
        scale: The length R. It adds a constant to U, without effect in a bounded domain, where the total flux is zero;
            with R above the size of the domain the single layer is positive definite.
    """

    scale: float = 1.0
    dimension = 2

    def single(self, d: Array) -> Array:
        return tensor([[np.log(dot(d, d) / self.scale**2) / (-4 * pi)]], 2)

    def _sphere(self, squared: Array) -> Array:
        return np.asarray(2 * pi * squared)


@dataclass(frozen=True)
class Laplace3DKernel(_NewtonianKernel):
    """The kernels of Laplace's equation in space."""

    dimension = 3

    def single(self, d: Array) -> Array:
        return tensor([[1 / (4 * pi * np.sqrt(dot(d, d)))]], 2)

    def _sphere(self, squared: Array) -> Array:
        return np.asarray(4 * pi * squared * np.sqrt(squared))


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
        r = self.wave_number * np.sqrt(dot(d, d))
        return _real_matrix(-y0(r) / 4, j0(r) / 4)

    def double(self, d: Array, n: Array) -> Array:
        r = np.sqrt(dot(d, d))
        factor = self.wave_number / 4 * dot(d, n) / r
        x = self.wave_number * r
        return _real_matrix(factor * y1(x), -factor * j1(x))

    def static_part(self, d: Array, n: Array) -> Array:
        static = LaplaceKernel().double(d, n)[..., 0, 0]
        return _real_matrix(static, np.zeros_like(static))

    def single_gradient(self, d: Array) -> Array:
        r = np.sqrt(dot(d, d))
        wave = self._hankel_1(r) * self.wave_number / 4 / r
        out = 1j * np.stack([wave * d[..., l] for l in range(2)])
        return _real_matrix(out.real, out.imag, 3)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Derivatives of T by x: (i k / 4) (H_1 n / r - k H_2 (n . d) d / r^2)."""
        r = np.sqrt(dot(d, d))
        k = self.wave_number
        hankel_1 = self._hankel_1(r)
        hankel_2 = 2 * hankel_1 / (k * r) - (j0(k * r) + 1j * y0(k * r))
        across = dot(d, n)
        across_normals, across_rays = hankel_1 / r, k * hankel_2 * across / r**2
        out = 1j * k / 4 * np.stack([across_normals * n[..., l] - across_rays * d[..., l] for l in range(2)])
        return _real_matrix(out.real, out.imag, 3)

    def static_part_gradient(self, d: Array, n: Array) -> Array:
        static = np.moveaxis(LaplaceKernel().double_gradient(d, n)[..., 0, 0, :], -1, 0)
        return _real_matrix(static, np.zeros_like(static), 3)

    def _hankel_1(self, r: Array) -> NDArray[np.complex128]:
        x = self.wave_number * r
        return np.asarray(j1(x) + 1j * y1(x))


def _real_matrix(real: Array, imaginary: Array, rank: int = 2) -> Array:
    """Real matrix (..., 2, 2) of a complex number (...), or, of rank 3, the (..., 2, 2, 2) of a complex vector (2, ...)."""
    return tensor([[real, -imaginary], [imaginary, real]], rank)
