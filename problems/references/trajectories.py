"""Solutions of systems of ordinary differential equations, by Runge-Kutta methods of high order.

They are computed when first asked for, in less than a second, and held as Chebyshev series, whose derivatives are as good
as their values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from scipy.integrate import solve_ivp

from kinn.geometry.types import Array
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points

#: The relative tolerance of a step.
TOLERANCE = 1e-13

#: The right-hand side of a system: the time and the state to the rates.
Rate = Callable[[float, Array], Sequence[float]]


def trajectory(
    rate: Rate,
    start: Sequence[float],
    begin: float,
    end: float,
    *,
    degrees: int,
    method: str = "DOP853",
    tolerance: float = TOLERANCE,
) -> Series:
    """Return the solution of an initial value problem.

    Args:
        rate: The right-hand side.
        start: The state at the beginning.
        begin: The first time.
        end: The last time.
        degrees: The number of polynomials.
        method: A method of `scipy.integrate.solve_ivp`.
        tolerance: The relative tolerance of a step.
    """
    times = chebyshev_points(begin, end, degrees)
    out = solve_ivp(rate, (begin, end), start, method=method, t_eval=times, rtol=tolerance, atol=tolerance * 1e-2)
    return Series((Axis("chebyshev", begin, end),), chebyshev_coefficients(np.asarray(out.y)))


@cache
def pendulum(angle: float, damping: float, end: float, degrees: int = 200) -> Series:
    """Return the angle of a pendulum that starts at rest."""

    def rate(_: float, y: Array) -> list[float]:
        return [y[1], -damping * y[1] - np.sin(y[0])]

    return _first(trajectory(rate, (angle, 0.0), 0.0, end, degrees=degrees), 1)


@cache
def van_der_pol(mu: float, end: float, degrees: int = 400) -> Series:
    """Return van der Pol's oscillation from (2, 0)."""

    def rate(_: float, y: Array) -> list[float]:
        return [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]]

    return _first(trajectory(rate, (2.0, 0.0), 0.0, end, degrees=degrees), 1)


@cache
def lotka_volterra(
    constants: tuple[float, float, float, float], start: tuple[float, float], end: float, degrees: int = 200
) -> Series:
    """Return prey and predators; the constants are alpha, beta, gamma and delta."""
    alpha, beta, gamma, delta = constants

    def rate(_: float, s: Array) -> list[float]:
        return [alpha * s[0] - beta * s[0] * s[1], delta * s[0] * s[1] - gamma * s[1]]

    return trajectory(rate, start, 0.0, end, degrees=degrees)


@cache
def robertson(begin: float, end: float, degrees: int = 160, tolerance: float = 1e-11) -> Series:
    """Return Robertson's y1, 1e4 y2 and y3 from the decimal logarithm `begin` of time to that of `end`.

    The state at time 10^begin is that of the power series from (1, 0, 0), whose next terms are of the order of its cube.
    """

    def rate(s: float, y: Array) -> list[float]:
        scale = np.log(10.0) * 10.0**s
        first, second = 0.04 * y[0] - y[1] * y[2], 0.3 * y[1] ** 2
        return [-scale * first, scale * 1e4 * (first - second), scale * second]

    return trajectory(rate, robertson_start(begin), begin, end, degrees=degrees, method="Radau", tolerance=tolerance)


def robertson_start(begin: float) -> tuple[float, float, float]:
    """Return the state at the decimal logarithm of a time so early that hardly anything has reacted."""
    t = 10.0**begin
    y3 = 0.3 * 400.0**2 * t**3 / 3
    return 1.0 - 0.04 * t - y3, 400.0 * t - 1e4 * y3, y3


def _first(series: Series, count: int) -> Series:
    """Return the first fields of a series alone."""
    return Series(series.axes, series.coefficients[:count])
