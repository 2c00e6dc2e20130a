"""A thin square plate on simple supports under a uniform load (Kirchhoff's theory).

    the minimum of the integral of D ((w_xx + w_yy)^2 - 2 (1 - nu) (w_xx w_yy - w_xy^2)) / 2 - q w over (0, 1)^2 with w = 0 on
    the boundary; so w_xxxx + 2 w_xxyy + w_yyyy = q / D, and no bending moment on the boundary: there w_nn = 0

with D = 1, nu = 0.3, q = 100. The solution is Levy's series,

    w = q / D ((x^4 - 2 x^3 + x) / 24 + sum over odd m of 4 / (pi m)^5 sin(m pi x) (a s s' / c - (a t + 2) c' / (2 c)))

with a = m pi / 2, c = cosh a, t = tanh a, s = y - 1/2, s' = sinh 2 a s, c' = cosh 2 a s. Every term solves the equation and
has no moment on the boundary, and what is left of w there falls with the fourth power of their number. The middle sinks by
0.00406235 q / D. Moments are derived: m_xx = -D (w_xx + nu w_yy), m_xy = -D (1 - nu) w_xy.
"""

from __future__ import annotations

from math import exp as exponential
from math import pi, tanh
from typing import Any

from kinn.conditions import Dirichlet, ResidualCondition
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.math import exp, sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Postprocess, Problem

#: The stiffness, Poisson's ratio and the load.
STIFFNESS, POISSON, LOAD = 1.0, 0.3, 100.0

#: The number of terms of the series.
TERMS = 40


def exact(x: Any, y: Any) -> Any:
    """Return the deflection."""
    total = (x * x * x * x - 2 * x * x * x + x) / 24
    s = y - 0.5
    for m in range(1, 2 * TERMS, 2):
        k, a = m * pi, m * pi / 2
        # hyperbolic functions over cosh a, by exponentials that do not overflow
        towards, away = exp(k * (s - 0.5)), exp(-k * (s + 0.5))
        even, odd = ((towards + sign * away) / (1 + exponential(-k)) for sign in (1, -1))
        total = total + 4 / k**5 * sin(k * x) * (a * s * odd - (a * tanh(a) + 2) / 2 * even)
    return LOAD / STIFFNESS * total


def energy(w: Field, p: Points) -> Field:
    """Return the density of the strain energy."""
    bending, twisting = w.xx + w.yy, w.xx * w.yy - w.xy * w.xy
    density: Field = (bending * bending - 2 * (1 - POISSON) * twisting) * (STIFFNESS / 2)
    return density


def strong(w: Field, p: Points) -> Field:
    """Return the residual over q, the order of fourth derivatives."""
    residual: Field = (w.xxxx + 2 * w.xxyy + w.yyyy) * (STIFFNESS / LOAD) - 1.0
    return residual


def along(w: Field, p: Points) -> Field:
    """Return w_xx."""
    return w.xx


def across(w: Field, p: Points) -> Field:
    """Return w_yy."""
    return w.yy


def make_problem() -> Problem:
    """Return the problem."""
    free = {"left": along, "right": along, "bottom": across, "top": across}
    return Problem(
        "biharmonic-plate",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields="w",
        strong=strong,
        energy=energy,
        work={"interior": lambda w, p: LOAD * w},
        conditions=[
            Dirichlet("w", 0.0, on="boundary", enforce="hard"),
            *(ResidualCondition(curvature, on=on) for on, curvature in free.items()),
        ],
        exact=exact,
        derived={
            "mxx": lambda w, p: (w.xx + POISSON * w.yy) * -STIFFNESS,
            "myy": lambda w, p: (w.yy + POISSON * w.xx) * -STIFFNESS,
            "mxy": lambda w, p: w.xy * (-STIFFNESS * (1 - POISSON)),
        },
        postprocess=Postprocess(lines={"middle": ((0.0, 0.5), (1.0, 0.5)), "diagonal": ((0.0, 0.0), (1.0, 1.0))}),
        defaults=Defaults(
            forms={"energy": {"networks": {"kan": KAN((6,), 6, 7), "mlp": MLP((16, 16))}, "budget": 30.0}}
        ),
        title="A thin plate on simple supports under a uniform load",
        source="Timoshenko and Woinowsky-Krieger, Theory of Plates and Shells, section 30",
    )
