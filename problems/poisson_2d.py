"""Poisson's equation on a square, the problem every solver is tried on first.

    u_xx + u_yy = -2 pi^2 sin(pi x) sin(pi y) on (-1, 1)^2, u = 0 on the boundary; u = sin(pi x) sin(pi y).

Manufactured.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.calculus import grad, laplacian
from kinn.conditions import Dirichlet
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.math import sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem


def exact(x: Any, y: Any) -> Any:
    """Return sin(pi x) sin(pi y)."""
    return sin(pi * x) * sin(pi * y)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    residual: Field = laplacian(u) + 2 * pi**2 * exact(p.x, p.y)
    return residual


def energy(u: Field, p: Points) -> Field:
    """Return the density of the energy."""
    density: Field = (grad(u) @ grad(u)) * 0.5 - u * (2 * pi**2 * exact(p.x, p.y))
    return density


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How the boundary values are enforced, "hard" or "soft".
    """
    return Problem(
        "poisson-2d",
        Rectangle((-1.0, -1.0), (1.0, 1.0)),
        strong=strong,
        energy=energy,
        conditions=[Dirichlet("u", 0.0, on="boundary", enforce=enforce)],
        exact=exact,
        defaults=Defaults(
            forms={"energy": {"networks": {"kan": KAN((12,), 8, 5), "mlp": MLP((20, 20))}, "budget": 20.0}}
        ),
        title="Poisson's equation on a square, u = sin(pi x) sin(pi y)",
        source="manufactured; the example that DeepXDE, PINA and the energy natural gradient paper share",
    )
