"""Problems without settings of their own: four as a user would state them, and the library without its defaults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from math import pi
from operator import sub
from typing import Any

from kinn import (
    Defaults,
    Dirichlet,
    Disk,
    Field,
    Geometry,
    Initial,
    Interval,
    Points,
    PointValue,
    Problem,
    Rectangle,
    TimeInterval,
    problems,
)
from kinn.calculus import laplacian
from kinn.math import cos, sin
from untuned_table import cavity, reaction_diffusion


def burgers() -> Problem:
    """Burgers' equation, nu = 0.01 / pi, its conditions enforced softly."""
    return problems.get("burgers", enforce="soft")


def wave() -> Problem:
    """Standing waves of two frequencies: u_tt = 4 u_xx."""

    def exact(x: Any, t: Any) -> Any:
        return sin(pi * x) * cos(2 * pi * t) + 0.5 * sin(4 * pi * x) * cos(8 * pi * t)

    def strong(u: Field, p: Points) -> Field:
        return u.tt - 4 * u.xx

    return Problem(
        "wave-two-frequencies",
        Interval(0.0, 1.0) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", lambda x, t: exact(x, 0.0)),
            Initial("u", 0.0, derivative="t"),
            Dirichlet("u", 0.0, on="left"),
            Dirichlet("u", 0.0, on="right"),
        ],
        exact=exact,
    )


def reaction_diffusion_holes() -> Problem:
    """A reaction-diffusion equation in a square with four round holes: -lap u + 64 u = f."""
    half, values = reaction_diffusion.HALF, reaction_diffusion
    square: Geometry = Rectangle((-half, -half), (half, half), name="square")
    holes = [Disk(centre, radius, name=f"hole-{n + 1}") for n, (centre, radius) in enumerate(values.HOLES)]

    def strong(u: Field, p: Points) -> Field:
        source = 170 + p.x**2 + p.y**2 + 10 * sin(pi * p.x) * sin(4 * pi * p.y)
        return -laplacian(u) + values.RATE * u - source

    return Problem(
        "reaction-diffusion-holes",
        reduce(sub, holes, square),
        strong=strong,
        conditions=[
            Dirichlet("u", values.ON_SQUARE, on="square"),
            *(Dirichlet("u", values.ON_HOLES, on=hole.name) for hole in holes),
        ],
        reference=values.solution,
    )


def smooth_cavity() -> Problem:
    """Flow at Re = 100 in a square cavity under a lid whose velocity vanishes at its ends."""

    def strong(u: Field, v: Field, p: Field, at: Points) -> list[Field]:
        return [
            u * u.x + v * u.y + p.x - laplacian(u) / cavity.REYNOLDS,
            u * v.x + v * v.y + p.y - laplacian(v) / cavity.REYNOLDS,
            u.x + v.y,
        ]

    return Problem(
        "smooth-cavity",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=("u", "v", "p"),
        strong=strong,
        conditions=[
            Dirichlet("u", lambda x, y: cavity.lid(x), on="top"),
            Dirichlet("v", 0.0, on="top"),
            *(Dirichlet(field, 0.0, on=side) for field in ("u", "v") for side in ("left", "right", "bottom")),
            PointValue("p", 0.0, at=(0.0, 0.0)),
        ],
        reference=cavity.solution,
    )


#: Problems that the library does not hold, or not in this way, by name.
STATED: dict[str, Callable[[], Problem]] = {
    "burgers-soft": burgers,
    "wave-two-frequencies": wave,
    "reaction-diffusion-holes": reaction_diffusion_holes,
    "smooth-cavity": smooth_cavity,
}


def untuned(name: str) -> Problem:
    """Problem of `STATED` or of the library, without networks, points, weights, samplers or budgets of its own."""
    problem = STATED[name]() if name in STATED else problems.get(name)
    return replace(problem, defaults=Defaults())


def library() -> list[str]:
    """Names of the library's problems in strong form, and of those of data alone."""

    def strong(problem: Problem) -> bool:
        return problem.strong is not None or (problem.energy is None and problem.inverse is None)

    return [name for name in problems.names() if strong(problems.get(name))]
