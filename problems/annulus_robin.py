"""The temperature in the wall of a pipe, between a fluid inside and uneven surroundings.

    u_xx + u_yy = 0 for 1/2 < r < 1, h_i u + n . grad u = h_i where r = 1/2, h_o u + n . grad u = h_o cos(2 theta)
    where r = 1, h_i = 5, h_o = 2;
    u = A + B log r + (C r^2 + D r^-2) cos(2 theta), A to D from the two conditions.

The conductivity is 1, h_i and h_o are the transfer coefficients, 1 and cos(2 theta) the temperatures of the fluid and
of the surroundings (Carslaw and Jaeger, Conduction of Heat in Solids, ch. VII).
"""

from __future__ import annotations

from math import log as logarithm
from typing import Any

import numpy as np

from kinn.calculus import laplacian
from kinn.conditions import Robin
from kinn.equations import Laplace
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Disk
from kinn.math import log
from kinn.problem import Problem

#: The radius inside; that outside is 1.
INNER = 0.5


def strong(u: Field, p: Points) -> Field:
    """Return the residual."""
    return laplacian(u)


def constants(inside: float, outside: float) -> tuple[float, float, float, float]:
    """Return A, B, C, D for two transfer coefficients."""
    a = INNER
    mean = np.linalg.solve([[inside, inside * logarithm(a) - 1 / a], [outside, 1.0]], [inside, 0.0])
    wave = np.linalg.solve(
        [[inside * a**2 - 2 * a, inside / a**2 + 2 / a**3], [outside + 2.0, outside - 2.0]], [0.0, outside]
    )
    return (*mean.tolist(), *wave.tolist())


def make_problem(inside: float = 5.0, outside: float = 2.0) -> Problem:
    """Return the problem.

    Args:
        inside: The transfer coefficient h_i, more than 0 and at most 1000.
        outside: The transfer coefficient h_o, likewise.

    Raises:
        InputError: If one of them is out of range.
    """
    for name, value in (("inside", inside), ("outside", outside)):
        if not 0.0 < value <= 1000.0:
            raise InputError(f"{name} of annulus-robin is more than 0 and at most 1000, not {value}")
    a, b, c, d = constants(inside, outside)

    def exact(x: Any, y: Any) -> Any:
        squared = x * x + y * y
        return a + b / 2 * log(squared) + (c + d / squared**2) * (x * x - y * y)

    def surroundings(x: Any, y: Any) -> Any:
        return outside * (x * x - y * y) / (x * x + y * y)

    return Problem(
        "annulus-robin",
        Disk((0.0, 0.0), 1.0, name="outside") - Disk((0.0, 0.0), INNER, name="inside"),
        strong=strong,
        inverse=Laplace(),
        conditions=[Robin("u", inside, 1.0, inside, on="inside"), Robin("u", outside, 1.0, surroundings, on="outside")],
        exact=exact,
        title="Temperature in the wall of a pipe, Robin conditions",
        source="Carslaw and Jaeger, Conduction of Heat in Solids (1959)",
    )
