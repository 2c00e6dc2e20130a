"""A disk of another material in a square: the gradient jumps where they meet.

    div(a grad u) = 16 r^2 on (-1, 1)^2, a = 1/15 for r < 1/2 and 1 outside, u given on the square;
    u = r^4 / a inside, r^4 + (1/a_1 - 1) / 16 outside.

The materials are subdomains with separate networks; value and flux a u_n are continuous.
"""

from __future__ import annotations

from typing import Any

from kinn.calculus import grad, laplacian
from kinn.conditions import Dirichlet, Interface
from kinn.fields import Field, Points
from kinn.geometry import Disk, Rectangle
from kinn.jets.jet import Jet
from kinn.math import where
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Density, Postprocess, Problem, Residual

#: The radius of the disk, and the coefficients inside and outside.
RADIUS, INSIDE, OUTSIDE = 0.5, 1 / 15, 1.0


def exact(x: Any, y: Any) -> Any:
    """Return the solution."""
    squared = x * x + y * y
    values = squared.value if isinstance(squared, Jet) else squared
    outside = squared * squared / OUTSIDE + RADIUS**4 * (1 / INSIDE - 1 / OUTSIDE)
    return where(values <= RADIUS**2 * (1 + 1e-12), squared * squared / INSIDE, outside)


def strong_of(coefficient: float) -> Residual:
    """Return the residual where the coefficient has a value."""

    def strong(u: Field, p: Points) -> Field:
        residual: Field = laplacian(u) * coefficient - 16.0 * (p.x * p.x + p.y * p.y)
        return residual

    return strong


def energy_of(coefficient: float) -> Density:
    """Return the density of the energy there."""

    def energy(u: Field, p: Points) -> Field:
        density: Field = (grad(u) @ grad(u)) * (0.5 * coefficient) + 16.0 * (p.x * p.x + p.y * p.y) * u
        return density

    return energy


def make_problem() -> Problem:
    """Return the problem."""
    disk = Disk((0.0, 0.0), RADIUS)
    materials = {"inside": INSIDE, "outside": OUTSIDE}
    return Problem(
        "heterogeneous",
        {"inside": disk, "outside": Rectangle((-1.0, -1.0), (1.0, 1.0)) - disk},
        strong={name: strong_of(a) for name, a in materials.items()},
        energy={name: energy_of(a) for name, a in materials.items()},
        conditions=[
            Dirichlet("u", exact, on="rectangle"),
            Interface("u", on="disk", coefficients=(INSIDE, OUTSIDE)),
        ],
        exact=exact,
        defaults=Defaults(
            forms={"energy": {"networks": {"kan": KAN((5,), 5, 5), "mlp": MLP((12, 8))}, "budget": 60.0}}
        ),
        postprocess=Postprocess(lines={"y=0": ((-1.0, 0.0), (1.0, 0.0))}),
        title="Two materials in a square",
        source="Wang et al., CMAME 433 (2025) 117518",
    )
