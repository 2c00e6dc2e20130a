"""Creeping flow in a square cavity that its lid drives.

    p_x = u_xx + u_yy, p_y = v_xx + v_yy, u_x + v_y = 0 on (0, 1)^2,
    u = 1, v = 0 on the lid y = 1, u = v = 0 on the other sides, p = 0 in the middle.

Where the lid meets the walls the velocity jumps, and tractions grow like 1/r, which no integral over the boundary takes.
The flows in both upper corners are known (Taylor's scraper) and serve as the particular solution, so that what is sought
on the boundary is what is left: velocities without jumps, and tractions that end at 0 like r^1.74. The eddies in the
corners, each 1/400 as fast as the one before it, follow from there.
"""

from __future__ import annotations

from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Condition, Dirichlet, PointValue
from kinn.equations import Stokes
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references import stokes_cavity


def strong(u: Field, v: Field, p: Field, at: Points) -> list[Field]:
    """Return the residuals of momentum and continuity."""
    return [p.x - laplacian(u), p.y - laplacian(v), u.x + v.y]


def exact(x: Any, y: Any) -> tuple[Any, Any, Any]:
    """Return velocities and pressure."""
    return stokes_cavity.exact(x, y)


def make_problem() -> Problem:
    """Return the problem."""
    conditions: list[Condition] = [
        Dirichlet(field, 1.0 if (field, side) == ("u", "top") else 0.0, on=side)
        for side in ("left", "right", "bottom", "top")
        for field in ("u", "v")
    ]
    return Problem(
        "stokes-cavity",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=("u", "v", "p"),
        strong=strong,
        inverse=Stokes(particular=stokes_cavity.corners),
        conditions=[*conditions, PointValue("p", 0.0, at=(0.5, 0.5))],
        exact=exact,
        derived={
            "vorticity": lambda u, v, p, at: v.x - u.y,
            "shear": lambda u, v, p, at: u.y + v.x,
            "tension": lambda u, v, p, at: 2 * u.x - p,
        },
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 5), "mlp": MLP((20, 20))},
            budget=60.0,
            forms={"inverse": {"networks": {"kan": KAN((4,), 6, 7), "mlp": MLP((12,))}, "budget": 20.0}},
        ),
        title="Creeping flow in a cavity that its lid drives",
        source="Moffatt, J. Fluid Mech. 18 (1964) 1; Brubeck and Trefethen, SIAM J. Sci. Comput. 44 (2022) A1205",
    )
