"""The Helmholtz equation with waves of different length along x and y.

    u_xx + u_yy + k^2 u = q on (-1, 1)^2, u = 0 on the boundary, with q such that u = sin(a1 pi x) sin(a2 pi y).

Wang, Teng and Perdikaris (2021, SIAM J. Sci. Comput. 43, A3055) made a = (1, 4), k = 1 a standard case.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import Rectangle
from kinn.math import sin
from kinn.problem import Problem
from kinn.problems.settings import finite_number, whole_number


def make_problem(a1: int = 1, a2: int = 4, wave_number: float = 1.0, enforce: str = "hard") -> Problem:
    """Return the problem.

    Args:
        a1: Half waves on half the square along x, 1 to 20.
        a2: Likewise along y.
        wave_number: The wave number k.
        enforce: How the boundary values are enforced, "hard" or "soft".

    Raises:
        InputError: If a number of waves is out of range or not whole, or k is not finite or a resonance of the square.
    """
    whole_number("helmholtz", "a1", a1, 1, 20)
    whole_number("helmholtz", "a2", a2, 1, 20)
    finite_number("helmholtz", "wave_number", wave_number)
    resonance = wave_number**2 / (pi / 2) ** 2  # the eigenvalues of -laplace are (pi/2)^2 (m^2 + n^2)
    if any(abs(resonance - m * m - n * n) < 1e-9 for m in range(1, 200) for n in range(1, 200)):
        raise InputError(
            f"wave_number {wave_number} of helmholtz is a resonance of the square: the solution is not unique"
        )
    factor = wave_number**2 - (a1**2 + a2**2) * pi**2

    def exact(x: Any, y: Any) -> Any:
        return sin(a1 * pi * x) * sin(a2 * pi * y)

    def strong(u: Field, p: Points) -> Field:
        residual: Field = laplacian(u) + wave_number**2 * u - factor * exact(p.x, p.y)
        return residual

    return Problem(
        "helmholtz",
        Rectangle((-1.0, -1.0), (1.0, 1.0)),
        strong=strong,
        conditions=[Dirichlet("u", 0.0, on="boundary", enforce=enforce)],
        exact=exact,
        title=f"Helmholtz equation, u = sin({a1} pi x) sin({a2} pi y), k = {wave_number:g}",
        source="Wang, Teng and Perdikaris, SIAM J. Sci. Comput. 43 (2021) A3055",
    )
