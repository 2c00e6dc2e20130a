"""The solution of the nonlinear Schroedinger problem, by a Fourier method.

    i h_t + h_xx / 2 + |h|^2 h = 0 on (-5, 5), periodic, h(x, 0) = 2 sech x, t in (0, pi/2), h = u + i v

The start has a small kink where the period closes, at x = +-5, from which short waves run in.
"""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np

from kinn.geometry.types import Array
from kinn.problems.references.etdrk4 import Spectrum, march
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points, stored

#: From this mode on the kink's waves are all there is, and their phases are kept as exponentials.
SHORT = 36

#: What is stored: modes in space, polynomials in time.
MODES, DEGREES = 256, 128

#: The largest difference from the solution with half the points and twice the step.
CONVERGED = 2e-5


def compute(points: int = 1024, step: float = 1e-4) -> Series:
    """Return h, complex, as a series of one value; see `parts`.

    Args:
        points: The number of grid points in space.
        step: The largest step in time.
    """
    x = -5 + 10 * np.arange(points) / points
    wave = 2 * pi / 10 * np.fft.fftfreq(points, 1 / points)
    times = chebyshev_points(0.0, pi / 2, DEGREES)

    def nonlinear(v: Spectrum) -> Spectrum:
        h = np.fft.ifft(v)
        return np.asarray(1j * np.fft.fft(np.abs(h) ** 2 * h))

    dispersion = -0.5j * wave**2
    spectra = march(dispersion, nonlinear, np.fft.fft(2 / np.cosh(x)), times.tolist(), step)
    rates = np.where(np.arange(points) < SHORT, 0.0, dispersion)
    slow = (spectra / points * np.exp(-rates * times[:, None])).T[:MODES]
    axes = (Axis("cosine", -5.0, 5.0), Axis("chebyshev", 0.0, pi / 2))
    return Series(axes, chebyshev_coefficients(slow)[None], rates[:MODES])


def parts(h: Series) -> Series:
    """Return the series with the two values u and v of one whose coefficients are those of u + i v."""
    return replace(h, coefficients=np.concatenate([h.coefficients, -1j * h.coefficients]))


def reference(points: Array) -> Array:
    """Return u and v (N, 2) at points (N, 2) of (x, t)."""
    return parts(stored("schroedinger"))(points)
