"""The Helmholtz equation in the plane, of real and imaginary part: U = i H_0(k r) / 4, outgoing waves, time e^(-i w t)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0, j1, y0, y1

from kinn.boundary_integrals.kernels.kernel import Kernel, along, tensor
from kinn.boundary_integrals.kernels.laplace import LaplaceKernel
from kinn.geometry.types import Array


@dataclass(frozen=True)
class HelmholtzKernel(Kernel):
    """The kernels of the Helmholtz equation; a complex number is a matrix of two rows.

    Attributes:
        wave_number: The wave number k.
    """

    wave_number: float
    components = 2
    static = False

    def single(self, d: Array) -> Array:
        """Return U."""
        r = self.wave_number * np.sqrt(along(d, d))
        return _real(-y0(r) / 4, j0(r) / 4)

    def double(self, d: Array, n: Array) -> Array:
        """Return T = -(i k / 4) H_1(k r) (n . d) / r."""
        r = np.sqrt(along(d, d))
        factor = self.wave_number / 4 * along(d, n) / r
        x = self.wave_number * r
        return _real(factor * y1(x), -factor * j1(x))

    def frozen(self, d: Array, n: Array) -> Array:
        """Return T of Laplace's equation."""
        still = LaplaceKernel().double(d, n)[..., 0, 0]
        return _real(still, np.zeros_like(still))

    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x: (i k / 4) H_1 d / r."""
        r = np.sqrt(along(d, d))
        wave = self._first(r) * self.wave_number / 4 / r
        return _real(*_parts(1j * np.stack([wave * d[..., l] for l in range(2)])), vectors=True)

    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x: (i k / 4) (H_1 n / r - k H_2 (n . d) d / r^2)."""
        r = np.sqrt(along(d, d))
        k = self.wave_number
        first = self._first(r)
        second = 2 * first / (k * r) - (j0(k * r) + 1j * y0(k * r))
        across = along(d, n)
        across_normals, across_rays = first / r, k * second * across / r**2
        out = np.stack([across_normals * n[..., l] - across_rays * d[..., l] for l in range(2)])
        return _real(*_parts(1j * k / 4 * out), vectors=True)

    def frozen_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T of Laplace's equation."""
        still = np.moveaxis(LaplaceKernel().double_gradient(d, n)[..., 0, 0, :], -1, 0)
        return _real(still, np.zeros_like(still), vectors=True)

    def _first(self, r: Array) -> NDArray[np.complex128]:
        x = self.wave_number * r
        return np.asarray(j1(x) + 1j * y1(x))


def _parts(z: NDArray[np.complex128]) -> tuple[Array, Array]:
    return np.asarray(z.real), np.asarray(z.imag)


def _real(real: Array, imaginary: Array, *, vectors: bool = False) -> Array:
    """Return the matrix (..., 2, 2) of a complex number (...), the matrices (..., 2, 2, 2) of a vector (2, ...) of them."""
    if not vectors:
        return tensor([[real, -imaginary], [imaginary, real]], 2)
    return tensor([[list(real), list(-imaginary)], [list(imaginary), list(real)]], 3)
