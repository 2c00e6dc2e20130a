"""Piecewise polynomials for closed curves: of a function of the parameter, or through points."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy.interpolate import CubicSpline, PPoly

from kinn.errors import InputError
from kinn.geometry.boundary.patch import Array

DEGREE = 9
_NODES = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))  # of Chebyshev interpolation on [-1, 1]
_CLOSE = 1e-13  # what the last coefficients may be, relative to the size
_MOST_PANELS = 2**9


def fit(curve: Callable[[Array], Any], start: float, end: float) -> PPoly:
    """Return a curve r(t), start <= t <= end, as a piecewise polynomial on [0, 1], accurate to rounding.

    Args:
        curve: Gives x and y at parameters (m,): a pair of arrays, or one array (m, 2) or (2, m).
        start: The first parameter.
        end: The last parameter.

    Raises:
        InputError: It gives something else or is not finite, or some 500 polynomials do not resolve it: a corner.
    """
    lower, upper = np.linspace(0, 1, 9)[:-1], np.linspace(0, 1, 9)[1:]
    done: list[tuple[Any, Any]] = []
    size = float(np.max(np.ptp(_values(curve, np.linspace(start, end, 65)), axis=0)))
    if size == 0:
        raise InputError("a curve must bound an area, and this one is a single point")
    while len(lower):
        middle, half = (lower + upper) / 2, (upper - lower) / 2
        t = middle + half * _NODES[:, None]
        values = _values(curve, (start + (end - start) * t).ravel()).reshape(len(_NODES), -1)
        coefficients = np.linalg.solve(chebyshev.chebvander(_NODES, DEGREE), values).reshape(len(_NODES), -1, 2)
        good = np.max(np.abs(coefficients[-2:]), axis=(0, 2)) <= _CLOSE * size
        done.append((lower[good], coefficients[:, good]))
        if np.min(upper - lower) < 1e-9 or len(lower) > _MOST_PANELS:
            where = start + (end - start) * float(middle[~good][0])
            raise InputError(
                f"a curve must be smooth, and this one has a corner near t = {where:.6g}: use an arc polygon"
            )
        lower, upper = np.concatenate([lower[~good], middle[~good]]), np.concatenate([middle[~good], upper[~good]])
    starts = np.concatenate([part[0] for part in done])
    order = np.argsort(starts)
    breaks = np.append(starts[order], 1.0)
    chebyshevs = np.concatenate([part[1] for part in done], axis=1)[:, order]
    # from polynomials in u on [-1, 1] to powers of t - t_left, highest first, which PPoly takes
    powers = np.zeros_like(chebyshevs)
    shifted = np.polynomial.Polynomial([-1.0, 2.0])
    for k in range(DEGREE + 1):
        basis = chebyshev.Chebyshev.basis(k).convert(kind=np.polynomial.Polynomial)(shifted).coef
        powers[: len(basis)] += basis[:, None, None] * chebyshevs[k]
    powers /= np.diff(breaks)[:, None] ** np.arange(DEGREE + 1)[:, None, None]
    return PPoly(powers[::-1], breaks)


def spline(points: Array) -> PPoly:
    """Return the periodic cubic spline through points, (n, 2), parametrised by the chords between them, on [0, 1]."""
    closed = np.concatenate([points, points[:1]])
    chords = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    if np.min(chords) == 0:
        raise InputError(f"a curve may not repeat a point, and points {int(np.argmin(chords))} and the next are equal")
    joints = np.concatenate([[0.0], np.cumsum(chords)]) / np.sum(chords)
    joints[-1] = 1.0
    return CubicSpline(joints, closed, bc_type="periodic")


def _values(curve: Callable[[Array], Any], t: Array) -> Array:
    """Return the values of a curve as an (m, 2) array."""
    try:
        values = np.asarray(curve(t), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"a curve must map parameters (m,) to x and y: {error}") from None
    if values.shape == (2, len(t)):
        values = values.T
    if values.shape != (len(t), 2):
        raise InputError(f"a curve must map {len(t)} parameters to x and y, two columns, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError("a curve must be finite everywhere")
    return values
