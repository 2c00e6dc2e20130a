"""Six problems in any units: functions of a length, in which coordinates are measured, and of the size of the fields."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

from kinn import Dirichlet, Disk, Field, Initial, Interval, Points, Problem, Rectangle, Robin, TimeInterval, problems
from kinn.calculus import laplacian
from kinn.math import cos, exp, log, sin
from kinn.problems.references import cole_hopf


def poisson(length: float, size: float) -> Problem:
    """-lap u = f in a square, u = 0 on its edges."""

    def exact(x: Any, y: Any) -> Any:
        return size * sin(pi * x / length) * sin(pi * y / length)

    def strong(u: Field, p: Points) -> Field:
        return -laplacian(u) - 2 * (pi / length) ** 2 * exact(p.x, p.y)

    return Problem(
        "poisson-scaled",
        Rectangle((0.0, 0.0), (length, length)),
        strong=strong,
        conditions=[Dirichlet("u", 0.0, on="boundary")],
        exact=exact,
    )


def reaction(length: float, size: float) -> Problem:
    """-lap u + 64 u = f in a square, u given on its edges."""
    rate = 64 / length**2

    def exact(x: Any, y: Any) -> Any:
        return size * cos(pi * x / length) * sin(2 * pi * y / length + 1)

    def strong(u: Field, p: Points) -> Field:
        return -laplacian(u) + rate * u - (5 * (pi / length) ** 2 + rate) * exact(p.x, p.y)

    return Problem(
        "reaction-scaled",
        Rectangle((0.0, 0.0), (length, length)),
        strong=strong,
        conditions=[Dirichlet("u", exact, on="boundary")],
        exact=exact,
    )


def heat(length: float, size: float) -> Problem:
    """u_t = 0.1 u_xx, two modes."""

    def mode(k: int, x: Any, t: Any) -> Any:
        return exp(-0.1 * (pi * k) ** 2 * t / length) * sin(pi * k * x / length)

    def exact(x: Any, t: Any) -> Any:
        return size * (mode(1, x, t) + 0.5 * mode(3, x, t))

    def strong(u: Field, p: Points) -> Field:
        return u.t - 0.1 * length * u.xx

    return Problem(
        "heat-scaled",
        Interval(0.0, length) * TimeInterval(0.0, length),
        strong=strong,
        conditions=[Initial("u", exact), Dirichlet("u", 0.0, on="left"), Dirichlet("u", 0.0, on="right")],
        exact=exact,
    )


def burgers(length: float, size: float) -> Problem:
    """u_t + u u_x = 0.05 u_xx from a sine."""
    viscosity = 0.05

    def exact(x: Any, t: Any) -> Any:
        return size * cole_hopf.burgers(x / length, t / length, viscosity)

    def strong(u: Field, p: Points) -> Field:
        return u.t + u * u.x / size - viscosity * length * u.xx

    return Problem(
        "burgers-scaled",
        Interval(-length, length) * TimeInterval(0.0, length),
        strong=strong,
        conditions=[
            Initial("u", lambda x, t: -size * sin(pi * x / length)),
            Dirichlet("u", 0.0, on="left"),
            Dirichlet("u", 0.0, on="right"),
        ],
        exact=exact,
    )


def kovasznay(length: float, size: float) -> Problem:
    """Kovasznay's flow at Re = 40; velocities have the size, the pressure its square."""
    unscaled = problems.get("kovasznay").exact
    viscosity = size * length / 40

    def exact(x: Any, y: Any) -> tuple[Any, Any, Any]:
        u, v, p = unscaled(x / length, y / length)
        return size * u, size * v, size**2 * p

    def strong(u: Field, v: Field, p: Field, at: Points) -> list[Field]:
        return [
            u * u.x + v * u.y + p.x - viscosity * laplacian(u),
            u * v.x + v * v.y + p.y - viscosity * laplacian(v),
            u.x + v.y,
        ]

    return Problem(
        "kovasznay-scaled",
        Rectangle((-0.5 * length, -0.5 * length), (length, 1.5 * length)),
        fields=("u", "v", "p"),
        strong=strong,
        conditions=[
            Dirichlet("u", lambda x, y: exact(x, y)[0], on="boundary"),
            Dirichlet("v", lambda x, y: exact(x, y)[1], on="boundary"),
            Dirichlet("p", lambda x, y: exact(x, y)[2], on="right"),
        ],
        exact=exact,
    )


def hole(length: float, size: float) -> Problem:
    """Laplace's equation in a square with a round hole, on which u + n . grad u is given."""
    half, radius = length, length / 2

    def exact(x: Any, y: Any) -> Any:
        return size * ((x**2 - y**2) / length**2 + log((x**2 + y**2) / length**2) / 2)

    def on_hole(x: Any, y: Any) -> Any:
        slope = -size * (2 * (x**2 - y**2) / (radius * length**2) + 1 / radius)
        return exact(x, y) + length * slope

    return Problem(
        "hole-scaled",
        Rectangle((-half, -half), (half, half), name="square") - Disk((0.0, 0.0), radius, name="hole"),
        strong=lambda u, p: laplacian(u),
        conditions=[Dirichlet("u", exact, on="square"), Robin("u", 1.0, length, on_hole, on="hole")],
        exact=exact,
    )


#: The problems by name.
SCALED: dict[str, Callable[[float, float], Problem]] = {
    "poisson-scaled": poisson,
    "reaction-scaled": reaction,
    "heat-scaled": heat,
    "burgers-scaled": burgers,
    "kovasznay-scaled": kovasznay,
    "hole-scaled": hole,
}

#: The factors of coordinates and of fields; the first pair is that to compare with.
FACTORS = ((1.0, 1.0), (1e-4, 1.0), (1e4, 1.0), (1.0, 1e-6), (1.0, 1e6))
