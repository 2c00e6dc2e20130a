"""A pendulum that swings far from its rest, with or without damping.

    theta'' + c theta' + sin theta = 0 on (0, 10), theta(0) = 2.5, theta'(0) = 0.

Reference: a Runge-Kutta method of eighth order.
"""

from __future__ import annotations

from kinn.conditions import Initial
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import TimeInterval
from kinn.math import sin
from kinn.networks import KAN, MLP, ResNet
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references.trajectories import pendulum

END = 10.0


def make_problem(angle: float = 2.5, damping: float = 0.0) -> Problem:
    """Return the problem.

    Args:
        angle: The angle at the start, in radians, 0.1 to 3.
        damping: The damping c, 0 to 2.

    Raises:
        InputError: If a setting is out of range.
    """
    if not 0.1 <= angle <= 3.0:
        raise InputError(f"angle of pendulum is 0.1 to 3, not {angle}")
    if not 0.0 <= damping <= 2.0:
        raise InputError(f"damping of pendulum is 0 to 2, not {damping}")

    def strong(theta: Field, p: Points) -> Field:
        residual: Field = theta.tt + damping * theta.t + sin(theta)
        return residual

    def reference(points: Array) -> Array:
        return pendulum(angle, damping, END)(points)

    return Problem(
        "pendulum",
        TimeInterval(0.0, END),
        fields="theta",
        strong=strong,
        conditions=[Initial("theta", angle, enforce="hard"), Initial("theta", 0.0, derivative="t")],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((4,), 10, 5), "mlp": MLP((20,)), "resnet": ResNet(8, 3)},
            points=300,
            time_windows=4,
            budget=30.0,
        ),
        title=f"Pendulum from {angle:g} rad" + (f", damping {damping:g}" if damping else ""),
        source="Greydanus, Dzamba and Yosinski, NeurIPS 32 (2019) 15379",
    )
