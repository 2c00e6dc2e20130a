"""Systems small enough to know everything about."""

from __future__ import annotations

from typing import Any

from kinn import MLP, Defaults, Dirichlet, Initial, Interval, Problem, TimeInterval, sin
from kinn.forms import DomainTrial, ResidualObjective, strong_form


def heat(points: int = 60, seed: int = 0, **options: Any) -> ResidualObjective:
    """Return u_t = u_xx / 10 with soft conditions: an equation, an initial condition and two on the sides."""
    problem = Problem(
        "heat", Interval(0, 1) * TimeInterval(0, 2), strong=lambda u, p: u.t - 0.1 * u.xx,
        conditions=[Initial("u", lambda x: sin(3.14159 * x)), *(Dirichlet("u", 0.0, on=s) for s in ("left", "right"))],
        defaults=Defaults(**options),
    )  # fmt: skip
    return strong_form(DomainTrial(problem, MLP((6,)), seed=seed), points=points, seed=seed)


def steady(points: int = 60) -> ResidualObjective:
    """Return u_xx = -1, without time."""
    conditions = [Dirichlet("u", 0.0, on=side) for side in ("left", "right")]
    problem = Problem("steady", Interval(0, 1), strong=lambda u, p: u.xx + 1, conditions=conditions)
    return strong_form(DomainTrial(problem, MLP((6,)), seed=0), points=points)
