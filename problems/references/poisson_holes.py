"""Laplace's equation on a square with four holes, by a multipole series.

    u_xx + u_yy = 0 on (-1/2, 1/2)^2 without four disks of radius 1/10 at (+-3/10, +-3/10),
    u = 1 on the square, u = 0 on the circles

    u = sum over the holes c of [a_0 log |z - c| + sum_k a_k Re(R e / (z - c))^k] + sum_m b_m Re z^(4m),

e the direction of c: the symmetries of the square leave no other terms. The coefficients are found by least squares on
an eighth of the boundary (Trefethen 2018, ANZIAM J. 60, 1); by the maximum principle the error inside is at most that
on the boundary.
"""

from __future__ import annotations

from functools import cache
from math import pi
from typing import Any

import numpy as np

from kinn.geometry.types import Array
from kinn.math import log
from kinn.problems.references.complex_pairs import polynomial, reciprocal, times, turned

#: The radius of the holes, the distance of their centres from both axes, and half the side of the square.
RADIUS, OFFSET, HALF = 0.1, 0.3, 0.5

#: The centres.
CENTRES = ((OFFSET, OFFSET), (-OFFSET, OFFSET), (-OFFSET, -OFFSET), (OFFSET, -OFFSET))

#: The numbers of multipoles and of polynomials, and of points on either boundary.
MULTIPOLES, POLYNOMIALS, POINTS = 20, 30, 200

#: The largest error on the boundary.
CONVERGED = 1e-13

#: The farthest point, to scale lengths with.
REACH = HALF * 2**0.5


@cache
def coefficients() -> tuple[float, list[float], list[float]]:
    """Return the coefficients of logarithms, multipoles and polynomials."""
    x, y, u = boundary(POINTS).T
    z = x + 1j * y
    centres = [complex(*c) for c in CENTRES]
    columns = [sum(np.log(np.abs(z - c)) for c in centres)]
    columns += [sum(((RADIUS * c / abs(c) / (z - c)) ** k).real for c in centres) for k in range(1, MULTIPOLES + 1)]
    columns += [((z / REACH) ** (4 * m)).real for m in range(POLYNOMIALS)]
    first, *others = np.linalg.lstsq(np.stack(columns, axis=1), u, rcond=1e-14)[0].tolist()
    return first, others[:MULTIPOLES], others[MULTIPOLES:]


def boundary(count: int) -> Array:
    """Return x, y and u at points of an eighth of the boundary, `count` on the square and on a circle."""
    along = (1 - np.cos(np.pi * (np.arange(count) + 0.5) / count)) / 2
    side = np.column_stack([np.full(count, HALF), HALF * along, np.ones(count)])
    angle = pi / 4 + pi * (np.arange(count) + 0.5) / count
    arc = np.column_stack([OFFSET + RADIUS * np.cos(angle), OFFSET + RADIUS * np.sin(angle), np.zeros(count)])
    return np.concatenate([side, arc])


def exact(x: Any, y: Any) -> Any:
    """Return u at points or as a field."""
    logarithm, multipoles, polynomials = coefficients()
    z = (x / REACH, y / REACH)
    squared = times(z, z)
    total = polynomial(polynomials, times(squared, squared))[0]
    for n, (a, b) in enumerate(CENTRES):
        z = (x - a, y - b)
        total = total + logarithm / 2 * log(z[0] * z[0] + z[1] * z[1])
        inverse = reciprocal(turned((z[0] / RADIUS, z[1] / RADIUS), pi / 4 + n * pi / 2))
        total = total + times(inverse, polynomial(multipoles, inverse))[0]
    return total
