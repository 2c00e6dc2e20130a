"""The advection equation with a high velocity: a wave that passes the domain five times.

    u_t + beta u_x = 0 on (0, 2 pi) x (0, 1), periodic in x, u(x, 0) = sin x; u = sin(x - beta t), beta = 30.

Krishnapriyan et al. (2021, Advances in Neural Information Processing Systems 34, 26548) used it to show where plain
training fails. With frame=moving networks see x - beta t, the foot of the characteristic, instead of x: what they have to
learn then is the initial wave alone.
"""

from __future__ import annotations

from math import pi
from typing import Any

from kinn.conditions import Initial, Periodic
from kinn.errors import InputError, unknown
from kinn.fields import Field, MovingCoordinate, Points
from kinn.geometry import Interval, TimeInterval
from kinn.math import sin
from kinn.networks import KAN, MLP
from kinn.problem import Defaults, Problem

FRAMES = ("fixed", "moving")


def make_problem(velocity: float = 30.0, enforce: str = "hard", frame: str = "fixed") -> Problem:
    """Return the problem.

    Args:
        velocity: The velocity beta, 1 to 50.
        enforce: How initial values and the period are enforced, "hard" or "soft"; initial values in the moving frame are
            soft, for what is built in there at rest would stay behind.
        frame: What networks see: places in a frame that is "fixed", or "moving" with the wave.

    Raises:
        InputError: If the velocity is out of range or there is no such frame.
    """
    if not 1.0 <= velocity <= 50.0:
        raise InputError(f"velocity of advection is 1 to 50, not {velocity}")
    if frame not in FRAMES:
        raise unknown("frame", frame, FRAMES, "problem 'advection'")
    moving = frame == "moving"

    def exact(x: Any, t: Any) -> Any:
        return sin(x - velocity * t)

    def strong(u: Field, p: Points) -> Field:
        return (u.t + velocity * u.x) / velocity

    return Problem(
        "advection",
        Interval(0.0, 2 * pi) * TimeInterval(0.0, 1.0),
        strong=strong,
        conditions=[
            Initial("u", exact, enforce="soft" if moving else enforce),
            Periodic("u", on=("left", "right"), derivatives=("",), enforce=enforce),
        ],
        exact=exact,
        features=[MovingCoordinate("x", lambda x, t: x - velocity * t)] if moving else (),
        defaults=Defaults(networks={"kan": KAN((4,), 5, 5), "mlp": MLP((12,))}, points=800, budget=15.0)
        if moving
        else Defaults(),
        title=f"Advection, beta = {velocity:g}" + (", in the moving frame" if moving else ""),
        source="Krishnapriyan et al., NeurIPS 34 (2021) 26548",
    )
