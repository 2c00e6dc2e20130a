"""The travel time of a wave from a point, by the factored eikonal equation.

    |grad T|^2 = 1 / c^2 on (0, 1)^2, T = 0 at the source s, c = c_0 + g y, T = tau |x - s| / c(s):
    tau^2 + 2 tau (x - s) . grad tau + |x - s|^2 |grad tau|^2 = (c(s) / c)^2, tau(s) = 1;
    tau = (c(s) / c)^(1/2) arsinh(w) / w, w = g |x - s| / (2 (c(s) c)^(1/2)).

The factor takes the cone at the source out of the unknown, which is smooth; T > 0 is the branch with tau(s) = 1. The
rays are circles (Slotnick 1959, Lessons in Seismic Computing).
"""

from __future__ import annotations

from typing import Any

from kinn.calculus import grad
from kinn.conditions import PointValue
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.jets.jet import Jet
from kinn.math import log, sqrt, where
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem
from kinn.problems.settings import finite_number

#: Where the wave starts, and the velocity there.
SOURCE, VELOCITY = (0.3, 0.4), 1.0


def inverse_ratio(squared: Any) -> Any:
    """Return arsinh(w) / w as a function of w^2, smooth where w vanishes."""
    values = squared.value if isinstance(squared, Jet) else squared
    small = values < 1e-3
    series = 1 - squared * (1 / 6 - squared * (3 / 40 - squared * (5 / 112 - squared * 35 / 1152)))
    w = sqrt(where(small, 1.0, squared))
    return where(small, series, log(w + sqrt(1 + w * w)) / w)


def make_problem(gradient: float = 2.0) -> Problem:
    """Return the problem.

    Args:
        gradient: The gradient g of the velocity along y, 0 to 2.4 (the velocity is positive below 2.5).

    Raises:
        InputError: If the gradient is out of range.
    """
    finite_number("eikonal", "gradient", gradient)
    if not 0.0 <= gradient <= 2.4:
        raise InputError(f"gradient of eikonal is 0 to 2.4, not {gradient}")

    def velocity(y: Any) -> Any:
        return VELOCITY + gradient * (y - SOURCE[1])

    def exact(x: Any, y: Any) -> Any:
        c, squared = velocity(y), (x - SOURCE[0]) ** 2 + (y - SOURCE[1]) ** 2
        return sqrt(VELOCITY / c) * inverse_ratio(gradient**2 / (4 * VELOCITY) * squared / c)

    def strong(tau: Field, p: Points) -> Field:
        dx, dy = p.x - SOURCE[0], p.y - SOURCE[1]
        slope = grad(tau)
        along = dx * slope[0] + dy * slope[1]
        residual: Field = (
            tau * tau + 2 * tau * along + (dx * dx + dy * dy) * (slope @ slope) - (VELOCITY / velocity(p.y)) ** 2
        )
        return residual

    return Problem(
        "eikonal",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields="tau",
        strong=strong,
        conditions=[PointValue("tau", 1.0, at=SOURCE)],
        exact=exact,
        defaults=Defaults(networks={"kan": KAN((8,), 8, 5), "mlp": MLP((20, 20))}, points=2000, budget=30.0),
        title=f"Travel time from a point, velocity gradient {gradient:g}",
        source="Waheed et al., PINNeik, Computers & Geosciences 155 (2021) 104833",
    )
