"""The flexure of a beam of rectangular section by a force at its end, exact in three dimensions.

A beam along x with the section |y| <= b, |z| <= c is held at x = 0 and carries the force P in y at x = l. With

    sigma_xx = -P (l - x) y / I,  sigma_yy = sigma_zz = sigma_yz = 0,  K = P / (E I)

the displacement is (A. E. H. Love, "A treatise on the mathematical theory of elasticity", chapter XV; S. Timoshenko and
J. N. Goodier, "Theory of elasticity", chapter 12)

    u = K (-(l x - x^2 / 2) y + g(y, z)),  v = K (l x^2 / 2 - x^3 / 6 + nu (l - x) (y^2 - z^2) / 2),  w = K nu (l - x) y z,
    g = a y - y^3 / 3 - nu (y^3 - 3 y z^2) / 6 + nu h,  a = b^2 + nu (b^2 - c^2 / 3)

with h harmonic, odd in y and even in z, and, for the sides to be free,

    h_y = c^2 / 3 - z^2 on y = b,  h_z = 0 on z = c.

At a corner the slopes disagree, and h goes as Re(s^2 log s), s = c - z + i (b - y). So h is a sum of such terms, of their
higher powers s^4 log s, .. and of polynomials, and their coefficients are found by least squares on the sides. It is the
solution for every Poisson's ratio; without it (nu = 0) what is left is the plane solution with its parabola of shear.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from kinn.geometry.types import Array, Mask
from kinn.problems.references.complex_pairs import logarithm, polynomial, times

#: The length, and half the height and the width of the section.
LENGTH, HEIGHT, WIDTH = 4.0, 0.5, 0.5

#: The numbers of powers at the corners and of polynomials, and of points on each side.
POWERS, POLYNOMIALS, POINTS = 2, 16, 200

#: The largest error of h's normal derivative on the sides.
CONVERGED = 1e-14

#: The corners by the signs of z and y.
CORNERS = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def sides(count: int) -> tuple[Array, Array, Mask, Array]:
    """Return y, z, whether the normal is y, and h's normal derivative, at `count` points on a quarter of each side."""
    along = (1 - np.cos(np.pi * (np.arange(count) + 0.5) / count)) / 2
    y = np.concatenate([np.full(count, HEIGHT), HEIGHT * along])
    z = np.concatenate([WIDTH * along, np.full(count, WIDTH)])
    top = np.arange(2 * count) < count
    return y, z, top, np.where(top, WIDTH**2 / 3 - z * z, 0.0)


def slopes(y: Array, z: Array, top: Mask) -> Array:
    """Return the derivatives (N, terms) of h's terms along y where `top` is true, and along z elsewhere."""
    columns = []
    for m in range(1, POWERS + 1):
        column = np.zeros(len(y))
        for right, up in CORNERS:
            s = WIDTH - right * z + 1j * (HEIGHT - up * y)
            slope = s ** (2 * m - 1) * (2 * m * np.log(s) + 1)
            column += up * np.where(top, up * slope.imag, -right * slope.real)
        columns.append(column)
    for k in range(POLYNOMIALS):
        slope = (2 * k + 1) * (z + 1j * y) ** (2 * k)
        columns.append(np.where(top, slope.real, slope.imag))
    return np.stack(columns, axis=1)


@cache
def coefficients() -> tuple[list[float], list[float]]:
    """Return the coefficients of the powers at the corners and of the polynomials."""
    y, z, top, data = sides(POINTS)
    found = np.linalg.lstsq(slopes(y, z, top), data, rcond=1e-15)[0].tolist()
    return found[:POWERS], found[POWERS:]


def harmonic(y: Any, z: Any) -> Any:
    """Return h."""
    powers, polynomials = coefficients()
    axis = (z, y)
    total = times(axis, polynomial(polynomials, times(axis, axis)))[1]
    for right, up in CORNERS:
        s = (WIDTH - right * z, HEIGHT - up * y)
        squared = times(s, s)
        total = total + up * times(times(squared, polynomial(powers, squared)), logarithm(s))[0]
    return total


def displacement(x: Any, y: Any, z: Any, poisson: float, curvature: float) -> tuple[Any, Any, Any]:
    """Return u, v and w.

    Args:
        x: Along the beam; with y and z arrays, or fields.
        y: Along the force.
        z: Across.
        poisson: Poisson's ratio nu.
        curvature: K = P / (E I).
    """
    a = HEIGHT**2 + poisson * (HEIGHT**2 - WIDTH**2 / 3)
    warp = a * y - y * y * y / 3 - poisson * (y * y * y - 3 * y * z * z) / 6 + poisson * harmonic(y, z)
    left = poisson * (LENGTH - x)
    u = warp - (LENGTH * x - x * x / 2) * y
    v = LENGTH * x * x / 2 - x * x * x / 6 + left * (y * y - z * z) / 2
    return curvature * u, curvature * v, curvature * (left * y * z)
