"""Kovasznay's flow behind a grid, an exact solution of the Navier-Stokes equations.

    u u_x + v u_y = -p_x + (u_xx + u_yy) / Re, u v_x + v v_y = -p_y + (v_xx + v_yy) / Re, u_x + v_y = 0
    on (-1/2, 1) x (-1/2, 3/2), u and v given on the boundary, p on the right;
    u = 1 - exp(l x) cos(2 pi y), v = l exp(l x) sin(2 pi y) / (2 pi), p = (1 - exp(2 l x)) / 2,
    l = Re/2 - (Re^2/4 + 4 pi^2)^(1/2).

Kovasznay (1948, Proc. Camb. Phil. Soc. 44, 58).
"""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.math import cos, exp, sin
from kinn.problem import Problem


def make_problem(reynolds: float = 40.0, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        reynolds: The Reynolds number, 1 to 1000.
        enforce: How the boundary values are enforced, "hard" or "soft".

    Raises:
        InputError: If the Reynolds number is out of range.
    """
    if not 1.0 <= reynolds <= 1000.0:
        raise InputError(f"reynolds of kovasznay is 1 to 1000, not {reynolds}")
    rate = reynolds / 2 - sqrt(reynolds**2 / 4 + 4 * pi**2)

    def horizontal(x: Any, y: Any) -> Any:
        return 1 - exp(rate * x) * cos(2 * pi * y)

    def vertical(x: Any, y: Any) -> Any:
        return rate / (2 * pi) * exp(rate * x) * sin(2 * pi * y)

    def pressure(x: Any, y: Any) -> Any:
        return (1 - exp(2 * rate * x)) / 2 + 0.0 * y

    def exact(x: Any, y: Any) -> tuple[Any, Any, Any]:
        return horizontal(x, y), vertical(x, y), pressure(x, y)

    def strong(u: Field, v: Field, p: Field, at: Points) -> list[Field]:
        return [
            u * u.x + v * u.y + p.x - laplacian(u) / reynolds,
            u * v.x + v * v.y + p.y - laplacian(v) / reynolds,
            u.x + v.y,
        ]

    return Problem(
        "kovasznay",
        Rectangle((-0.5, -0.5), (1.0, 1.5)),
        fields=("u", "v", "p"),
        strong=strong,
        conditions=[
            Dirichlet("u", horizontal, on="boundary", enforce=enforce),
            Dirichlet("v", vertical, on="boundary", enforce=enforce),
            Dirichlet("p", pressure, on="right", enforce=enforce),
        ],
        exact=exact,
        title=f"Kovasznay flow, Re = {reynolds:g}",
        source="Lu et al., DeepXDE, SIAM Rev. 63 (2021) 208",
    )
