"""The Korteweg-de Vries equation: a wave breaks up into solitons.

    u_t + u u_x + delta^2 u_xxx = 0 on (-1, 1) x (0, 1), periodic in x, u(x, 0) = cos(pi x), delta = 0.05.

Reference: a Fourier method.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Initial, Periodic
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import cos
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.korteweg_de_vries import DISPERSION, reference


def initial(x: Any, t: Any) -> Any:
    """Return cos(pi x)."""
    return cos(pi * x)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return u.t + u * u.x + DISPERSION * u.xxx


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How initial values and the period are enforced, "hard" or "soft".
    """
    return Problem(
        "korteweg-de-vries",
        Interval(-1.0, 1.0) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Periodic("u", on=("left", "right"), derivatives=("", "x", "xx"), enforce=enforce),
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 5, init="glorot"), "mlp": MLP((25, 25, 25))}, points=5000, budget=240.0
        ),
        title="Korteweg-de Vries equation, delta = 0.05",
        source="Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686",
    )
