"""The Allen-Cahn equation: two phases part, with interfaces far thinner than the domain.

    u_t = D u_xx + 5 u - 5 u^3 on (-1, 1) x (0, 1), D = 1e-4, periodic in x, u(x, 0) = x^2 cos(pi x).

As start and equation are even in x, the solution is, and a periodic even function has no slope at +-1: the periodic
problem is the one with u_x = 0 there, and so it is stated. Reference: a Fourier method.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Initial, Neumann
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import cos
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.allen_cahn import DIFFUSIVITY, reference


def initial(x: Any, t: Any) -> Any:
    """Return x^2 cos(pi x)."""
    return x * x * cos(pi * x)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return u.t - DIFFUSIVITY * u.xx - 5 * u + 5 * u * u * u


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How the initial values are enforced, "hard" or "soft".
    """
    return Problem(
        "allen-cahn",
        Interval(-1.0, 1.0) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Neumann("u", 0.0, on="left", weight=1e-2),
            Neumann("u", 0.0, on="right", weight=1e-2),
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 5, init="glorot"), "mlp": MLP((20, 20, 20))},
            points=5000,
            budget=240.0,
        ),
        title="Allen-Cahn equation, D = 1e-4",
        source="Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686",
    )
