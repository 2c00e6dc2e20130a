"""Burgers' equation with an unknown viscosity, which noisy measurements of the velocity tell.

    u_t + u u_x = nu u_xx on (-1, 1) x (0, 1), u(x, 0) = -sin(pi x), u(-1, t) = u(1, t) = 0, nu = 0.01 / pi,
    u measured at 500 points, with normal errors of a hundredth of its root mean square.

The measurements crowd around x = 0: the viscosity shows in the layer alone. With these the least standard deviation that
any unbiased estimate of nu has (the bound of Cramer and Rao) is 0.24 %; with points spread evenly it would be 1 %.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from kinn.conditions import Observation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem
from kinn.problems import burgers
from kinn.problems.references import cole_hopf
from kinn.problems.settings import whole_number
from kinn.unknowns import Unknown

#: The viscosity to be found, and where the search starts.
TRUE, FIRST = 0.01 / np.pi, 0.02


def measured_at(count: int) -> Array:
    """Return the points (count, 2) of the measurements, x = s^5 for s spread evenly."""
    s, t = qmc.Halton(2, seed=0).random(count).T
    return np.column_stack([(2 * s - 1) ** 5, t])


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    residual: Field = u.t + u * u.x - p.nu * u.xx
    return residual


def make_problem(samples: int = 500, noise: float = 0.01, draw: int = 0) -> Problem:
    """Return the problem.

    Args:
        samples: The number of measurements, at least 10.
        noise: The standard deviation of their errors, relative to the root mean square of what is measured, 0 to 1.
        draw: Which errors are drawn: a seed.

    Raises:
        InputError: If a setting is out of range.
    """
    whole_number("burgers-viscosity", "samples", samples, 10)
    whole_number("burgers-viscosity", "draw", draw, 0)
    if not 0.0 <= noise <= 1.0:
        raise InputError(f"noise of burgers-viscosity is 0 to 1, not {noise}")
    forward = burgers.make_problem()
    points = measured_at(samples)
    values = np.asarray(cole_hopf.burgers(points[:, 0], points[:, 1], TRUE))
    deviation = noise * float(np.sqrt(np.mean(values**2)))
    measured = values + deviation * np.random.default_rng(draw).standard_normal(samples)
    return Problem(
        "burgers-viscosity",
        forward.domain,
        strong=strong,
        conditions=[*forward.conditions, Observation("u", points, measured, noise=deviation or None)],
        unknowns=[Unknown("nu", initial=FIRST, positive=True, exact=float(TRUE))],
        exact=forward.exact,
        defaults=Defaults(
            networks={"kan": KAN((8, 8), 5, 5, init="glorot"), "mlp": MLP((20, 20, 20))},
            points=5000,
            budget=125.0,
            sampler=burgers.towards_the_layer,
        ),
        title=f"Viscosity in Burgers' equation from {samples} measurements",
        source="Raissi, Perdikaris and Karniadakis, J. Comput. Phys. 378 (2019) 686",
    )
