"""Heat conduction with a high spatial frequency, on which networks of low-frequency bias fail.

    u_t = u_xx / (f pi)^2 on (0, 1) x (0, 1), u(x, 0) = sin(f pi x), u(0, t) = u(1, t) = 0; u = sin(f pi x) e^-t.

The first problem of the KINN paper, there with f = 50 and a maximum error of 1.5e-2.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Dirichlet, Initial
from kinn.fields import Field, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import exp, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.settings import whole_number


def make_problem(frequency: int = 50, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        frequency: The number f of half waves on the interval, a whole number from 5 to 50.
        enforce: How initial and boundary values are enforced, "hard" or "soft".

    Raises:
        InputError: If the frequency is out of range or not whole.
    """
    whole_number("heat-multifrequency", "frequency", frequency, 5, 50)
    wave = frequency * pi

    def exact(x: Any, t: Any) -> Any:
        return sin(wave * x) * exp(-t)

    def initial(x: Any, t: Any) -> Any:
        return sin(wave * x)

    def strong(u: Field, p: Points) -> Field:
        return u.t - u.xx / wave**2

    return Problem(
        "heat-multifrequency",
        Interval(0.0, 1.0) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", initial, enforce=enforce),
            Dirichlet("u", 0.0, on="left", enforce=enforce),
            Dirichlet("u", 0.0, on="right", enforce=enforce),
        ],
        exact=exact,
        defaults=Defaults(
            # six splines a wave: the grid has to resolve the wave, whatever the optimiser
            networks={"kan": KAN((2,), (3 * frequency, 8), 5), "mlp": MLP((20, 20, 20))},
            points=80 * frequency,
            budget=40.0,
        ),
        title=f"Heat conduction, u = sin({frequency} pi x) exp(-t)",
        source="Wang et al., CMAME 433 (2025) 117518, section on multi-frequency components",
    )
