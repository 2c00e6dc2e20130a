"""
A membrane over an obstacle
===========================

A string is fixed at both ends and stretched over an obstacle psi = 1/2 - x^2: u >= psi, -u'' >= 0, and one of both is an equality
everywhere. `kinn.complementarity` makes one residual of this. The string leaves the obstacle at x = +-(1 - 1 / sqrt(2)) along its
tangent.
"""

from __future__ import annotations

import numpy as np

import kinn
from kinn import MLP, Dirichlet, Interval, Problem, complementarity

CONTACT = 1 - np.sqrt(0.5)
STIFFNESS = 100.0  # so that the gap counts as much as the curvature


def obstacle(x):
    return 0.5 - x**2


def shape(points):
    """The solution at points (N, 1)."""
    x = np.abs(points[:, 0])
    return np.where(x < CONTACT, obstacle(x), 2 * CONTACT * (1 - x))


problem = Problem(
    "obstacle",
    Interval(-1, 1),
    strong=lambda u, p: complementarity(STIFFNESS * (u - obstacle(p.x)), -u.xx),
    conditions=[Dirichlet("u", 0.0, on="boundary", enforce="hard")],
    reference=shape,
)
solution = kinn.solve(problem, MLP((12, 12)), points=400, iterations=60, seed=0)

# %%
# The second derivative jumps where the contact ends; the networks smooth it there.
x = np.linspace(-1, 1, 2001)
touching = x[solution.evaluate("u.xx", x[:, None]) < -1.0]
print(f"contact ends at {touching.max():.4f}, exact {CONTACT:.4f}")
print(f"relative L2 error {solution.errors['u'].l2:.1e}")
error = solution.errors["u"].l2
solution.plot("runs/obstacle")
