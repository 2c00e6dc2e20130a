"""Charts: exact smooth maps of the square [-1, 1]^2 that together cover a surface.

A sphere has six, a triangle three, so that surface panels are of one kind. Charts run counter-clockwise seen from outside:
the vector product of their derivatives points out of the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from kinn.geometry.types import Array

#: Maps points (m, 2) of the square to points (m, d) of a surface, or of a plane shape.
Chart: TypeAlias = Callable[[Array], Array]


def quadrilateral_chart(corners: Array) -> Chart:
    """Return the bilinear chart of a quadrilateral (4, d), its corners counter-clockwise."""

    def chart(uv: Array) -> Array:
        low, high = (1 - uv) / 2, (1 + uv) / 2
        shares = [low[:, 0] * low[:, 1], high[:, 0] * low[:, 1], high[:, 0] * high[:, 1], low[:, 0] * high[:, 1]]
        return np.asarray(np.stack(shares, axis=1) @ corners)

    return chart


def triangle_charts(corners: Array) -> list[Chart]:
    """Return the quadrilaterals between the corners of a triangle (3, d), the middles of its sides and its centre."""
    middles, centre = (corners + np.roll(corners, -1, axis=0)) / 2, corners.mean(axis=0)
    return [quadrilateral_chart(np.array([corners[k], middles[k], centre, middles[k - 1]])) for k in range(3)]


def reverse_chart(chart: Chart) -> Chart:
    """Return a chart with the opposite orientation."""
    return lambda uv: chart(uv[:, ::-1])


def orient_chart(chart: Chart, normal: Array) -> Chart:
    """Return a chart oriented such that the vector product of its derivatives in the middle points along a normal."""
    step = 1e-4
    points = chart(np.array([[step, 0.0], [-step, 0.0], [0.0, step], [0.0, -step]]))
    return chart if np.cross(points[0] - points[1], points[2] - points[3]) @ normal > 0 else reverse_chart(chart)
