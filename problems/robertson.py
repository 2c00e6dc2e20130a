"""Robertson's chemical reactions, the standard stiff system, over ten decades of time.

    y1' = -0.04 y1 + 1e4 y2 y3, y3' = 3e7 y2^2, y1 + y2 + y3 = 1, (y1, y2, y3) = (1, 0, 0) at time 0.

The coordinate t is the decimal logarithm of time, from -5 to 5, and the second field is 1e4 y2. Its rate is divided by the
speed at which it falls into equilibrium with the others, so that what is left late is that equilibrium. At time 1e-5 hardly
anything has reacted yet: the start there is that of the power series.

Reference: Radau's method of fifth order.
"""

from __future__ import annotations

from math import log

from kinn.conditions import Initial
from kinn.fields import Field, Points
from kinn.geometry import TimeInterval
from kinn.math import exp
from kinn.networks import KAN, MLP, ResNet
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references.trajectories import robertson, robertson_start

BEGIN, END = -5.0, 5.0


def strong(y1: Field, y2: Field, y3: Field, p: Points) -> list[Field]:
    """Return the residuals of the slow product, of the fast one, and of the conservation of mass."""
    scale = log(10.0) * exp(log(10.0) * p.t)  # d/dt of the logarithm is time times d/dtime
    fall = 1.0 + 1e4 * scale
    return [
        y3.t - 0.3 * scale * y2 * y2,
        (y2.t - 1e4 * scale * (0.04 * y1 - y2 * y3 - 0.3 * y2 * y2)) / fall,
        y1 + 1e-4 * y2 + y3 - 1.0,
    ]


def reference(points: Array) -> Array:
    """Return y1, 1e4 y2 and y3 (N, 3) at points (N, 1)."""
    return robertson(BEGIN, END)(points)


def make_problem() -> Problem:
    """Return the problem."""
    start = robertson_start(BEGIN)
    return Problem(
        "robertson",
        TimeInterval(BEGIN, END),
        fields=("y1", "y2", "y3"),
        strong=strong,
        conditions=[
            Initial(name, value, enforce="hard") for name, value in zip(("y1", "y2", "y3"), start, strict=True)
        ],
        reference=reference,
        defaults=Defaults(
            networks={"kan": KAN((4,), 10, 5), "mlp": MLP((20,)), "resnet": ResNet(10, 3)},
            points=400,
            time_windows=5,
            budget=60.0,
        ),
        title="Robertson's stiff reactions, on the logarithm of time",
        source="Hairer and Wanner, Solving Ordinary Differential Equations II (1996), section IV.1",
    )
