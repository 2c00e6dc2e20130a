"""A harmonic function in a ball: the potential of a charge outside, and a polynomial.

    u_xx + u_yy + u_zz = 0 in the ball of radius 1 about the origin, u = 1 / |x - a| + x y - z / 2, a = (1.2, 1.1, -0.9).

The charge is 0.9 away from the ball. In the inverse form the network carries the flux n . grad u on the sphere, a function of
the three coordinates there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.equations import Laplace
from kinn.fields import Field, Points
from kinn.geometry import Ball
from kinn.math import sqrt
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem

#: Where the charge is.
CHARGE = (1.2, 1.1, -0.9)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return laplacian(u)


def exact(x: Any, y: Any, z: Any) -> Any:
    """Return the solution."""
    a, b, c = CHARGE
    return 1.0 / sqrt((x - a) * (x - a) + (y - b) * (y - b) + (z - c) * (z - c)) + x * y - 0.5 * z


def evaluation(count: int = 300, near: int = 60) -> Array:
    """Return points inside, some of them as near to the sphere as 1e-3."""
    ball = Ball((0, 0, 0), 1.0)
    located = ball.boundary("ball").sample(near, seed=1)
    depth = np.geomspace(1e-3, 1e-1, near)[:, None]
    return np.concatenate([ball.sample(count, seed=1), located.points - depth * located.normals])


def make_problem() -> Problem:
    """Return the problem."""
    return Problem(
        "laplace-ball",
        Ball((0, 0, 0), 1.0),
        strong=strong,
        inverse=Laplace(),
        conditions=[Dirichlet("u", exact, on="ball")],
        exact=exact,
        evaluation=evaluation(),
        defaults=Defaults(
            networks={"kan": KAN((8,), 6, 5), "mlp": MLP((20, 20))},
            budget=60.0,
            forms={"inverse": {"networks": {"kan": KAN((6,), 5, 5), "mlp": MLP((24,))}, "points": 700, "budget": 60.0}},
        ),
        title="Laplace's equation in a ball",
        source="A point charge outside and a polynomial",
    )
