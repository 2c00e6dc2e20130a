"""The bending of a clamped plate, an equation of fourth order in the plane.

u_xxxx + 2 u_xxyy + u_yyyy = q on (0, 1)^2, u = 0 and n . grad u = 0 on the boundary,
with the load q such that u = sin^2(pi x) sin^2(pi y).
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Dirichlet, Neumann
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.math import cos, sin
from kinn.problem import Problem


def exact(x: Any, y: Any) -> Any:
    """Return sin^2(pi x) sin^2(pi y)."""
    return sin(pi * x) ** 2 * sin(pi * y) ** 2


def load(x: Any, y: Any) -> Any:
    """Return the load q, divided by (2 pi)^4."""
    a, b = cos(2 * pi * x), cos(2 * pi * y)
    return a * b - (a + b) / 4


def strong(u: Field, p: Points) -> Field:
    """Return the residual, divided by (2 pi)^4, the order of fourth derivatives."""
    residual: Field = (u.xxxx + 2 * u.xxyy + u.yyyy) / (2 * pi) ** 4 - load(p.x, p.y)
    return residual


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How the deflection at the boundary is enforced, "hard" or "soft"; the slope always is soft.
    """
    return Problem(
        "biharmonic",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        strong=strong,
        conditions=[Dirichlet("u", 0.0, on="boundary", enforce=enforce), Neumann("u", 0.0, on="boundary")],
        exact=exact,
        title="Clamped plate, u = sin^2(pi x) sin^2(pi y)",
        source="manufactured; Timoshenko and Woinowsky-Krieger, Theory of Plates and Shells",
    )
