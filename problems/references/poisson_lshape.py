"""Poisson's equation on an L-shape, by particular solutions.

    u_xx + u_yy = -1 on (-1, 1)^2 without [0, 1)^2, u = 0 on the boundary

At a corner of angle 2 b, with the polar angle psi counted from its bisector,

    -r^2 / 4 -+ Re(z^2 log z) / (4 b) = -r^2 / 4 -+ r^2 (log r cos 2 psi - psi sin 2 psi) / (4 b)

has the right side and vanishes on both edges, with - where b = pi/4 and + where b = 3 pi/4. With this at all six
corners what is left is harmonic, even about the diagonal, and a sum of the re-entrant corner's own powers
r^(2k/3) cos(2 k psi / 3), k odd, and of polynomials. Their coefficients are found by least squares on the boundary (Fox, Henrici and Moler 1967, SIAM J.
Numer. Anal. 4, 89); by the maximum principle the error inside is at most that on the boundary.
"""

from __future__ import annotations

from functools import cache
from math import pi
from typing import Any

import numpy as np

from kinn.geometry.types import Array
from kinn.problems.references.complex_pairs import logarithm, polynomial, power, times, turned

#: The corners, counter-clockwise.
VERTICES = ((0.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0), (1.0, 0.0))

#: The convex corners and the directions of their bisectors.
CONVEX = (
    ((0.0, 1.0), 5 * pi / 4),
    ((-1.0, 1.0), -pi / 4),
    ((-1.0, -1.0), pi / 4),
    ((1.0, -1.0), 3 * pi / 4),
    ((1.0, 0.0), 5 * pi / 4),
)

#: The direction of the bisector of the corner that points into the domain.
BISECTOR = 5 * pi / 4

#: The numbers of powers and of polynomials, and of points on each edge.
POWERS, POLYNOMIALS, POINTS = 60, 50, 200

#: The largest error on the boundary.
CONVERGED = 1e-13

#: The farthest point from the corner, to scale lengths with.
REACH = 2**0.5


def singular(x: Any, y: Any) -> Any:
    """Return r^(2/3) cos(2 psi / 3), the strongest singularity of the corner, which vanishes on both of its edges."""
    return power(turned((x, y), BISECTOR), 2 / 3)[0]


def logarithmic(x: Any, y: Any, corner: tuple[float, float], bisector: float) -> Any:
    """Return Re(z^2 log z) in the axes of a corner."""
    z = turned((x - corner[0], y - corner[1]), bisector)
    return times(times(z, z), logarithm(z))[0]


def particular(x: Any, y: Any) -> Any:
    """Return what has the right side and the logarithms of all corners."""
    total = -(x * x + y * y) / 4 + logarithmic(x, y, (0.0, 0.0), BISECTOR) / (3 * pi)
    for corner, bisector in CONVEX:
        total = total - logarithmic(x, y, corner, bisector) / pi
    return total


def harmonic(x: Any, y: Any, powers: list[float], polynomials: list[float]) -> Any:
    """Return the sum of powers k = 1, 3, 5, .. and polynomials of degree 0, 1, .. with given coefficients."""
    z = turned((x / REACH, y / REACH), BISECTOR)
    root = power(z, 2 / 3)
    return times(root, polynomial(powers, times(root, root)))[0] + polynomial(polynomials, z)[0]


@cache
def coefficients() -> tuple[list[float], list[float]]:
    """Return the coefficients of powers and of polynomials."""
    x, y = edges(POINTS).T
    # every third power, r^2 cos 2 psi and so on, is a polynomial
    odd = [k for k in range(1, POWERS, 2) if k % 3]
    z = (x * np.cos(BISECTOR) + y * np.sin(BISECTOR) + 1j * (y * np.cos(BISECTOR) - x * np.sin(BISECTOR))) / REACH
    columns = [(z ** (2 * k / 3)).real for k in odd] + [(z**m).real for m in range(POLYNOMIALS)]
    found = np.linalg.lstsq(np.stack(columns, axis=1), -particular(x, y), rcond=1e-14)[0].tolist()
    coefficients = dict(zip(odd, found, strict=False))
    return [coefficients.get(k, 0.0) for k in range(1, POWERS, 2)], found[len(odd) :]


def edges(count: int) -> Array:
    """Return points on the boundary, `count` on each edge, crowded towards its ends."""
    along = (1 - np.cos(np.pi * (np.arange(count) + 0.5) / count))[:, None] / 2
    start = np.array(VERTICES)
    return np.concatenate([a + along * (b - a) for a, b in zip(start, np.roll(start, -1, axis=0), strict=True)])


def exact(x: Any, y: Any) -> Any:
    """Return u at points or as a field."""
    return particular(x, y) + harmonic(x, y, *coefficients())
