"""-lap u + 64 u = f in a square with four round holes, by decaying multipoles.

f = 170 + x^2 + y^2 + 10 sin(pi x) sin(4 pi y), u = 0.2 on the square and 1 on the circles.
Hao et al., PINNacle (NeurIPS 2024), Poisson2d-CG. The solution is that of the equation without boundaries, multipoles in the
holes and sources around the square. By the maximum principle its error is at most that on the boundary, 3e-7.
"""

from __future__ import annotations

from functools import cache
from math import pi, sqrt

import numpy as np
from scipy.special import k0, kn

from kinn.geometry.types import Array

#: Half the edge of the square; the centres and radii of the holes.
HALF = 1.0
HOLES = (((0.5, 0.5), 0.2), ((0.4, -0.4), 0.4), ((-0.2, -0.7), 0.1), ((-0.6, 0.5), 0.3))

#: The factor of u in the equation, and the values on the square and on the circles.
RATE = 64.0
ON_SQUARE, ON_HOLES = 0.2, 1.0

#: The orders of the multipoles.
ORDERS = 25


def solution(points: Array) -> Array:
    """Solution (N,) at points (N, 2)."""
    return _without_boundaries(points) + _columns(points) @ _coefficients()


def boundary(per_edge: int = 401, per_circle: int = 200) -> tuple[Array, Array]:
    """Points (N, 2) on the boundary, clustered at the corners as the sources are, and the values (N,) there."""
    s = HALF * np.sin(pi / 2 * np.sin(np.linspace(-pi / 2, pi / 2, per_edge)))
    edge = np.full_like(s, HALF)
    t = np.linspace(0, 2 * pi, per_circle, endpoint=False)
    edges = [np.column_stack(pair) for e in (-edge, edge) for pair in ((s, e), (e, s))]
    circles = [np.column_stack([a + r * np.cos(t), b + r * np.sin(t)]) for (a, b), r in HOLES]
    values = [np.full(4 * per_edge, ON_SQUARE), np.full(len(HOLES) * per_circle, ON_HOLES)]
    return np.concatenate([*edges, *circles]), np.concatenate(values)


def _without_boundaries(points: Array) -> Array:
    """Solution (N,) of the equation alone."""
    x, y = points.T
    wave = 10 * np.sin(pi * x) * np.sin(4 * pi * y) / (17 * pi**2 + RATE)
    return np.asarray((170 + x**2 + y**2) / RATE + 4 / RATE**2 + wave)


@cache
def _sources() -> Array:
    """Points (M, 2) around the square: dense near the corners, and close to them in proportion."""
    clustered = 1 - np.exp(-2 * (np.sqrt(41) - np.sqrt(np.arange(1, 41))))
    along = np.concatenate([-clustered, np.linspace(-1, 1, 61), clustered])
    distance = 0.6 * np.concatenate([1 - clustered, np.full(61, 0.25), 1 - clustered]) + 1e-9
    sides = [(along, side * (1 + distance)) for side in (-1, 1)]
    return HALF * np.concatenate([np.column_stack(pair[::order]) for pair in sides for order in (1, -1)])


def _columns(points: Array) -> Array:
    """Values (N, M) of the multipoles and of the sources."""
    wave_number = sqrt(RATE)
    columns = []
    for centre, radius in HOLES:
        dx, dy = (points - centre).T
        distance, angle = np.hypot(dx, dy), np.arctan2(dy, dx)
        for n in range(ORDERS):
            radial = kn(n, wave_number * distance) / kn(n, wave_number * radius)
            columns += [radial * np.cos(n * angle), radial * np.sin(n * angle)][: 2 if n else 1]
    separation = np.hypot(*(points[:, None] - _sources()).transpose(2, 0, 1))
    return np.column_stack([*columns, k0(wave_number * separation)])


@cache
def _coefficients() -> Array:
    """Coefficients (M,) for the values on the boundary, by least squares."""
    points, values = boundary()
    matrix = _columns(points)
    norms = np.linalg.norm(matrix, axis=0)
    coefficients = np.linalg.lstsq(matrix / norms, values - _without_boundaries(points), rcond=1e-14)[0]
    return np.asarray(coefficients / norms)
