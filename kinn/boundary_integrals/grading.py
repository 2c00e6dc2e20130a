"""Graded parameters of edges, in which densities are smooth up to the corners.

At a corner a solution behaves like a sum of r^(k a), r the distance, k = 1, 2, .... In a parameter t with r ~ t^p it is
smooth where p a is a whole number, and so is its flux, r^(a-1), once multiplied by dr/dt.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import beta, betainc

from kinn.geometry.types import Array

#: The largest order of a grading.
LARGEST = 6
#: The order where no small one makes a singular solution smooth.
GENERIC = 3


def order_for(exponent: float) -> int:
    """Return the order p of the grading at a corner where the solution behaves like r^exponent, exponent > 0."""
    for p in range(1, LARGEST + 1):
        if p * exponent > 1 - 1e-9 and math.isclose(p * exponent, round(p * exponent), abs_tol=1e-6):
            return p
    return max(GENERIC, math.ceil(1.5 / exponent))


def share(t: Array, orders: tuple[int, int]) -> Array:
    """Return the share of the length up to the parameters t in [0, 1]: as t^p at the start, (1-t)^q at the end."""
    p, q = orders
    if orders == (1, 1):
        return np.asarray(t, dtype=np.float64)
    return np.asarray(np.where(t < 0.5, betainc(p, q, t), 1 - betainc(q, p, 1 - t)))


def rate(t: Array, orders: tuple[int, int]) -> Array:
    """Return the derivative of `share`."""
    p, q = orders
    return np.asarray(t ** (p - 1) * (1 - t) ** (q - 1) / beta(p, q))
