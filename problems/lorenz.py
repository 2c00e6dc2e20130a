"""Lorenz' equations of convection, a system of ordinary differential equations.

    x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z on (0, 3), (x, y, z)(0) = (-8, 7, 27),
    sigma = 10, rho = 15, beta = 8/3.

Reference: a Runge-Kutta method of eighth order.
"""

from __future__ import annotations

from kinn.conditions import Initial
from kinn.fields import Field, Points
from kinn.geometry import TimeInterval
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.lorenz import END, PARAMETERS, START, reference


def strong(x: Field, y: Field, z: Field, p: Points) -> list[Field]:
    """Return the residuals, divided by 20, the order of the rates."""
    return [
        (x.t - p.sigma * (y - x)) / 20,
        (y.t - x * (p.rho - z) + y) / 20,
        (z.t - x * y + p.beta * z) / 20,
    ]


def make_problem(enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        enforce: How the initial values are enforced, "hard" or "soft".
    """
    return Problem(
        "lorenz",
        TimeInterval(0.0, END),
        fields=("x", "y", "z"),
        strong=strong,
        conditions=[Initial(name, value, enforce=enforce) for name, value in zip("xyz", START, strict=True)],
        reference=reference,
        constants=dict(zip(("sigma", "rho", "beta"), PARAMETERS, strict=True)),
        defaults=Defaults(networks={"kan": KAN((4,), 24, 5), "mlp": MLP((20, 20))}, points=600, budget=20.0),
        title="Lorenz' equations, spiralling into a fixed point",
        source="Lu et al., DeepXDE, SIAM Rev. 63 (2021) 208",
    )
