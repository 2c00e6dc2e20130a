"""Heat conduction with an unknown conductivity, a field that noisy temperatures tell.

u_t = (a u_x)_x + (a u_y)_y + f on (-1, 1)^2 x (0, 1), u = 0 on the boundary, u(x, y, 0) = sin(pi x) sin(pi y),
a(x, y) known on the boundary, u measured at 2500 points with normal errors of standard deviation 0.01,
f such that u = exp(-t) sin(pi x) sin(pi y) and a = 2 + sin(pi x) sin(pi y).

An easier variant of PINNacle's HInv, which is `heat-inverse`: there the errors are ten times as large, and neither initial nor
boundary values of u are given, which are hard conditions here.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from scipy.stats import qmc

from kinn.conditions import Dirichlet, Initial, Observation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Rectangle, TimeInterval
from kinn.math import cos, exp, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.settings import whole_number
from kinn.unknowns import UnknownField


def wave(x: Any, y: Any) -> Any:
    """Return sin(pi x) sin(pi y)."""
    return sin(pi * x) * sin(pi * y)


def exact(x: Any, y: Any, t: Any) -> Any:
    """Return exp(-t) sin(pi x) sin(pi y)."""
    return exp(-t) * wave(x, y)


def conductivity(x: Any, y: Any) -> Any:
    """Return 2 + sin(pi x) sin(pi y)."""
    return 2 + wave(x, y)


def source(x: Any, y: Any, t: Any) -> Any:
    """Return f = u_t - grad a . grad u - a laplace u."""
    w = wave(x, y)
    slopes = (cos(pi * x) * sin(pi * y)) ** 2 + (sin(pi * x) * cos(pi * y)) ** 2
    return exp(-t) * (-w - pi**2 * slopes + 2 * pi**2 * (2 + w) * w)


def strong(u: Field, p: Points) -> Field:
    """Return the residual, divided by 4 pi^2, the order of its terms."""
    residual: Field = (u.t - (p.a * u.x).x - (p.a * u.y).y - source(p.x, p.y, p.t)) / (4 * pi**2)
    return residual


def make_problem(samples: int = 2500, noise: float = 0.01, draw: int = 0) -> Problem:
    """Return the problem.

    Args:
        samples: The number of measurements, at least 10.
        noise: The standard deviation of their errors, 0 to 1; the temperature is up to 1.
        draw: Which errors are drawn: a seed.

    Raises:
        InputError: If a setting is out of range.
    """
    whole_number("heat-conductivity", "samples", samples, 10)
    whole_number("heat-conductivity", "draw", draw, 0)
    if not 0.0 <= noise <= 1.0:
        raise InputError(f"noise of heat-conductivity is 0 to 1, not {noise}")
    points = qmc.scale(qmc.Halton(3, seed=0).random(samples), [-1, -1, 0], [1, 1, 1])
    values = exact(*points.T) + noise * np.random.default_rng(draw).standard_normal(samples)
    return Problem(
        "heat-conductivity",
        Rectangle((-1.0, -1.0), (1.0, 1.0)) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", exact, enforce="hard"),
            Dirichlet("u", 0.0, on="boundary", enforce="hard"),
            Dirichlet("a", 2.0, on="boundary"),
            Observation("u", points, values, noise=noise or None),
        ],
        unknowns=[UnknownField("a", initial=2.0, positive=True, of=("x", "y"), exact=conductivity)],
        exact=exact,
        defaults=Defaults(networks={"kan": KAN((8,), 6, 5), "mlp": MLP((20, 20))}, points=4000, budget=120.0),
        title=f"Conductivity field from {samples} temperatures",
        source="after Hao et al., PINNacle (NeurIPS 2024), HInv, made easier: noise of 0.01 for 0.1, hard data for u",
    )
