"""The Airy stress function of a wedge under uniform pressure on one face, an equation of fourth order.

phi = r^2 f(theta) solves the biharmonic equation where

    f'''' + 4 f'' = 0 on (0, a), f(0) = -q/2, f'(0) = 0, f(a) = 0, f'(a) = 0;

the stresses are sigma_r = 2 f + f'', sigma_theta = 2 f, tau = -f'. Exactly, f = A + B x + C cos 2x + D sin 2x with
the constants from the four conditions (Timoshenko and Goodier, Theory of Elasticity). At a = pi the two
slopes say the same and C, a uniform tension along the edge, is free: the solution is the limit a -> pi, C = 0, and its
value f(pi/2) = -q/4 is added to the conditions. The coordinate x stands for theta.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos as cosine
from math import pi
from math import sin as sine
from typing import Any

import numpy as np

from kinn.conditions import Condition, Dirichlet, Neumann, Observation
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Interval
from kinn.math import cos, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.settings import finite_number

#: The least opening angle: below, the constants cancel to worse than 1e-9.
SHARPEST = 0.01

#: So close to pi, the two slopes say so nearly the same that C has to be told.
NEARLY_FLAT = 0.01


def constants(angle: float, pressure: float) -> tuple[float, float, float, float]:
    """Return A, B, C, D.

    Timoshenko's c (a - x + sin x cos x - cos^2 x tan a) with c = q / (2 (tan a - a)), multiplied out by cos a: so it
    passes through a = pi/2, and at a = pi, where the four conditions are singular, it is their limit.
    """
    scale = pressure / (2 * (sine(angle) - angle * cosine(angle)))
    along, across = scale * cosine(angle), scale * sine(angle)
    return along * angle - across / 2, -along, -across / 2, along / 2


def stress_figure(solution: Any) -> Any:
    """Return a figure of the stresses sigma_r, sigma_theta and tau over the wedge; they do not depend on r."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    angle = float(solution.problem.bounds[1][0])
    theta = np.linspace(0.0, angle, 181)
    f, slope, curvature = solution.evaluate(["f", "f.x", "f.xx"], theta[:, None]).T
    r = np.linspace(0.0, 1.0, 2)
    x, y = r[:, None] * np.cos(theta), r[:, None] * np.sin(theta)
    figure = Figure(figsize=(9.6, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(solution.problem.title, fontsize=11)
    stresses = {r"$\sigma_r$": 2 * f + curvature, r"$\sigma_\theta$": 2 * f, r"$\tau_{r\theta}$": -slope}
    for axes, (label, stress) in zip(figure.subplots(1, 3), stresses.items(), strict=True):
        image = axes.pcolormesh(x, y, np.broadcast_to(stress, x.shape), shading="gouraud", cmap="viridis")
        axes.set_aspect("equal")
        axes.set_title(label)
        figure.colorbar(image, ax=axes, shrink=0.8)
    return figure


def make_problem(angle: float = pi / 3, pressure: float = 5.0) -> Problem:
    """Return the problem.

    Args:
        angle: The opening angle in radians, 0.01 to pi (the constants grow like its inverse cube, and cancel).
        pressure: The pressure q on the face theta = 0.

    Raises:
        InputError: If the angle is out of range, or the pressure zero or not finite.
    """
    if not SHARPEST <= angle <= pi + 1e-12:
        raise InputError(f"angle of wedge is {SHARPEST} to pi, not {angle}")
    finite_number("wedge", "pressure", pressure)
    if pressure == 0.0:
        raise InputError("pressure of wedge is not zero: nothing would load it")
    a, b, c, d = constants(angle, pressure)

    def exact(x: Any) -> Any:
        return a + b * x + c * cos(2 * x) + d * sin(2 * x)

    def strong(f: Field, p: Points) -> Field:
        return f.xxxx + 4 * f.xx

    conditions: Sequence[Condition] = [
        Dirichlet("f", -pressure / 2, on="left"),
        Neumann("f", 0.0, on="left"),
        Dirichlet("f", 0.0, on="right"),
        Neumann("f", 0.0, on="right"),
    ]
    if pi - angle < NEARLY_FLAT:
        conditions = [*conditions, Observation("f", np.array([[pi / 2]]), np.array([exact(pi / 2)]))]
    return Problem(
        "wedge",
        Interval(0.0, angle),
        fields="f",
        strong=strong,
        conditions=conditions,
        exact=exact,
        defaults=Defaults(
            networks={"kan": KAN((3,), 5, 7), "mlp": MLP((30,))}, points=300, budget=5.0, pde_weight=100.0
        ),
        figures={"stress": stress_figure},
        title=f"Wedge of {np.degrees(angle):.0f} degrees under pressure, fourth order",
        source="Wang et al., CMAME 433 (2025) 117518; Timoshenko and Goodier, Theory of Elasticity",
    )
