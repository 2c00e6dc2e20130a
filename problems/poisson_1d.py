"""Poisson's equation on an interval: the smallest problem there is.

    u_xx = -(f pi)^2 sin(f pi x) on (-1, 1), u(-1) = u(1) = 0; u = sin(f pi x).

Manufactured.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Dirichlet
from kinn.fields import Field, Points
from kinn.geometry import Interval
from kinn.math import sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.settings import whole_number


def make_problem(frequency: int = 4, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        frequency: The number f of half waves on each half of the interval, 1 to 50.
        enforce: How the boundary values are enforced, "hard" or "soft".

    Raises:
        InputError: If the frequency is out of range or not whole.
    """
    whole_number("poisson-1d", "frequency", frequency, 1, 50)
    wave = frequency * pi

    def exact(x: Any) -> Any:
        return sin(wave * x)

    def strong(u: Field, p: Points) -> Field:
        residual: Field = (u.xx + wave**2 * exact(p.x)) / wave**2
        return residual

    return Problem(
        "poisson-1d",
        Interval(-1.0, 1.0),
        strong=strong,
        conditions=[Dirichlet("u", 0.0, on="left", enforce=enforce), Dirichlet("u", 0.0, on="right", enforce=enforce)],
        exact=exact,
        defaults=Defaults(
            networks={
                "kan": KAN((2,), (6 * frequency, 8), 5),
                "mlp": MLP((20 + 5 * frequency,), init_range=3.0 * frequency),
            },
            budget=15.0,
        ),
        title=f"Poisson's equation on an interval, u = sin({frequency} pi x)",
        source="manufactured",
    )
