"""Gauss-Legendre panels on the square [-1, 1]^2: products of those on the line, the first coordinate outermost."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from kinn.boundary_integrals.legendre import gauss, polynomials, to_coefficients
from kinn.geometry.pieces.base import Array


@lru_cache
def square_rule(order: int) -> tuple[Array, Array]:
    """Return nodes (order^2, 2) and weights (order^2,)."""
    x, w = gauss(order)
    nodes = np.stack(np.meshgrid(x, x, indexing="ij"), axis=2).reshape(-1, 2)
    weights = np.outer(w, w).ravel()
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@lru_cache
def square_coefficients(order: int) -> Array:
    """Return the matrix (order^2, order^2) from values at the nodes to Legendre coefficients."""
    matrix = np.asarray(np.kron(to_coefficients(order), to_coefficients(order)), dtype=np.float64)
    matrix.flags.writeable = False
    return matrix


@lru_cache
def slopes(order: int) -> Array:
    """Return the matrices (2, order^2, order^2) from Legendre coefficients to those of both derivatives."""
    along = np.zeros((order, order))
    for degree in range(order):
        for lower in range(degree - 1, -1, -2):
            along[lower, degree] = 2 * lower + 1
    matrices = np.stack([np.kron(along, np.eye(order)), np.kron(np.eye(order), along)])
    matrices.flags.writeable = False
    return matrices


def square_polynomials(uv: Array, order: int) -> Array:
    """Return the products of Legendre polynomials at points (..., 2), an array (..., order^2)."""
    first, second = polynomials(uv[..., 0], order), polynomials(uv[..., 1], order)
    return np.asarray((first[..., :, None] * second[..., None, :]).reshape(*uv.shape[:-1], -1))
