"""Burgers' equation: a sine steepens into a shock layer at x = 0.

    u_t + u u_x = nu u_xx on (-1, 1) x (0, 1), u(x, 0) = -sin(pi x), u(-1, t) = u(1, t) = 0.

Reference: Cole-Hopf quadrature. Raissi, Perdikaris and Karniadakis (2019, J. Comput. Phys. 378, 686) made
nu = 0.01 / pi a standard case.
"""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
from scipy.stats import qmc

from kinn.conditions import Dirichlet, Initial
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Geometry, Interval, TimeInterval
from kinn.math import sin
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references import cole_hopf


def initial(x: Any, t: Any) -> Any:
    """Return -sin(pi x)."""
    return -sin(pi * x)


def towards_the_layer(geometry: Geometry, n: int, seed: int) -> Array:
    """Return points (n, 2), every second of which has its x crowded around 0, where the layer forms."""
    unit = qmc.Sobol(2, seed=seed).random_base2(max(1, (n - 1).bit_length()))[:n]
    x, t = 2 * unit[:, 0] - 1, unit[:, 1]
    x[::2] = x[::2] ** 3
    return np.column_stack([x, t])


def make_problem(viscosity: float = 0.01 / pi, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        viscosity: The viscosity nu, 0.001 to 1.
        enforce: How initial and boundary values are enforced, "hard" or "soft".

    Raises:
        InputError: If the viscosity is out of range.
    """
    if not 0.001 <= viscosity <= 1.0:
        raise InputError(f"viscosity of burgers is 0.001 to 1, not {viscosity}")

    def exact(x: Any, t: Any) -> Any:
        return cole_hopf.burgers(x, t, viscosity)

    def strong(u: Field, p: Points) -> Field:
        return u.t + u * u.x - viscosity * u.xx

    return Problem(
        "burgers",
        Interval(-1.0, 1.0) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Dirichlet("u", 0.0, on="left", enforce=enforce),
            Dirichlet("u", 0.0, on="right", enforce=enforce),
        ],
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 5, 5, init="glorot"), "mlp": MLP((20, 20, 20))},
            points=5000,
            budget=125.0,
            sampler=towards_the_layer,
        ),
        title=f"Burgers' equation, nu = {viscosity:.3g}",
        source="Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686",
    )
