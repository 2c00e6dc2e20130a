"""Creeping flow in a square cavity that its lid drives, by particular solutions.

    p_x = u_xx + u_yy, p_y = v_xx + v_yy, u_x + v_y = 0 on (0, 1)^2,
    u = 1, v = 0 on the lid y = 1, u = v = 0 on the other sides, p = 0 in the middle.

In each upper corner the velocity jumps, and the flow there is that between two plates of which one slides (Taylor 1962,
in: Miscellaneous papers on aerodynamics and hydrodynamics, "On scraping viscous fluid from a plane surface"), a function of
the angle alone, with a pressure like 1 / r. With both of these taken off, what is left is Goursat's representation of a
biharmonic stream function by two analytic ones, F and G,

    u - i v = conj(z) F' + G - conj(F), p = 4 Re F',

each a sum of powers of z and of z_c^l around every corner c, l the exponents of the eddies in a corner of 90 degrees,
sin(l pi / 2) = -+ l (Moffatt 1964, J. Fluid Mech. 18, 1). Their coefficients are found by least squares on the boundary.
With polynomials of degree 20 and one pair of exponents a corner the boundary is met to 8e-8, with two to 4e-10, with degree
24 and three to 7e-13; velocities inside are off by no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import pi
from typing import Any

import numpy as np

from kinn.geometry.types import Array
from kinn.math import arctan2
from kinn.problems.references.complex_pairs import Pair, complex_power, positive, times, turned

#: Degrees of the polynomials, exponents of each corner, and points on each side.
DEGREES, EXPONENTS, POINTS = 30, 3, 300

#: The largest error on the boundary.
CONVERGED = 2e-12

#: The corners and the directions of their bisectors.
CORNERS = (((0.0, 0.0), pi / 4), ((1.0, 0.0), 3 * pi / 4), ((1.0, 1.0), 5 * pi / 4), ((0.0, 1.0), -pi / 4))

#: What lengths are scaled with.
REACH = 0.5**0.5


def scraped(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Return velocities and pressure between a plate y = 0, x > 0, that slides along x at speed 1, and one at rest, x = 0."""
    squared = positive(x * x + y * y)
    angle = arctan2(y, x)
    a = 1 / (1 - pi**2 / 4)
    b, c = -a * pi**2 / 4, a * pi / 2
    u = a * x * x / squared + c * x * y / squared + c * angle + b
    v = a * x * y / squared + c * y * y / squared - a * angle
    return u, v, (2 * a * x + 2 * c * y) / squared


def corners(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Return velocities and pressure of the flows in both upper corners: what is singular of the flow in the cavity."""
    left, right = scraped(x, 1 - y), scraped(1 - x, 1 - y)
    return left[0] + right[0], right[1] - left[1], left[2] - right[2]


@cache
def exponents(count: int) -> tuple[complex, ...]:
    """Return the exponents of the eddies in a corner, in the order of their strength."""
    found = []
    for n in range(count):
        sign, z = (-1.0) ** (n + 1), complex(2.7 + 2.05 * n, 1.1 + 0.3 * n)
        for _ in range(60):
            z -= (np.sin(z * pi / 2) - sign * z) / (pi / 2 * np.cos(z * pi / 2) - sign)
        found.append(z)
    return tuple(found)


def analytic(x: Any, y: Any, degrees: int, count: int) -> Iterator[tuple[Pair, Pair, Pair]]:
    """Yield analytic functions: conj(z), z counted from where each is centred; the function; and its derivative."""
    z = ((x - 0.5) / REACH, (y - 0.5) / REACH)
    conjugate = (x - 0.5, 0.5 - y)
    power: Pair = (1.0 + 0.0 * z[0], 0.0 * z[0])
    slope: Pair = (0.0 * z[0], 0.0 * z[0])
    for k in range(degrees + 1):
        yield conjugate, power, slope
        slope = ((k + 1) / REACH * power[0], (k + 1) / REACH * power[1])
        power = times(power, z)
    for (a, b), bisector in CORNERS:
        local = turned((x - a, y - b), bisector)
        nonzero = positive(local[0] * local[0] + local[1] * local[1])
        for l in exponents(count):
            for exponent in (l, l.conjugate()):
                value = complex_power(local, exponent)
                # the derivative l z^l / z, back in the axes of the square
                inverse = (local[0] / nonzero, -local[1] / nonzero)
                rate = times((exponent.real, exponent.imag), times(value, inverse))
                yield (x - a, b - y), value, turned(rate, bisector)


def flows(x: Any, y: Any, degrees: int, count: int) -> Iterator[tuple[Any, Any, Any]]:
    """Yield velocities and pressure of the flows that the analytic functions are, as F and as G, and i times them."""
    for conjugate, value, slope in analytic(x, y, degrees, count):
        for turn in ((1.0, 0.0), (0.0, 1.0)):
            f, df = times(turn, value), times(turn, slope)
            w = times(conjugate, df)
            yield w[0] - f[0], -w[1] - f[1], 4.0 * df[0]
            yield f[0], -f[1], 0.0 * f[0]


@cache
def coefficients(degrees: int = DEGREES, count: int = EXPONENTS) -> tuple[float, ...]:
    """Return the coefficients of the flows."""
    x, y, lid = boundary(POINTS)
    u_corners = corners(x, y)
    columns = [np.concatenate(flow[:2]) for flow in flows(x, y, degrees, count)]
    scale = [max(float(np.linalg.norm(column)), 1e-300) for column in columns]
    matrix = np.stack([column / s for column, s in zip(columns, scale, strict=True)], axis=1)
    right = np.concatenate([lid - u_corners[0], -u_corners[1]])
    found = np.linalg.lstsq(matrix, right, rcond=1e-14)[0]
    return tuple((found / scale).tolist())


def boundary(count: int) -> tuple[Array, Array, Array]:
    """Return x, y and the velocity of the wall at points on the boundary, `count` on each side, crowded towards corners."""
    t = (1 - np.cos(pi * (np.arange(count) + 0.5) / count)) / 2
    zero, one = 0 * t, 0 * t + 1
    return (
        np.concatenate([t, one, t, zero]),
        np.concatenate([zero, t, one, t]),
        np.concatenate([zero, zero, one, zero]),
    )


def remainder(x: Any, y: Any, degrees: int, count: int) -> tuple[Any, Any, Any]:
    """Return velocities and pressure of what is left of the flow, the latter up to a constant."""
    total: list[Any] = [0.0, 0.0, 0.0]
    for c, flow in zip(coefficients(degrees, count), flows(x, y, degrees, count), strict=True):
        total = [t + c * part for t, part in zip(total, flow, strict=True)]
    return total[0], total[1], total[2]


def exact(x: Any, y: Any, degrees: int = DEGREES, count: int = EXPONENTS) -> tuple[Any, Any, Any]:
    """Return velocities and pressure at points or as fields."""
    middle = float(remainder(np.array([0.5]), np.array([0.5]), degrees, count)[2][0])
    flow, singular = remainder(x, y, degrees, count), corners(x, y)
    return flow[0] + singular[0], flow[1] + singular[1], flow[2] + singular[2] - middle
