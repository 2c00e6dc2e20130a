"""The potential in a square plate with two holes, of which one takes in what flows out of the other.

    u_xx + u_yy = 0 on (-1, 1)^2 without the disks of radius 1/4 at (-1/2, 0) and 3/10 at (2/5, 1/10),
    n . grad u given on the circles, u on the square;
    u = log |x - a| - log |x - b| + x y / 2, a and b the centres.

The flux through each circle is not zero: in a domain with holes a harmonic function need not be the real part of an
analytic one, which boundary integrals do not mind.
"""

from __future__ import annotations

from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet, Neumann
from kinn.equations import Laplace
from kinn.fields import Field, Points
from kinn.geometry import Disk, Rectangle
from kinn.math import log
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem

#: The centres and radii of the holes.
HOLES = (((-0.5, 0.0), 0.25), ((0.4, 0.1), 0.3))


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return laplacian(u)


def exact(x: Any, y: Any) -> Any:
    """Return the solution."""
    ((a, b), _), ((c, d), _) = HOLES
    squared, other = (x - a) * (x - a) + (y - b) * (y - b), (x - c) * (x - c) + (y - d) * (y - d)
    return 0.5 * log(squared) - 0.5 * log(other) + 0.5 * x * y


def flux(hole: int) -> Any:
    """Return (x, y) -> n . grad u on a circle, n pointing into the hole."""
    (a, b), radius = HOLES[hole]
    (c, d), _ = HOLES[1 - hole]
    sign = 1.0 if hole == 0 else -1.0

    def data(x: Any, y: Any) -> Any:
        across, along = (a - x) / radius, (b - y) / radius
        other = (x - c) * (x - c) + (y - d) * (y - d)
        return -sign / radius - sign * (across * (x - c) + along * (y - d)) / other + 0.5 * (across * y + along * x)

    return data


def make_problem() -> Problem:
    """Return the problem."""
    square = Rectangle((-1, -1), (1, 1), name="square")
    first, second = (Disk(centre, radius, name=f"hole-{n + 1}") for n, (centre, radius) in enumerate(HOLES))
    return Problem(
        "two-holes",
        square - first - second,
        strong=strong,
        inverse=Laplace(),
        conditions=[
            Dirichlet("u", exact, on="square"),
            *(Neumann("u", flux(n), on=f"hole-{n + 1}") for n in range(len(HOLES))),
        ],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((8,), 8, 5), "mlp": MLP((25, 25))},
            budget=60.0,
            forms={"inverse": {"networks": {"kan": KAN((3,), 6, 7), "mlp": MLP((16,))}, "budget": 10.0}},
        ),
        title="Potential in a plate with two holes",
        source="A sum of two logarithms and a polynomial",
    )
