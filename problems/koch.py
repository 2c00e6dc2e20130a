"""Laplace's equation in a Koch snowflake: a smooth solution in a domain with many re-entrant corners.

u_xx + u_yy = 0 in the snowflake of the given depth on a triangle of side 3, u given on the boundary;
u = sin x sinh y + cos x cosh y.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kinn.calculus import grad, laplacian
from kinn.conditions import Dirichlet
from kinn.fields import Field, Points
from kinn.geometry import Polygon
from kinn.math import cos, cosh, sin, sinh
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem
from kinn.problems.settings import whole_number


def exact(x: Any, y: Any) -> Any:
    """Return sin x sinh y + cos x cosh y."""
    return sin(x) * sinh(y) + cos(x) * cosh(y)


def snowflake(depth: int) -> Array:
    """Return the vertices (3 4^depth, 2), counter-clockwise, around the origin."""
    corners = np.sqrt(3) * np.exp(1j * (np.pi / 2 + 2 * np.pi / 3 * np.arange(3)))
    for _ in range(depth):
        step = (np.roll(corners, -1) - corners) / 3
        tip = corners + step + step * np.exp(-1j * np.pi / 3)
        corners = np.stack([corners, corners + step, tip, corners + 2 * step], axis=1).ravel()
    return np.column_stack([corners.real, corners.imag])


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return laplacian(u)


def energy(u: Field, p: Points) -> Field:
    """Return the density of the energy."""
    return (grad(u) @ grad(u)) * 0.5


def make_problem(depth: int = 2) -> Problem:
    """Return the problem.

    Args:
        depth: How often each edge is broken, 0 (a triangle) to 4.

    Raises:
        InputError: If the depth is no whole number, or out of range.
    """
    whole_number("koch", "depth", depth, 0, 4)
    return Problem(
        "koch",
        Polygon(snowflake(depth).tolist(), edges=["curve"] * (3 * 4**depth)),
        strong=strong,
        energy=energy,
        conditions=[Dirichlet("u", exact, on="curve")],
        exact=exact,
        defaults=Defaults(
            forms={"energy": {"networks": {"kan": KAN((6,), 6, 5), "mlp": MLP((16, 8))}, "budget": 60.0}}
        ),
        title="Laplace's equation in a Koch snowflake",
        source="Wang et al., CMAME 433 (2025) 117518",
    )
