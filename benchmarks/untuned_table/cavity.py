"""Flow at Re = 100 in the unit square under the lid u = 16 x^2 (1 - x)^2, by polynomials of high degree.

The stream function is the sum of one that satisfies the lid and of x^2 (1 - x)^2 y^2 (1 - y)^2 times a polynomial, which
collocation of the vorticity equation determines. All polynomials are Chebyshev series in 2 x - 1 and 2 y - 1.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.polynomial.polynomial import Polynomial
from scipy.special import roots_jacobi

from kinn.geometry.types import Array

REYNOLDS = 100.0

#: The number of unknown coefficients along each axis.
SIZE = 24

#: The degree that holds products of two derivatives of the stream function.
PRODUCT_DEGREE = 2 * (SIZE + 4)


def lid(x: Array) -> Array:
    """Velocity of the lid."""
    return 16 * x**2 * (1 - x) ** 2


def solution(points: Array) -> Array:
    """Velocity and pressure (N, 3) at points (N, 2); the pressure is zero at the origin."""
    stream = _stream_function()
    series = (_derivative(stream, 0, 1), -_derivative(stream, 1, 0), _pressure())
    return np.stack([chebyshev.chebval2d(*(2 * points.T - 1), c) for c in series], axis=1)


def _series(polynomial: Polynomial) -> Array:
    """Chebyshev coefficients in 2 x - 1 of a polynomial in x."""
    return np.asarray(polynomial.convert(kind=chebyshev.Chebyshev, domain=[0, 1]).coef)


def _derivative(series: Array, along: int, up: int) -> Array:
    """Coefficients of a derivative of a series in two coordinates, of orders `along` and `up`."""
    return np.asarray(chebyshev.chebder(chebyshev.chebder(series, along, scl=2, axis=0), up, scl=2, axis=1))


@cache
def _clamped() -> Array:
    """Coefficients (SIZE + 4, SIZE) of x^2 (1 - x)^2 T_n(2 x - 1)."""
    factor = _series(Polynomial([0, 0, 1, -2, 1]))
    columns = [chebyshev.chebmul(factor, np.eye(SIZE)[n]) for n in range(SIZE)]
    return np.stack([np.pad(c, (0, SIZE + 4 - len(c))) for c in columns], axis=1)


@cache
def _stream_function() -> Array:
    """Coefficients (SIZE + 4, SIZE + 4) of the stream function, by Newton's method from rest under the lid."""
    lift = np.zeros((SIZE + 4, SIZE + 4))
    lift[:5, :4] = np.outer(_series(Polynomial([0, 0, 16, -32, 16])), _series(Polynomial([0, 0, -1, 1])))
    nodes = roots_jacobi(SIZE, 2, 2)[0]
    tables = [_table(nodes, order) for order in range(5)]

    def values(series: Array, along: int, up: int) -> Array:
        return np.asarray(chebyshev.chebgrid2d(nodes, nodes, _derivative(series, along, up)).ravel())

    def matrix(along: int, up: int) -> Array:
        return np.kron(tables[along], tables[up])

    d_x, d_y = matrix(1, 0), matrix(0, 1)
    vorticity_x, vorticity_y = matrix(3, 0) + matrix(1, 2), matrix(2, 1) + matrix(0, 3)
    bilaplacian = matrix(4, 0) + 2 * matrix(2, 2) + matrix(0, 4)
    coefficients = np.zeros(SIZE**2)
    stream = lift
    for _ in range(20):
        u, v = values(stream, 0, 1), -values(stream, 1, 0)
        w_x = values(stream, 3, 0) + values(stream, 1, 2)
        w_y = values(stream, 2, 1) + values(stream, 0, 3)
        diffusion = values(stream, 4, 0) + 2 * values(stream, 2, 2) + values(stream, 0, 4)
        residual = u * w_x + v * w_y - diffusion / REYNOLDS
        transport = u[:, None] * vorticity_x + v[:, None] * vorticity_y
        jacobian = transport + w_x[:, None] * d_y - w_y[:, None] * d_x - bilaplacian / REYNOLDS
        step = np.linalg.lstsq(jacobian, -residual, rcond=None)[0]
        coefficients = coefficients + step
        stream = lift + _clamped() @ coefficients.reshape(SIZE, SIZE) @ _clamped().T
        if np.abs(step).max() < 1e-12 * np.abs(coefficients).max():
            break
    return stream


def _table(nodes: Array, order: int) -> Array:
    """Derivatives (N, SIZE) of the clamped polynomials at nodes in (-1, 1)."""
    coefficients = chebyshev.chebder(_clamped(), order, scl=2, axis=0)
    return np.asarray(chebyshev.chebvander(nodes, len(coefficients) - 1) @ coefficients)


@cache
def _pressure() -> Array:
    """Coefficients of the pressure: its gradient integrated along the floor, then upwards."""
    nodes = chebyshev.chebpts1(PRODUCT_DEGREE + 1)
    inverse = np.linalg.inv(chebyshev.chebvander(nodes, PRODUCT_DEGREE))
    stream = _stream_function()

    def at(along: int, up: int) -> Array:
        return np.asarray(chebyshev.chebgrid2d(nodes, nodes, _derivative(stream, along, up)))

    u, v, strain = at(0, 1), -at(1, 0), at(1, 1)
    p_x = (at(2, 1) + at(0, 3)) / REYNOLDS - u * strain - v * at(0, 2)
    p_y = -(at(3, 0) + at(1, 2)) / REYNOLDS + u * at(2, 0) + v * strain
    p_x, p_y = (inverse @ gradient @ inverse.T for gradient in (p_x, p_y))
    floor = chebyshev.chebval(-1.0, p_x.T)
    pressure = chebyshev.chebint(p_y, lbnd=-1, scl=0.5, axis=1)
    pressure = np.pad(pressure, ((0, 1), (0, 0)))
    pressure[:, 0] += chebyshev.chebint(floor, lbnd=-1, scl=0.5)
    return np.asarray(pressure)
