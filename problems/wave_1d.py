"""Standing waves of two frequencies on a string.

    u_tt = 4 u_xx on (0, 1) x (0, 1), u(0, t) = u(1, t) = 0, u(x, 0) = sin(pi x) + sin(4 pi x) / 2, u_t(x, 0) = 0;
    u = sin(pi x) cos(2 pi t) + sin(4 pi x) cos(8 pi t) / 2.

Wang, Yu and Perdikaris (2022, J. Comput. Phys. 449, 110768) used it to show where plain training fails.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Dirichlet, Initial
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import cos, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem


def exact(x: Any, t: Any) -> Any:
    """Return both waves."""
    return sin(pi * x) * cos(2 * pi * t) + 0.5 * sin(4 * pi * x) * cos(8 * pi * t)


def initial(x: Any, t: Any) -> Any:
    """Return both waves at the start."""
    return sin(pi * x) + 0.5 * sin(4 * pi * x)


def strong(u: Field, p: Points) -> Field:
    """Return the residual, in units of the shorter wave."""
    return (u.tt - 4 * u.xx) / (8 * pi) ** 2


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How initial and boundary values are enforced, "hard" or "soft"; the initial rate always is soft.
    """
    return Problem(
        "wave-1d",
        Interval(0.0, 1.0) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Initial("u", 0.0, derivative="t", weight=1 / (8 * pi) ** 2),
            Dirichlet("u", 0.0, on="left", enforce=enforce),
            Dirichlet("u", 0.0, on="right", enforce=enforce),
        ],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((12,), 16, 5), "mlp": MLP((300,), activation="sin", init_range=12.0)},
            points=4000,
            budget=60.0,
        ),
        title="Waves of two frequencies on a string",
        source="Wang, Yu and Perdikaris, J. Comput. Phys. 449 (2022) 110768",
    )
