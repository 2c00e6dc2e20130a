"""The Kuramoto-Sivashinsky equation, of fourth order and chaotic: flame fronts and films.

    u_t + alpha u u_x + beta u_xx + gamma u_xxxx = 0 on (0, 2 pi) x (0, 1), periodic in x, u(x, 0) = cos x (1 + sin x),
    alpha = 100/16, beta = 100/16^2, gamma = 100/16^4.

Reference: a Fourier method. An error grows by orders of magnitude from the start to the end, which sets a bound to what
training on all times at once can reach.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Initial, Periodic
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import cos, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.kuramoto_sivashinsky import ALPHA, BETA, GAMMA, reference


def initial(x: Any, t: Any) -> Any:
    """Return cos x (1 + sin x)."""
    return cos(x) * (1 + sin(x))


def strong(u: Field, p: Points) -> Field:
    """Return the residual, divided by 10, the order of its terms."""
    residual: Field = (u.t + ALPHA * u * u.x + BETA * u.xx + GAMMA * u.xxxx) / 10
    return residual


def make_problem(end: float = 1.0, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        end: The time at which it ends, more than 0 and at most 1; up to 0.4 or so the flow is regular.
        enforce: How initial values and the period are enforced, "hard" or "soft".

    Raises:
        InputError: If the end is out of range.
    """
    if not 0.0 < end <= 1.0:
        raise InputError(f"end of kuramoto-sivashinsky is more than 0 and at most 1, not {end}")
    return Problem(
        "kuramoto-sivashinsky",
        Interval(0.0, 2 * pi) * TimeInterval(0.0, end),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Periodic("u", on=("left", "right"), derivatives=("", "x", "xx", "xxx"), enforce=enforce),
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 7, init="glorot"), "mlp": MLP((25, 25, 25))}, points=5000, budget=240.0
        ),
        title="Kuramoto-Sivashinsky equation",
        source="Wang, Sankaran and Perdikaris, CMAME 421 (2024) 116813",
    )
