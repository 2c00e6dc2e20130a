"""The flow in a square cavity that its lid drives, the standard test of incompressible flow.

    u u_x + v u_y = -p_x + (u_xx + u_yy) / Re, u v_x + v v_y = -p_y + (v_xx + v_yy) / Re, u_x + v_y = 0 on (0, 1)^2,
    u = 1, v = 0 on the lid y = 1, u = v = 0 on the other sides, p = 0 at the lower left corner.

Reference: finite elements, stored for Re = 100, 400 and 1000. Where the lid meets the walls the velocity jumps and the
pressure is infinite, not even square integrable: its error says how close to these corners the grid comes, those of the
velocity are what counts.
"""

from __future__ import annotations

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet, PointValue
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references import lid_driven_cavity


def make_problem(reynolds: int = 100) -> Problem:
    """Return the problem.

    Args:
        reynolds: The Reynolds number, 100, 400 or 1000.

    Raises:
        InputError: If there is no reference for the Reynolds number.
    """
    if reynolds not in lid_driven_cavity.REYNOLDS:
        raise InputError(f"reynolds of lid-driven-cavity is 100, 400 or 1000, not {reynolds}")

    def strong(u: Field, v: Field, p: Field, at: Points) -> list[Field]:
        return [
            u * u.x + v * u.y + p.x - laplacian(u) / reynolds,
            u * v.x + v * v.y + p.y - laplacian(v) / reynolds,
            u.x + v.y,
        ]

    def reference(points: Array) -> Array:
        return lid_driven_cavity.reference(points, reynolds)

    return Problem(
        "lid-driven-cavity",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=("u", "v", "p"),
        strong=strong,
        conditions=[
            Dirichlet("u", 1.0, on="top"),
            Dirichlet("v", 0.0, on="top"),
            *(Dirichlet(c, 0.0, on=side) for c in ("u", "v") for side in ("left", "right", "bottom")),
            PointValue("p", 0.0, at=(0.0, 0.0)),
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((10, 10), 6, 5), "mlp": MLP((20, 20, 20))}, points=3000, budget=120.0, pde_weight=0.1
        ),
        title=f"Lid-driven cavity, Re = {reynolds}",
        source="Ghia, Ghia and Shin, J. Comput. Phys. 48 (1982) 387",
    )
