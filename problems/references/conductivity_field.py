"""The temperature of a square with a given conductivity, by Chebyshev collocation.

    -(K T_x)_x - (K T_y)_y = 1 on (0, 1)^2, T = 0 on the boundary

The equation is collocated at the Chebyshev points of a tensor grid (Trefethen 2000, Spectral Methods in MATLAB, ch. 7).
At the corners the second derivatives of T jump as they must where K laplace T = -1 meets T = 0, so convergence is
algebraic there, of order 4 to 5 in the number of points: the temperature is good to 2e-7.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from scipy.sparse import eye_array, kron

from kinn.geometry.types import Array
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points

#: Intervals of the grid along each side.
INTERVALS = 32

#: The largest difference from the temperature on three quarters of these intervals.
CONVERGED = 5e-7


@cache
def temperature(conductivity: Callable[[Any, Any], Any], intervals: int = INTERVALS) -> Series:
    """Return the temperature, a series of Chebyshev polynomials with one value.

    Args:
        conductivity: K at coordinates x and y, arrays.
        intervals: The intervals of the grid along each side.
    """
    nodes = chebyshev_points(0.0, 1.0, intervals + 1)
    slope = differentiation(nodes)
    x, y = (axis.ravel() for axis in np.meshgrid(nodes, nodes, indexing="ij"))
    k = np.asarray(conductivity(x, y))[:, None]
    one = eye_array(intervals + 1)
    slopes = kron(slope, one, format="csr"), kron(one, slope, format="csr")
    matrix = -sum(along @ along.multiply(k) for along in slopes).toarray()
    inner = np.flatnonzero((x > 0) & (x < 1) & (y > 0) & (y < 1))
    values = np.zeros(len(x))
    values[inner] = np.linalg.solve(matrix[np.ix_(inner, inner)], np.ones(len(inner)))
    across = chebyshev_coefficients(values.reshape(len(nodes), -1))
    return Series((Axis("chebyshev", 0.0, 1.0),) * 2, chebyshev_coefficients(across.T).T[None])


def differentiation(nodes: Array) -> Array:
    """Return the matrix that differentiates polynomials through values at Chebyshev points `nodes`."""
    weights = np.where(np.arange(len(nodes)) % 2, -1.0, 1.0)
    weights[[0, -1]] *= 0.5
    slope = weights / weights[:, None] / (nodes[:, None] - nodes + np.eye(len(nodes)))
    np.fill_diagonal(slope, 0.0)
    np.fill_diagonal(slope, -slope.sum(axis=1))
    return np.asarray(slope)
