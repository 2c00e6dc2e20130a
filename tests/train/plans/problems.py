"""Evolution problems with exact solutions, small enough to be trained in a moment."""

from __future__ import annotations

from functools import partial
from typing import Any

from kinn import Defaults, Dirichlet, Initial, Interval, Problem, TimeInterval, exp, sin
from kinn.forms import build_trial
from kinn.networks import Architecture
from kinn.train.plans.plan import TrialFactory

PI = 3.141592653589793


def heat(enforce: str = "hard", **options: Any) -> Problem:
    """Return u_t = u_xx on (0, 1) x (0, 0.4), u = exp(-pi^2 t) sin(pi x), with u_t given at the start where it is soft."""
    return Problem(
        "heat", Interval(0, 1) * TimeInterval(0, 0.4), strong=lambda u, p: (u.t - u.xx) / 10,
        conditions=[
            Initial("u", lambda x: sin(PI * x), enforce=enforce),
            *(Dirichlet("u", 0.0, on=side, enforce=enforce) for side in ("left", "right")),
        ],
        exact=lambda x, t: exp(-PI * PI * t) * sin(PI * x), defaults=Defaults(**options),
    )  # fmt: skip


def decay(rate: float = 4.0) -> Problem:
    """Return u' = -rate u, u(0) = 1 over (0, 1), the rate a constant of the problem."""
    return Problem(
        "decay", TimeInterval(0, 1), strong=lambda u, p: (u.t + p.rate * u) / 4, conditions=[Initial("u", 1.0)],
        exact=lambda t: exp(-rate * t), coefficients={"rate": rate},
    )  # fmt: skip


def builder(network: Architecture) -> TrialFactory:
    """Builds trial functions with a network from the seed 0."""
    return partial(build_trial, architecture=network, seed=0)
