"""Graded parametrisation of edges: densities are smooth functions of the parameter up to the corners.

At a corner a solution behaves like a sum of r^(k a), r the distance, k = 1, 2, .... In a parameter t with r ~ t^p it is
smooth where p a is an integer, and so is its flux r^(a-1) times dr/dt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import beta, betainc

from kinn.boundary_integrals.loops import BoundaryEdge
from kinn.geometry.types import Array

#: The largest order of a grading.
MAX_ORDER = 6
#: The least order where no small one makes the solution smooth.
DEFAULT_ORDER = 3


@dataclass(frozen=True)
class GradedEdge:
    """An edge with the parameter t in [0, 1] of its densities.

    Attributes:
        edge: The edge.
        orders: The orders of the grading at its start and its end; 1 where densities are smooth in the arc length.
        levels: The number of dyadic refinements of panels towards the start and the end.
    """

    edge: BoundaryEdge
    orders: tuple[int, int] = (1, 1)
    levels: tuple[int, int] = (0, 0)

    def breaks(self, longest: float) -> Array:
        """Parameters between panels no longer than `longest`."""
        count = max(1 if sum(self.levels) == 0 else 2, int(np.ceil(self.edge.length / longest - 1e-9)))
        if self.edge.closed:
            count = max(count, 4)
        t = np.linspace(0, 1, count + 1)
        first = t[1] * 0.5 ** np.arange(self.levels[0], 0, -1)
        last = 1 - (1 - t[-2]) * 0.5 ** np.arange(1, self.levels[1] + 1)
        return np.concatenate([t[:1], first, t[1:-1], last, t[-1:]])


def grading_order(exponent: float) -> int:
    """Order p of the grading at a corner where the solution behaves like r^exponent, exponent > 0."""
    for p in range(1, MAX_ORDER + 1):
        if p * exponent > 1 - 1e-9 and math.isclose(p * exponent, round(p * exponent), abs_tol=1e-6):
            return p
    return max(DEFAULT_ORDER, math.ceil(1.5 / exponent))


def arc_fraction(t: Array, orders: tuple[int, int]) -> Array:
    """Fraction of the arc length at parameters t in [0, 1]: like t^p at the start, 1 - (1-t)^q at the end."""
    p, q = orders
    if orders == (1, 1):
        return np.asarray(t, dtype=np.float64)
    return np.asarray(np.where(t < 0.5, betainc(p, q, t), 1 - betainc(q, p, 1 - t)))


def arc_speed(t: Array, orders: tuple[int, int]) -> Array:
    """Derivative of `arc_fraction`."""
    p, q = orders
    return np.asarray(t ** (p - 1) * (1 - t) ** (q - 1) / beta(p, q))
