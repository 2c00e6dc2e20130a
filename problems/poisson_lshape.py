"""Poisson's equation on an L-shape: at the re-entrant corner the gradient is infinite.

    u_xx + u_yy = -1 on (-1, 1)^2 without [0, 1)^2, u = 0 on the boundary; near the corner u ~ r^(2/3).

Reference: particular solutions, exact to 1e-13. The residual is multiplied by r^(4/3), the order at which second
derivatives grow towards the corner: the solution is the same, and the residual stays bounded. By default the networks
see the coordinates alone; features=corner gives them the singular function as a further input.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import qmc

from kinn.calculus import laplacian
from kinn.conditions import Dirichlet
from kinn.errors import unknown
from kinn.fields import Field, Points
from kinn.geometry import Geometry, Polygon
from kinn.networks import KAN, MLP
from kinn.problem import Array, Defaults, Problem
from kinn.problems.references import poisson_lshape as reference

FEATURES = ("none", "corner")


def towards_the_corner(geometry: Geometry, n: int, seed: int) -> Array:
    """Return points (n, 2), half of them spread evenly and half crowded around the corner, r = R s^3."""
    even = geometry.sample(n - n // 2, seed=seed)
    unit = qmc.Sobol(2, seed=seed).random_base2(max(2, (3 * n).bit_length()))
    r, angle = 2**0.5 * unit[:, 0] ** 3, np.pi / 2 * (1 + 3 * unit[:, 1])
    polar = np.column_stack([r * np.cos(angle), r * np.sin(angle)])
    return np.concatenate([even, polar[geometry.contains(polar) & (r > 1e-6)][: n // 2]])


def strong(u: Field, p: Points) -> Field:
    """Return the residual, times r^(4/3)."""
    residual: Field = (laplacian(u) + 1.0) * (p.x * p.x + p.y * p.y) ** (2 / 3)
    return residual


def make_problem(features: str = "none") -> Problem:
    """Return the problem.

    Args:
        features: "none", or "corner" to give the networks the singular function as a further input.

    Raises:
        InputError: If the features are unknown.
    """
    if features not in FEATURES:
        raise unknown("features", features, FEATURES, "problem 'poisson-lshape'")
    corner = features == "corner"
    return Problem(
        "poisson-lshape",
        Polygon(reference.VERTICES, edges=["inner", "top", "left", "bottom", "right", "inner"]),
        strong=strong,
        conditions=[Dirichlet("u", 0.0, on="boundary")],
        exact=reference.exact,
        features=[reference.singular] if corner else (),
        defaults=Defaults(
            networks={"kan": KAN((8,), 8, 5) if corner else KAN((8,), (12, 8), 5), "mlp": MLP((20, 20))},
            points=3000,
            boundary_density=3.0,
            budget=60.0,
            sampler=towards_the_corner,
        ),
        title="Poisson's equation on an L-shape" + (", networks given the singular function" if corner else ""),
        source="Lu et al., DeepXDE, SIAM Rev. 63 (2021) 208",
    )
