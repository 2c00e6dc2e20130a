"""The solution of the Allen-Cahn problem, by a Fourier method.

    u_t = D u_xx + 5 u - 5 u^3 on (-1, 1), periodic, u(x, 0) = x^2 cos(pi x), t in (0, 1), D = 1e-4

The start has a kink where the period closes, at x = +-1, which diffusion rounds off slowly.
"""

from __future__ import annotations

import numpy as np

from kinn.geometry.types import Array
from kinn.problems.references.etdrk4 import Spectrum, march
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points, stored

#: The diffusivity D.
DIFFUSIVITY = 1e-4

#: What is stored: modes in space, polynomials in time.
MODES, DEGREES = 640, 64

#: The largest difference from the solution with half the points and twice the step.
CONVERGED = 2e-6


def compute(points: int = 4096, step: float = 1e-3) -> Series:
    """Return the solution.

    Args:
        points: The number of grid points in space.
        step: The largest step in time.
    """
    x = -1 + 2 * np.arange(points) / points
    wave = np.pi * np.arange(points // 2 + 1)
    times = chebyshev_points(0.0, 1.0, DEGREES)

    def nonlinear(v: Spectrum) -> Spectrum:
        return np.asarray(np.fft.rfft(-5 * np.fft.irfft(v, points) ** 3))

    start = np.fft.rfft(x**2 * np.cos(np.pi * x))
    spectra = march(5.0 - DIFFUSIVITY * wave**2, nonlinear, start, times.tolist(), step)
    axes = (Axis("cosine", -1.0, 1.0), Axis("chebyshev", 0.0, 1.0))
    return Series(axes, chebyshev_coefficients(spectra.real.T[:MODES] / points)[None])


def reference(points: Array) -> Array:
    """Return u (N, 1) at points (N, 2) of (x, t)."""
    return stored("allen_cahn")(points)
