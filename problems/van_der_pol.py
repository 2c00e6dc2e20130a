"""Van der Pol's oscillator: it relaxes slowly, and then jumps.

    x'' - mu (1 - x^2) x' + x = 0 on (0, 10), x(0) = 2, x'(0) = 0, mu = 3.

Reference: a Runge-Kutta method of eighth order.
"""

from __future__ import annotations

from kinn.conditions import Initial
from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import TimeInterval
from kinn.networks import KAN, MLP, ResNet
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references.trajectories import van_der_pol

END = 10.0


def make_problem(mu: float = 3.0) -> Problem:
    """Return the problem.

    Args:
        mu: The nonlinear damping, 0 to 6.

    Raises:
        InputError: If it is out of range.
    """
    if not 0.0 <= mu <= 6.0:
        raise InputError(f"mu of van-der-pol is 0 to 6, not {mu}")

    def strong(x: Field, p: Points) -> Field:
        residual: Field = x.tt - mu * (1 - x * x) * x.t + x
        return residual / (1 + mu)

    def reference(points: Array) -> Array:
        return van_der_pol(mu, END)(points)

    return Problem(
        "van-der-pol",
        TimeInterval(0.0, END),
        fields="x",
        strong=strong,
        conditions=[Initial("x", 2.0, enforce="hard"), Initial("x", 0.0, derivative="t")],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((4,), 12, 5), "mlp": MLP((14,)), "resnet": ResNet(8, 2)},
            points=2000,
            time_windows=20,
            budget=60.0,
        ),
        title=f"Van der Pol's oscillator, mu = {mu:g}",
        source="Van der Pol, Philos. Mag. 2 (1926) 978",
    )
