"""Poisson's equation on a cube of five dimensions, where grids become too large.

    u_11 + .. + u_55 = -(pi/2)^2 sum_i sin(pi x_i / 2) on (0, 1)^5, u given on the boundary; u = sum_i sin(pi x_i / 2).

The boundary values enter softly: transfinite interpolation of them, of which hard conditions are made, reproduces a sum
of functions of one coordinate, and would leave the network nothing to find.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.fields import Field, Points
from kinn.geometry import Box
from kinn.math import sin
from kinn.problem import Problem

#: The number of coordinates.
DIMENSION = 5


def exact(*x: Any) -> Any:
    """Return the sum of sin(pi x_i / 2)."""
    first, *others = (sin(pi / 2 * c) for c in x)
    return sum(others, first)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    residual: Field = laplacian(u) + pi**2 / 4 * exact(*p.coordinates)
    return residual


def make_problem() -> Problem:
    """Return the problem."""
    return Problem(
        "poisson-5d",
        Box([0.0] * DIMENSION, [1.0] * DIMENSION),
        strong=strong,
        conditions=[Dirichlet("u", exact, on="boundary")],
        exact=exact,
        title="Poisson's equation in five dimensions, u = sum of sin(pi x_i / 2)",
        source="Hao et al., PINNacle (NeurIPS 2024), PoissonND",
    )
