"""PINNacle's inverse heat problem: a conductivity from temperatures with large errors, and nothing else of the temperature.

u_t = (a u_x)_x + (a u_y)_y + f on (-1, 1)^2 x (0, 1), a(x, y) = 2 + sin(pi x) sin(pi y) known on the boundary, u = exp(-t)
sin(pi x) sin(pi y) measured at 2500 points with normal errors of standard deviation 0.1. Neither initial nor boundary values
of u are given. The points of the original are those of a file; here they are Halton's.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from kinn.conditions import Dirichlet, Observation
from kinn.errors import InputError
from kinn.geometry import Rectangle, TimeInterval
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.heat_conductivity import conductivity, exact, strong
from kinn.problems.settings import whole_number
from kinn.unknowns import UnknownField


def make_problem(samples: int = 2500, noise: float = 0.1, draw: int = 0) -> Problem:
    """Return the problem.

    Args:
        samples: The number of measurements, at least 10.
        noise: The standard deviation of their errors, 0 to 1; the temperature is up to 1.
        draw: Which errors are drawn: a seed.

    Raises:
        InputError: If a setting is out of range.
    """
    whole_number("heat-inverse", "samples", samples, 10)
    whole_number("heat-inverse", "draw", draw, 0)
    if not 0.0 <= noise <= 1.0:
        raise InputError(f"noise of heat-inverse is 0 to 1, not {noise}")
    points = qmc.scale(qmc.Halton(3, seed=0).random(samples), [-1, -1, 0], [1, 1, 1])
    values = exact(*points.T) + noise * np.random.default_rng(draw).standard_normal(samples)
    return Problem(
        "heat-inverse",
        Rectangle((-1.0, -1.0), (1.0, 1.0)) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[Dirichlet("a", 2.0, on="boundary"), Observation("u", points, values, noise=noise or None)],
        unknowns=[UnknownField("a", initial=2.0, positive=True, of=("x", "y"), exact=conductivity)],
        exact=exact,
        defaults=Defaults(networks={"kan": KAN((8,), 6, 5), "mlp": MLP((20, 20))}, points=4000, budget=120.0),
        title=f"PINNacle's conductivity field from {samples} temperatures",
        source="Hao et al., PINNacle (NeurIPS 2024), HInv",
    )
