"""The flow in a square cavity that its lid drives, the standard test of incompressible flow.

    u u_x + v u_y = -p_x + (u_xx + u_yy) / Re, u v_x + v v_y = -p_y + (v_xx + v_yy) / Re, u_x + v_y = 0 on (0, 1)^2,
    u = 1, v = 0 on the lid y = 1, u = v = 0 on the other sides, p = 0 at the lower left corner.

Reference: finite elements, stored for Re = 100, 400 and 1000. Where the lid meets the walls the velocity jumps: close by it
is a function of the angle alone, second derivatives grow like r^-2 and the pressure like 1/r (Moffatt 1964, J. Fluid Mech.
18, 1). The networks are given the two angles beside the coordinates. Momentum, in which a network without singular
pressure must fail there, is weighted by r^4, but continuity by its own order r only, and at many points close to the
corners: fluid that got lost there would be missing everywhere. The pressure is not even square integrable: its error
says how close to the corners the grid comes, those of the velocity are what counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import qmc

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet, PointValue
from kinn.errors import InputError, unknown
from kinn.fields import Field, Points
from kinn.geometry import Geometry, Rectangle
from kinn.math import arctan2
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references import lid_driven_cavity

FEATURES = ("angles", "none")


def left_angle(x: Any, y: Any) -> Any:
    """Return the angle between the lid and the line to the upper left corner, 0 to pi/2."""
    return arctan2(1 - y, x)


def right_angle(x: Any, y: Any) -> Any:
    """Return the angle between the lid and the line to the upper right corner."""
    return arctan2(1 - y, 1 - x)


def towards(x: Any, y: Any, cut: float) -> Any:
    """Return a factor like the product of the squared distances from the upper corners, 1 beyond the distance `cut`."""
    left, right = x * x + (1 - y) ** 2, (1 - x) ** 2 + (1 - y) ** 2
    return left * right / ((left + cut**2) * (right + cut**2))


def towards_the_corners(geometry: Geometry, n: int, seed: int) -> Array:
    """Return points (n, 2), half of them spread evenly and half crowded around the upper corners, r = s^(3/2)."""
    even = geometry.sample(n - n // 2, seed=seed)
    unit = qmc.Sobol(3, seed=seed).random_base2(max(2, n.bit_length()))
    r, angle = unit[:, 0] ** 1.5, np.pi / 2 * unit[:, 1]
    x = np.where(unit[:, 2] < 0.5, r * np.cos(angle), 1 - r * np.cos(angle))
    return np.concatenate([even, np.column_stack([x, 1 - r * np.sin(angle)])[r > 1e-6][: n // 2]])


def make_problem(reynolds: int = 100, features: str = "angles") -> Problem:
    """Return the problem.

    Args:
        reynolds: The Reynolds number, 100, 400 or 1000.
        features: "angles" to give the networks the angles at the upper corners as further inputs, or "none".

    Raises:
        InputError: If there is no reference for the Reynolds number, or the features are unknown.
    """
    if reynolds not in lid_driven_cavity.REYNOLDS:
        raise InputError(f"reynolds of lid-driven-cavity is 100, 400 or 1000, not {reynolds}")
    if features not in FEATURES:
        raise unknown("features", features, FEATURES, "problem 'lid-driven-cavity'")

    def strong(u: Field, v: Field, p: Field, at: Points) -> list[Field]:
        momentum = at.cached("momentum", lambda: towards(at.x, at.y, 0.22) ** 2)
        continuity = at.cached("continuity", lambda: towards(at.x, at.y, 0.045) ** 0.5)
        return [
            momentum * (u * u.x + v * u.y + p.x - laplacian(u) / at.reynolds),
            momentum * (u * v.x + v * v.y + p.y - laplacian(v) / at.reynolds),
            continuity * (u.x + v.y),
        ]

    def reference(points: Array) -> Array:
        return lid_driven_cavity.reference(points, reynolds)

    return Problem(
        "lid-driven-cavity",
        Rectangle((0.0, 0.0), (1.0, 1.0)),
        fields=("u", "v", "p"),
        strong=strong,
        conditions=[
            Dirichlet("u", 1.0, on="top"),
            Dirichlet("v", 0.0, on="top"),
            *(Dirichlet(c, 0.0, on=side) for c in ("u", "v") for side in ("left", "right", "bottom")),
            PointValue("p", 0.0, at=(0.0, 0.0)),
        ],
        reference=reference,
        coefficients={"reynolds": float(reynolds)},
        features=[left_angle, right_angle] if features == "angles" else (),
        defaults=Defaults(
            networks={"kan": KAN((10,), 8, 5), "mlp": MLP((20, 20))},
            points=3000,
            boundary_density=2.0,
            budget=90.0,
            sampler=towards_the_corners,
            pde_weight=2.0,
        ),
        title=f"Lid-driven cavity, Re = {reynolds}",
        source="Ghia, Ghia and Shin, J. Comput. Phys. 48 (1982) 387",
    )
