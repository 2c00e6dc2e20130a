"""The solution of Lorenz' equations, by a Runge-Kutta method of eighth order.

    x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z on (0, 3), (x, y, z)(0) = (-8, 7, 27)

sigma = 10, rho = 15, beta = 8/3: the trajectory is not chaotic, it spirals into a fixed point.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

from kinn.geometry.types import Array
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points, stored

#: sigma, rho and beta.
PARAMETERS = (10.0, 15.0, 8 / 3)

#: Where it starts, and when it ends.
START, END = (-8.0, 7.0, 27.0), 3.0

#: The number of polynomials.
DEGREES = 128

#: The largest difference from the solution to a hundred times the tolerance; single precision is 4e-7 of it.
CONVERGED = 1e-6


def compute(tolerance: float = 1e-13) -> Series:
    """Return x, y and z, three values of t.

    Args:
        tolerance: The relative tolerance of a step.
    """
    sigma, rho, beta = PARAMETERS

    def rate(_: float, s: Array) -> list[float]:
        x, y, z = s
        return [sigma * (y - x), x * (rho - z) - y, x * y - beta * z]

    times = chebyshev_points(0.0, END, DEGREES)
    out = solve_ivp(rate, (0.0, END), START, method="DOP853", t_eval=times, rtol=tolerance, atol=tolerance)
    return Series((Axis("chebyshev", 0.0, END),), chebyshev_coefficients(np.asarray(out.y)))


def reference(points: Array) -> Array:
    """Return x, y and z (N, 3) at points (N, 1) of t."""
    return stored("lorenz")(points)
