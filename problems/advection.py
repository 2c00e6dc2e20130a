"""The advection equation with a high velocity: a wave that passes the domain five times.

    u_t + beta u_x = 0 on (0, 2 pi) x (0, 1), periodic in x, u(x, 0) = sin x; u = sin(x - beta t), beta = 30.

Krishnapriyan et al. (2021, Advances in Neural Information Processing Systems 34, 26548) used it to show where plain
training fails.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Initial, Periodic
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.jets.functions import sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem


def make_problem(velocity: float = 30.0, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        velocity: The velocity beta, 1 to 50.
        enforce: How initial values and the period are enforced, "hard" or "soft".

    Raises:
        InputError: If the velocity is out of range.
    """
    if not 1.0 <= velocity <= 50.0:
        raise InputError(f"velocity of advection is 1 to 50, not {velocity}")

    def exact(x: Any, t: Any) -> Any:
        return sin(x - velocity * t)

    def strong(u: Field, p: Points) -> Field:
        return (u.t + velocity * u.x) / velocity

    return Problem(
        "advection",
        Interval(0.0, 2 * pi) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", exact, enforce=enforce),
            Periodic("u", on=("left", "right"), derivatives=("",), enforce=enforce),
        ],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((8,), (20, 10), 5), "mlp": MLP((300,), activation="sin", spread=20.0)},
            points=3000,
            budget=60.0,
            pde_weight=1.0,
        ),
        title=f"Advection, beta = {velocity:g}",
        source="Krishnapriyan et al., NeurIPS 34 (2021) 26548",
    )
