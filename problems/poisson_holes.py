"""Laplace's equation on a square with four holes.

    u_xx + u_yy = 0 on (-1/2, 1/2)^2 without four disks of radius 1/10 at (+-3/10, +-3/10),
    u = 1 on the square, u = 0 on the circles.

Reference: a multipole series, exact to 1e-13.
"""

from __future__ import annotations

from functools import reduce
from operator import sub

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.equations import Laplace
from kinn.fields import Field, Points
from kinn.geometry import Disk, Geometry, Rectangle
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.poisson_holes import CENTRES, HALF, RADIUS, exact


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return laplacian(u)


def make_problem() -> Problem:
    """Return the problem."""
    square: Geometry = Rectangle((-HALF, -HALF), (HALF, HALF), name="square")
    holes = [Disk(centre, RADIUS, name=f"hole-{n + 1}") for n, centre in enumerate(CENTRES)]
    return Problem(
        "poisson-holes",
        reduce(sub, holes, square),
        strong=strong,
        inverse=Laplace(),
        conditions=[Dirichlet("u", 1.0, on="square"), *(Dirichlet("u", 0.0, on=hole.name) for hole in holes)],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 8, 5), "mlp": MLP((25, 25))},
            points=4000,
            budget=90.0,
            boundary_density=2.0,
        ),
        title="Laplace's equation on a square with four holes",
        source="Hao et al., PINNacle (NeurIPS 2024), Poisson2d-C",
    )
