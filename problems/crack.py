"""A crack under antiplane shear (mode III): a field that is singular at the tip.

    u_xx + u_yy = 0 on (-1, 1)^2 without the crack y = 0, x < 0; u given on the outer square and on both faces;
    u = r^(1/2) sin(theta / 2), so that u = +-sqrt(-x) on the faces and u_y = x^(-1/2) / 2 ahead of the tip.

The parts above and below the crack line are subdomains with separate networks; ahead of the tip value and flux
are continuous. The residual is multiplied by r^(3/2), the order at which second derivatives of the field grow towards
the tip: the solution is the same, and the residual stays bounded. By default the networks see the coordinates alone;
features=tip gives them the singular field as a further input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import qmc

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet, Interface
from kinn.equations import Laplace
from kinn.errors import unknown
from kinn.fields import Field, Points
from kinn.geometry import Geometry, Grading, Polygon
from kinn.math import locally_constant, sqrt, where
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Postprocess, Problem

FEATURES = ("none", "tip")


def radius(x: Any, y: Any) -> Any:
    """Return the distance from the tip."""
    return sqrt(x * x + y * y)


def singular_field(side: float | None = None) -> Callable[[Any, Any], Any]:
    """Return (x, y) -> r^(1/2) sin(theta/2), written so that nothing cancels.

    Args:
        side: +1 or -1 for the upper or the lower face where y = 0, x < 0; None to tell by the sign of y (0 is upper).
    """

    def field(x: Any, y: Any) -> Any:
        r = radius(x, y)
        height = _plain(y)
        sign = side if side is not None else locally_constant(np.where(height >= 0, 1.0, -1.0), y)
        ahead = np.asarray(_plain(x)) > 0
        # where a branch is not taken its denominator is kept away from zero
        before = y / sqrt(2 * where(ahead, r + x, 1.0))
        behind = sign * sqrt(0.5 * where(ahead, 1.0, r - x))
        return where(ahead, before, behind)

    return field


def _plain(v: Any) -> Any:
    """Return the values of a field, an array or a number."""
    value = v.value if isinstance(v, Field) else v
    return np.asarray(value)


def towards_the_tip(geometry: Geometry, n: int, seed: int) -> Array:
    """Return points (n, 2) of a half, half of them spread evenly and half crowded around the tip, r = R s^2."""
    even = geometry.sample(n - n // 2, seed=seed)
    side = 1.0 if geometry.bounds[1][1] > 0 else -1.0
    unit = qmc.Sobol(2, seed=seed).random_base2(max(2, (3 * n).bit_length()))
    r, angle = 2**0.5 * unit[:, 0] ** 2, np.pi * unit[:, 1]
    polar = np.column_stack([r * np.cos(angle), side * r * np.sin(angle)])
    crowded = polar[(np.abs(polar) < 1).all(axis=1) & (r > 1e-6)][: n // 2]
    return np.concatenate([even, crowded])


def energy(u: Field, p: Points) -> Field:
    """Return the density of the energy."""
    density: Field = 0.5 * (u.x * u.x + u.y * u.y)
    return density


def strong(u: Field, p: Points) -> Field:
    """Return the residual, times r^(3/2)."""
    residual: Field = laplacian(u) * radius(p.x, p.y) ** 1.5
    return residual


def make_problem(features: str = "none") -> Problem:
    """Return the problem.

    Args:
        features: "none", or "tip" to give the networks the singular field as a further input.

    Raises:
        InputError: If the features are unknown.
    """
    if features not in FEATURES:
        raise unknown("features", features, FEATURES, "problem 'crack'")
    above = Polygon(
        [(-1, 0), (0, 0), (1, 0), (1, 1), (-1, 1)], edges=["upper-face", "ligament", "right", "top", "left"]
    )
    below = Polygon(
        [(-1, -1), (1, -1), (1, 0), (0, 0), (-1, 0)], edges=["bottom", "right", "ligament", "lower-face", "left"]
    )
    exact = singular_field()
    centres = (np.arange(100) + 0.5) / 50 - 1
    tip = features == "tip"
    return Problem(
        "crack",
        {"above": above, "below": below},
        strong=strong,
        energy=energy,
        inverse=Laplace(),
        conditions=[
            *(Dirichlet("u", exact, on=side) for side in ("top", "bottom", "left", "right")),
            Dirichlet("u", singular_field(1.0), on="upper-face"),
            Dirichlet("u", singular_field(-1.0), on="lower-face"),
            Interface("u", on="ligament", flux=None),
            Interface("u", on="ligament", value=None, weight=radius),  # u_y grows like r^(-1/2)
        ],
        exact=exact,
        features={"above": [singular_field(1.0)], "below": [singular_field(-1.0)]} if tip else (),
        evaluation=np.stack(np.meshgrid(centres, centres, indexing="ij"), axis=-1).reshape(-1, 2),
        defaults=Defaults(
            networks={"kan": KAN((4,), 4, 5) if tip else KAN((6,), (10, 8), 5), "mlp": MLP((10,) if tip else (16, 16))},
            points=2500,
            boundary_density=6.0,  # the field varies fastest along the faces and the ligament, towards the tip
            budget=25.0 if tip else 75.0,
            sampler=towards_the_tip,
            pde_weight=3.0,
            grading=Grading([(0.0, 0.0)], 0.5, sides=tip),
            forms={
                "energy": {
                    "networks": {"kan": KAN((4,), 2, 5)},
                    "points": 20000,
                    "penalty": 1000.0,
                    "budget": 100.0,
                }
                if tip
                else {"points": 12000},
                "inverse": {"networks": {"kan": KAN((3,), 4, 5), "mlp": MLP((8,))}, "budget": 10.0},
            },
        ),
        postprocess=Postprocess(lines={"upper-face": ((-1.0, 0.0), (0.0, 0.0)), "ligament": ((0.0, 0.0), (1.0, 0.0))}),
        title="Mode-III crack" + (", networks given the singular field at the tip" if tip else ""),
        source="Wang et al., CMAME 433 (2025) 117518",
    )
