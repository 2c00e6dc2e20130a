"""The solution of the Kuramoto-Sivashinsky problem, by a Fourier method.

    u_t + alpha u u_x + beta u_xx + gamma u_xxxx = 0 on (0, 2 pi), periodic, u(x, 0) = cos x (1 + sin x), t in (0, 1),
    alpha = 100/16, beta = 100/16^2, gamma = 100/16^4

It is chaotic: in this time an error grows by orders of magnitude, and no further.
"""

from __future__ import annotations

import numpy as np

from kinn.geometry.types import Array
from kinn.problems.references.etdrk4 import Spectrum, march
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points, stored

#: The coefficients of the three terms.
ALPHA, BETA, GAMMA = 100 / 16, 100 / 16**2, 100 / 16**4

#: What is stored: modes in space, polynomials in time.
MODES, DEGREES = 88, 300

#: The largest difference from the solution with half the points and twice the step.
CONVERGED = 5e-6


def compute(points: int = 512, step: float = 5e-5) -> Series:
    """Return the solution.

    Args:
        points: The number of grid points in space.
        step: The largest step in time.
    """
    x = 2 * np.pi * np.arange(points) / points
    wave = np.arange(points // 2 + 1.0)
    kept = wave <= points // 3  # the others would alias
    times = chebyshev_points(0.0, 1.0, DEGREES)

    def nonlinear(v: Spectrum) -> Spectrum:
        return np.asarray(-0.5j * ALPHA * wave * kept * np.fft.rfft(np.fft.irfft(v, points) ** 2))

    start = np.fft.rfft(np.cos(x) * (1 + np.sin(x)))
    spectra = march(BETA * wave**2 - GAMMA * wave**4, nonlinear, start, times.tolist(), step)
    axes = (Axis("half", 0.0, 2 * np.pi), Axis("chebyshev", 0.0, 1.0))
    return Series(axes, chebyshev_coefficients(spectra.T[:MODES] / points)[None])


def reference(points: Array) -> Array:
    """Return u (N, 1) at points (N, 2) of (x, t)."""
    return stored("kuramoto_sivashinsky")(points)
