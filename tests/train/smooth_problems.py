"""Problems with smooth exact solutions: linear, of a unit, nonlinear, of two fields."""

from __future__ import annotations

from kinn import Dirichlet, Initial, Interval, Problem, Rectangle, TimeInterval, cos, sin


def poisson(enforce: str = "soft", scale: float = 1.0) -> Problem:
    """Poisson's equation in a square."""
    return Problem(
        "square", Rectangle((0, 0), (1, 1)), strong=lambda u, p: u.xx + u.yy + 13 * scale * sin(2 * p.x) * sin(3 * p.y),
        conditions=[Dirichlet("u", lambda x, y: scale * sin(2 * x) * sin(3 * y), on="boundary", enforce=enforce)],
        exact=lambda x, y: scale * sin(2 * x) * sin(3 * y),
    )  # fmt: skip


def cubic() -> Problem:
    """A reaction equation with a cubic term."""
    return Problem(
        "cubic", Interval(0, 2), strong=lambda u, p: u.xx - u**3 + sin(p.x) ** 3 + sin(p.x), exact=sin,
        conditions=[Dirichlet("u", sin, on="boundary")],
    )  # fmt: skip


def oscillator() -> Problem:
    """A harmonic oscillator."""
    return Problem(
        "oscillator", TimeInterval(0, 3), fields=("u", "v"), strong=lambda u, v, p: [u.t - v, v.t + u],
        conditions=[Initial("u", 0.0), Initial("v", 1.0)], exact=lambda t: (sin(t), cos(t)),
    )  # fmt: skip
