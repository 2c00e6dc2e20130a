"""Lorenz' equations of convection, a system of ordinary differential equations.

    x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z on (0, 3), (x, y, z)(0) = (-8, 7, 27),
    sigma = 10, rho = 15, beta = 8/3.

Reference: a Runge-Kutta method of eighth order. With constants=unknown sigma, rho and beta are to be found from
measurements of x, y and z; the search starts at 1.
"""

from __future__ import annotations

import numpy as np

from kinn.conditions import Condition, Initial, Observation
from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import TimeInterval
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.references.lorenz import END, PARAMETERS, START, reference
from kinn.problems.settings import whole_number
from kinn.unknowns import Unknown

CONSTANTS = ("known", "unknown")


def strong(x: Field, y: Field, z: Field, p: Points) -> list[Field]:
    """Return the residuals, divided by 20, the order of the rates."""
    return [
        (x.t - p.sigma * (y - x)) / 20,
        (y.t - x * (p.rho - z) + y) / 20,
        (z.t - x * y + p.beta * z) / 20,
    ]


def make_problem(constants: str = "known", samples: int = 60, noise: float = 0.0) -> Problem:
    """Return the problem.

    Args:
        constants: "known", or "unknown" where they are to be found from measurements.
        samples: At how many instants x, y and z are measured, at least 4.
        noise: The standard deviation of the errors of measurement, relative to the root mean square, 0 to 1.

    Raises:
        InputError: If a setting is out of range.
    """
    if constants not in CONSTANTS:
        raise unknown("constants", constants, CONSTANTS, "problem 'lorenz'")
    whole_number("lorenz", "samples", samples, 4)
    if not 0.0 <= noise <= 1.0:
        raise InputError(f"noise of lorenz is 0 to 1, not {noise}")
    named = dict(zip(("sigma", "rho", "beta"), PARAMETERS, strict=True))
    conditions: list[Condition] = [
        Initial(name, value, enforce="hard") for name, value in zip("xyz", START, strict=True)
    ]
    inverse = constants == "unknown"
    if inverse:
        t = np.linspace(0.0, END, samples)[:, None]
        values = reference(t)
        deviation = noise * float(np.sqrt(np.mean(values**2)))
        measured = values + deviation * np.random.default_rng(0).standard_normal((samples, 3))
        conditions = [
            Observation(name, t, column, noise=deviation or None)
            for name, column in zip("xyz", measured.T, strict=True)
        ]
    return Problem(
        "lorenz",
        TimeInterval(0.0, END),
        fields=("x", "y", "z"),
        strong=strong,
        conditions=conditions,
        reference=reference,
        coefficients={} if inverse else named,
        unknowns=[Unknown(name, initial=1.0, positive=True, exact=value) for name, value in named.items()]
        if inverse
        else (),
        # over long times other trajectories satisfy the equations nearly everywhere; measurements rule them out
        defaults=Defaults(
            networks={"kan": KAN((4,), 24, 5), "mlp": MLP((20, 20))}, points=600, budget=90.0, pde_weight=2.5e-6
        )
        if inverse
        else Defaults(networks={"kan": KAN((3,), 8, 5), "mlp": MLP((20,))}, points=200, time_windows=6, budget=30.0),
        title="Lorenz' equations, " + ("constants to be found" if inverse else "spiralling into a fixed point"),
        source="Lu et al., DeepXDE, SIAM Rev. 63 (2021) 208",
    )
