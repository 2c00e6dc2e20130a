"""The nonlinear Schroedinger equation: a pulse that focuses.

    i h_t + h_xx / 2 + |h|^2 h = 0 on (-5, 5) x (0, pi/2), periodic in x, h(x, 0) = 2 sech x, h = u + i v.

As start and equation are even in x, the solution is, and a periodic even function has no slope at +-5: the periodic
problem is the one with h_x = 0 there, and so it is stated. Reference: a Fourier method.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Initial, Neumann
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import cosh
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.schroedinger import reference


def initial(x: Any, t: Any) -> Any:
    """Return 2 sech x."""
    return 2 / cosh(x)


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the imaginary and the real part of the residual."""
    squared = u * u + v * v
    return [u.t + v.xx / 2 + squared * v, v.t - u.xx / 2 - squared * u]


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How the initial values are enforced, "hard" or "soft".
    """
    return Problem(
        "schroedinger",
        Interval(-5.0, 5.0) * TimeInterval(0.0, pi / 2),
        fields=("u", "v"),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Initial("v", 0.0, enforce=enforce),
            *(Neumann(c, 0.0, on=side) for c in ("u", "v") for side in ("left", "right")),
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 6, 5, init="glorot"), "mlp": MLP((20, 20))},
            points=2500,
            time_windows=4,
            budget=240.0,
        ),
        title="Nonlinear Schroedinger equation, a focusing pulse",
        source="Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686",
    )
