"""Heat in a plate that conducts well along one axis and badly along the other, where it varies fast.

u_t = u_xx / (500 pi)^2 + u_yy / pi^2 on (0, 1)^2 x (0, 5), u = 0 on the boundary,
u(x, y, 0) = sin(20 pi x) sin(pi y); u = sin(20 pi x) sin(pi y) exp(-(1 + 1/625) t).
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Dirichlet, Initial
from kinn.fields import Field, Points
from kinn.geometry import Rectangle, TimeInterval
from kinn.math import exp, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem


def exact(x: Any, y: Any, t: Any) -> Any:
    """Return sin(20 pi x) sin(pi y) exp(-(1 + 1/625) t)."""
    return sin(20 * pi * x) * sin(pi * y) * exp(-(1 + 1 / 625) * t)


def initial(x: Any, y: Any, t: Any) -> Any:
    """Return sin(20 pi x) sin(pi y)."""
    return sin(20 * pi * x) * sin(pi * y)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return u.t - u.xx / (500 * pi) ** 2 - u.yy / pi**2


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How initial and boundary values are enforced, "hard" or "soft".
    """
    return Problem(
        "heat-anisotropic",
        Rectangle((0.0, 0.0), (1.0, 1.0)) * TimeInterval(0.0, 5.0),
        strong=strong,
        conditions=[Initial("u", initial, enforce=enforce), Dirichlet("u", 0.0, on="boundary", enforce=enforce)],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((3,), (60, 8), 5), "mlp": MLP((300,), activation="sin", init_range=30.0)},
            points=16000,  # splines fine enough for x need as many along y and t
            budget=100.0,
        ),
        title="Heat conduction in an anisotropic plate, u = sin(20 pi x) sin(pi y) exp(-1.0016 t)",
        source="Hao et al., PINNacle (NeurIPS 2024), Heat2d-MS",
    )
