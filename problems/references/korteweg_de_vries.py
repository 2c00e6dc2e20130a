"""The solution of the Korteweg-de Vries problem, by a Fourier method.

    u_t + u u_x + delta^2 u_xxx = 0 on (-1, 1), periodic, u(x, 0) = cos(pi x), t in (0, 1), delta = 0.05

(Zabusky and Kruskal 1965, Phys. Rev. Lett. 15, 240, in whose units delta = 0.022; here that of Raissi et al. 2019.)
"""

from __future__ import annotations

import numpy as np

from kinn.geometry.types import Array
from kinn.problems.references.etdrk4 import Spectrum, march
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points, stored

#: The factor delta^2 of the third derivative.
DISPERSION = 0.0025

#: What is stored: modes in space, polynomials in time.
MODES, DEGREES = 60, 128

#: The largest difference from the solution with half the points and twice the step.
CONVERGED = 1e-7


def compute(points: int = 512, step: float = 5e-5) -> Series:
    """Return the solution.

    Args:
        points: The number of grid points in space.
        step: The largest step in time.
    """
    x = -1 + 2 * np.arange(points) / points
    wave = np.pi * np.arange(points // 2 + 1)
    kept = np.arange(len(wave)) <= points // 3  # the others would alias
    times = chebyshev_points(0.0, 1.0, DEGREES)

    def nonlinear(v: Spectrum) -> Spectrum:
        return np.asarray(-0.5j * wave * kept * np.fft.rfft(np.fft.irfft(v, points) ** 2))

    rates = 1j * DISPERSION * wave**3
    spectra = march(rates, nonlinear, np.fft.rfft(np.cos(np.pi * x)), times.tolist(), step)
    axes = (Axis("half", -1.0, 1.0), Axis("chebyshev", 0.0, 1.0))
    return Series(axes, chebyshev_coefficients(spectra.T[:MODES] / points)[None])


def reference(points: Array) -> Array:
    """Return u (N, 1) at points (N, 2) of (x, t)."""
    return stored("korteweg_de_vries")(points)
