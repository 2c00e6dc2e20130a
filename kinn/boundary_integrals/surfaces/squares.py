"""Gauss-Legendre panels on the square [-1, 1]^2: products of those on the line, the first coordinate outermost."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from kinn.boundary_integrals.legendre import gauss, polynomials, to_coefficients
from kinn.geometry.types import Array


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
    """Return the matrix (order, order) from Legendre polynomials, on its left as a row, to their derivatives."""
    matrix = np.zeros((order, order))
    for degree in range(order):
        for lower in range(degree - 1, -1, -2):
            matrix[lower, degree] = 2 * lower + 1
    matrix.flags.writeable = False
    return matrix


def square_polynomials(uv: Array, order: int) -> Array:
    """Return the products of Legendre polynomials at points (..., 2), an array (..., order^2)."""
    first, second = polynomials(uv[..., 0], order), polynomials(uv[..., 1], order)
    return np.asarray((first[..., :, None] * second[..., None, :]).reshape(*uv.shape[:-1], -1))


def combined(first: Array, second: Array, coefficients: Array) -> Array:
    """Return the sums of first_i second_j C_ij (m, q, c) of functions (m, q, order) of both coordinates.

    Args:
        first: The functions of the first coordinate.
        second: Those of the second.
        coefficients: C, (m, order^2, c).
    """
    m, q, order = first.shape
    out = np.empty((coefficients.shape[2], m, q))
    for each, entry in zip(out, np.moveaxis(coefficients, -1, 0), strict=True):
        np.einsum("mqj,mqj->mq", first @ entry.reshape(m, order, order), second, out=each)
    return np.moveaxis(out, 0, -1)


def tangents(uv: Array, coefficients: Array) -> tuple[Array, Array]:
    """Return the derivatives by both coordinates, (m, q, c) each, at points (m, q, 2), of coefficients (m, order^2, c)."""
    order = math.isqrt(coefficients.shape[1])
    first, second = (polynomials(uv[..., k], order) for k in range(2))
    return (
        combined(first @ slopes(order), second, coefficients),
        combined(first, second @ slopes(order), coefficients),
    )
