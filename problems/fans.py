"""Quadrature in triangles around a point where a field is singular."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from kinn.geometry import Rectangle
from kinn.problem import Array


def fan(corners: Sequence[Sequence[float]], n: int, seed: int | None, power: float) -> tuple[Array, Array]:
    """Return at least n points and weights of a quadrature of the triangles from the origin to pairs of corners.

    The distance from the origin is s^power times that of the opposite side: in s and along that side the energy of a
    field that goes as r^a is as smooth as s^(2 a power - 1) (Duffy 1982, SIAM J. Numer. Anal. 19, 1260, with a power).

    Args:
        corners: Those opposite to the origin, in order.
        n: The least number of points.
        seed: Moves the points; None for those of the plain rule.
        power: How much they are crowded towards the origin.
    """
    unit = Rectangle((0.0, 0.0), (1.0, 1.0)).quadrature(7, points=-(-n // (len(corners) - 1)), seed=seed)
    s, t = unit.points.T
    points, weights = [], []
    for a, b in pairwise(np.asarray(corners, dtype=np.float64)):
        points.append((s**power)[:, None] * (a + t[:, None] * (b - a)))
        weights.append(power * s ** (2 * power - 1) * unit.weights * abs(a[0] * b[1] - a[1] * b[0]))
    return np.concatenate(points), np.concatenate(weights)
