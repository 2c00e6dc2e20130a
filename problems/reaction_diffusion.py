"""The Gray-Scott reaction in two dimensions: spots that grow and divide.

u_t = e_1 (u_xx + u_yy) + b (1 - u) - u v^2, v_t = e_2 (v_xx + v_yy) - d v + u v^2 on (-1, 1)^2 x (0, 200), periodic,
b = 0.04, d = 0.1, e_1 = 1e-5, e_2 = 5e-6,
u = 1 - exp(-80 ((x + 0.05)^2 + (y + 0.02)^2)), v = exp(-80 ((x - 0.05)^2 + (y - 0.02)^2)) at the start.

Reference: a Fourier method.
"""

from __future__ import annotations

from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Initial, Periodic
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Rectangle, TimeInterval
from kinn.math import exp
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.gray_scott import DIFFUSION, END, REACTION, reference


def initial_u(x: Any, y: Any, t: Any) -> Any:
    """Return u at the start."""
    return 1 - exp(-80 * ((x + 0.05) ** 2 + (y + 0.02) ** 2))


def initial_v(x: Any, y: Any, t: Any) -> Any:
    """Return v at the start."""
    return exp(-80 * ((x - 0.05) ** 2 + (y - 0.02) ** 2))


def strong(u: Field, v: Field, p: Points) -> list[Field]:
    """Return the residuals, multiplied by 10, the time of the reaction."""
    reaction = u * v * v
    return [
        10 * (u.t - DIFFUSION[0] * laplacian(u) - REACTION[0] * (1 - u) + reaction),
        10 * (v.t - DIFFUSION[1] * laplacian(v) + REACTION[1] * v - reaction),
    ]


def make_problem(end: float = END, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        end: The time at which it ends, more than 0 and at most 200.
        enforce: How initial values and the periods are enforced, "hard" or "soft".

    Raises:
        InputError: If the end is out of range.
    """
    if not 0.0 < end <= END:
        raise InputError(f"end of reaction-diffusion is more than 0 and at most {END:g}, not {end}")
    return Problem(
        "reaction-diffusion",
        Rectangle((-1.0, -1.0), (1.0, 1.0)) * TimeInterval(0.0, end),
        fields=("u", "v"),
        strong=strong,
        conditions=[
            Initial("u", initial_u, enforce=enforce),
            Initial("v", initial_v, enforce=enforce),
            *(
                Periodic(field, on=faces, enforce=enforce)
                for field in ("u", "v")
                for faces in (("left", "right"), ("bottom", "top"))
            ),
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 5, init="glorot"), "mlp": MLP((30, 30, 30))},
            points=8000,
            budget=240.0,
        ),
        title="Gray-Scott reaction and diffusion",
        source="Hao et al., PINNacle (NeurIPS 2024), GS",
    )
