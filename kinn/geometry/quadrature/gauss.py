"""Gauss rules on the line for weights of Jacobi's kind, and the rules next to them that other points give."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

_WITHIN = 0.7  # how far towards the ends of the interval a shift may push the outermost point


def nodes_for(order: int, shifted: bool) -> int:
    """Return how many points a rule of degree `order` needs; one degree is lost where the points are shifted."""
    return max(1, (order + 3) // 2 if shifted else order // 2 + 1)


@lru_cache(maxsize=512)
def gauss_jacobi(n: int, alpha: float, beta: float, shift: float = 0.0) -> tuple[Array, Array]:
    """Return the n points in (-1, 1) and weights of a rule for the weight function (1 - x)^alpha (1 + x)^beta.

    The points are the eigenvalues of the Jacobi matrix. With its last diagonal entry changed they are the zeros of
    p_n - delta p_(n-1), which make a rule of degree 2 n - 2 instead of 2 n - 1, weights still positive, points still
    inside as long as delta keeps to the values of p_n / p_(n-1) at the ends. Source: G. H. Golub and J. H. Welsch,
    "Calculation of Gauss quadrature rules", Mathematics of Computation 23 (1969); W. Gautschi, "Orthogonal
    polynomials" (2004), sections 1.4 and 3.1.

    Args:
        n: Number of points.
        alpha: Exponent at 1, greater than -1.
        beta: Exponent at -1.
        shift: Between -1 and 1: which of the rules next to Gauss's, which is 0.
    """
    k = np.arange(n, dtype=np.float64)
    both = 2 * k + alpha + beta
    with np.errstate(divide="ignore", invalid="ignore"):
        diagonal = (beta**2 - alpha**2) / (both * (both + 2))
        square = 4 * k * (k + alpha) * (k + beta) * (k + alpha + beta) / (both**2 * (both + 1) * (both - 1))
    diagonal[0] = (beta - alpha) / (alpha + beta + 2)
    if n > 1:  # the general formula is 0 / 0 where alpha + beta is -1
        square[1] = 4 * (1 + alpha) * (1 + beta) / ((2 + alpha + beta) ** 2 * (3 + alpha + beta))
    if shift:
        end = math.copysign(1.0, shift)
        ratio = end - diagonal[0]
        for j in range(1, n):
            ratio = end - diagonal[j] - square[j] / ratio
        diagonal[-1] += _WITHIN * abs(shift) * ratio
    points, vectors = eigh_tridiagonal(diagonal, np.sqrt(square[1:])) if n > 1 else (diagonal, np.ones((1, 1)))
    mass = 2 ** (alpha + beta + 1) * math.gamma(alpha + 1) * math.gamma(beta + 1) / math.gamma(alpha + beta + 2)
    weights = mass * vectors[0] ** 2
    points.flags.writeable = weights.flags.writeable = False  # they are shared by all that ask for them
    return points, weights
