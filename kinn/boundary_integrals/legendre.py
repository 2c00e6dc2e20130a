"""Gauss-Legendre rules and Legendre polynomials on the interval [-1, 1] and, as tensor products, on the square [-1, 1]^2.

Products are numbered with the first coordinate outermost.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from kinn.geometry.types import Array


@lru_cache
def gauss(order: int) -> tuple[Array, Array]:
    """Gauss nodes and weights, (order,) each."""
    nodes, weights = np.polynomial.legendre.leggauss(order)
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@lru_cache
def to_coefficients(order: int) -> Array:
    """Matrix (order, order) from values at the nodes to Legendre coefficients."""
    nodes, weights = gauss(order)
    degrees = np.arange(order)
    matrix = (degrees[:, None] + 0.5) * np.polynomial.legendre.legvander(nodes, order - 1).T * weights
    matrix.flags.writeable = False
    return np.asarray(matrix)


def polynomials(x: Array, order: int) -> Array:
    """Legendre polynomials of degree 0 .. order - 1 at x (...), an array (..., order).

    Each polynomial is contiguous in memory.
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


@lru_cache
def square_rule(order: int) -> tuple[Array, Array]:
    """Gauss nodes (order^2, 2) and weights (order^2,) of the square."""
    x, w = gauss(order)
    nodes = np.stack(np.meshgrid(x, x, indexing="ij"), axis=2).reshape(-1, 2)
    weights = np.outer(w, w).ravel()
    nodes.flags.writeable = weights.flags.writeable = False
    return nodes, weights


@lru_cache
def square_coefficients(order: int) -> Array:
    """Matrix (order^2, order^2) from values at the nodes of the square to Legendre coefficients."""
    matrix = np.asarray(np.kron(to_coefficients(order), to_coefficients(order)), dtype=np.float64)
    matrix.flags.writeable = False
    return matrix


def square_polynomials(uv: Array, order: int) -> Array:
    """Products of Legendre polynomials at points (..., 2), an array (..., order^2)."""
    first, second = polynomials(uv[..., 0], order), polynomials(uv[..., 1], order)
    return np.asarray((first[..., :, None] * second[..., None, :]).reshape(*uv.shape[:-1], -1))


def square_values(uv: Array, coefficients: Array) -> Array:
    """Expansions (m, q, c) with coefficients (m, order^2, c) at points (m, q, 2)."""
    order = math.isqrt(coefficients.shape[1])
    return _contract(polynomials(uv[..., 0], order), polynomials(uv[..., 1], order), coefficients)


def square_derivatives(uv: Array, coefficients: Array) -> tuple[Array, Array]:
    """Derivatives of `square_values` by both coordinates, (m, q, c) each."""
    order = math.isqrt(coefficients.shape[1])
    first, second = (polynomials(uv[..., k], order) for k in range(2))
    derivative = _derivative_matrix(order)
    return _contract(first @ derivative, second, coefficients), _contract(first, second @ derivative, coefficients)


@lru_cache
def _derivative_matrix(order: int) -> Array:
    """Matrix (order, order) that maps a row of Legendre polynomials to their derivatives."""
    matrix = np.zeros((order, order))
    matrix[:-1] = np.polynomial.legendre.legder(np.eye(order))
    matrix.flags.writeable = False
    return matrix


def _contract(first: Array, second: Array, coefficients: Array) -> Array:
    """Sums of first_i second_j C_ij (m, q, c) of functions (m, q, order) and coefficients C (m, order^2, c)."""
    m, q, order = first.shape
    out = np.empty((coefficients.shape[2], m, q))
    for component, entry in zip(out, np.moveaxis(coefficients, -1, 0), strict=True):
        np.einsum("mqj,mqj->mq", first @ entry.reshape(m, order, order), second, out=component)
    return np.moveaxis(out, 0, -1)
