"""A smooth function of the order of the distance to a closed curve, far from it: an L^p distance field.

With p = 2 it is (pi / (2 W))^(1/2), W the integral of n . (y - x) / |y - x|^4 over the curve: next to a straight curve
exactly the distance, positive inside and negative outside where the root takes the sign of W. Source: A. Belyaev,
P.-A. Fayolle and A. Pasko, "Signed L_p-distance fields", Computer-Aided Design 45 (2013).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinn.geometry.boundary.patch import Array
from kinn.geometry.distances.distance import like
from kinn.geometry.distances.implicit import Values

_ORDER = 5  # of the Taylor polynomials, and so of the derivatives that are right
_BLOCK = 2**20  # point-node pairs worked on at a time


def coefficients(points: Array, nodes: Array, weighted: Array) -> dict[tuple[int, int], Array]:
    """Return the Taylor coefficients of W: by powers (i, j) of the offsets in x and y, each (N,).

    In complex numbers q = y - x the integrand is Re(n / q^2 conj(q)), so that powers of 1 / q give all derivatives.

    Args:
        points: The points, (N, 2).
        nodes: Points of the curve, (K, 2).
        weighted: Outward normals there times the lengths they stand for, (K, 2).
    """
    found = {(i, m - i): np.zeros(len(points)) for m in range(_ORDER + 1) for i in range(m + 1)}
    y, n = nodes @ [1, 1j], weighted @ [1, 1j]
    step = max(1, _BLOCK // len(nodes))
    for start in range(0, len(points), step):
        rows = slice(start, start + step)
        s = 1 / (y - (points[rows] @ [1, 1j])[:, None])
        powers = [np.ones_like(s)]
        for _ in range(_ORDER):
            powers.append(powers[-1] * s)
        g = np.abs(s) ** 2 * np.conj(n * s) / 2
        for a in range(_ORDER + 1):
            for b in range(min(a, _ORDER - a) + 1):
                c = np.sum(powers[a] * np.conj(powers[b]) * ((b + 1) * g + (a + 1) * np.conj(g)), axis=1)
                # c u^a conj(u)^b and, where a > b, its conjugate, in powers of the real offsets
                for (i, j), factor in _expanded(a, b).items():
                    found[i, j][rows] += (2 if a > b else 1) * np.real(c * factor)
    return found


def _expanded(a: int, b: int) -> dict[tuple[int, int], complex]:
    """Return (x + i y)^a (x - i y)^b by powers of x and y."""
    terms: dict[tuple[int, int], complex] = {}
    for k in range(a + 1):
        for m in range(b + 1):
            power = (a + b - k - m, k + m)
            terms[power] = terms.get(power, 0) + math.comb(a, k) * math.comb(b, m) * 1j**k * (-1j) ** m
    return terms


def polynomial(terms: dict[tuple[int, int], NDArray[Any]], offsets: Sequence[Values]) -> Values:
    """Return the polynomial with these coefficients at offsets that are zero but for their derivatives."""
    x, y = offsets
    rows = []
    for j in range(_ORDER + 1):
        row = like(terms[_ORDER - j, j], x)
        for i in range(_ORDER - j - 1, -1, -1):
            row = row * x + like(terms[i, j], x)
        rows.append(row)
    total = rows[-1]
    for row in reversed(rows[:-1]):
        total = total * y + row
    return total
