"""Gauss-Legendre panels on [-1, 1]: nodes, weights, and polynomials by their Legendre coefficients."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from kinn.geometry.types import Array


@lru_cache
def gauss(order: int) -> tuple[Array, Array]:
    """Return nodes and weights, (order,) each."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@lru_cache
def to_coefficients(order: int) -> Array:
    """Return the matrix (order, order) from values at the nodes to Legendre coefficients."""
    nodes, weights = gauss(order)
    degrees = np.arange(order)
    matrix = (degrees[:, None] + 0.5) * np.polynomial.legendre.legvander(nodes, order - 1).T * weights
    matrix.flags.writeable = False
    return np.asarray(matrix)


def polynomials(x: Array, order: int) -> Array:
    """Return the Legendre polynomials of degree 0 .. order - 1 at x (...), an array (..., order).

    In memory each polynomial is a block of its own.
    """
    out = np.empty((order, *x.shape))
    out[0] = 1.0
    if order > 1:
        out[1] = x
    for n in range(1, order - 1):
        np.multiply(x, out[n], out=out[n + 1, ...])
        out[n + 1] *= (2 * n + 1) / (n + 1)
        out[n + 1] -= n / (n + 1) * out[n - 1]
    return np.moveaxis(out, 0, -1)
