"""A harmonic function in a flower: five semicircles on the sides of a regular pentagon of side 2.

    u_xx + u_yy = 0, u = sin x sinh y + cos x cosh y on the boundary.

The solution is smooth, the domain has five reentrant corners of 288 degrees.
"""

from __future__ import annotations

from math import cos as cosine
from math import pi
from math import sin as sine
from math import tan as tangent
from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.equations import Laplace
from kinn.fields import Field, Points
from kinn.geometry import ArcPolygon
from kinn.math import cos, cosh, sin, sinh
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem

#: The petals, and the distance of their centres and of the corners from the origin.
PETALS, CENTRES, CORNERS = 5, 1 / tangent(pi / 5), 1 / sine(pi / 5)


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return laplacian(u)


def exact(x: Any, y: Any) -> Any:
    """Return the solution."""
    return sin(x) * sinh(y) + cos(x) * cosh(y)


def flower() -> ArcPolygon:
    """Return the domain; its petals are numbered from 1, counter-clockwise from the one at the top."""
    turns = [pi / 2 + 2 * pi * n / PETALS for n in range(PETALS)]
    half = pi / PETALS
    return ArcPolygon(
        [(CORNERS * cosine(a - half), CORNERS * sine(a - half)) for a in turns],
        through=[((CENTRES + 1) * cosine(a), (CENTRES + 1) * sine(a)) for a in turns],
        edges=[f"petal-{n + 1}" for n in range(PETALS)],
        name="flower",
    )


def make_problem() -> Problem:
    """Return the problem."""
    return Problem(
        "flower",
        flower(),
        strong=strong,
        inverse=Laplace(),
        conditions=[Dirichlet("u", exact, on="flower")],
        exact=exact,
        defaults=Defaults(forms={"inverse": {"networks": {"kan": KAN((3,), 6, 7), "mlp": MLP((12,))}, "budget": 10.0}}),
        title="Laplace's equation in a flower of five semicircles",
        source="Wang et al., CMAME 433 (2025) 117518",
    )
