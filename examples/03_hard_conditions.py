"""
Hard conditions on any shape
============================

The potential between two confocal ellipses, 0 on the inner and 1 on the outer one. In the coordinates
x + i y = cosh(mu + i nu) it is (mu - mu_0) / (mu_1 - mu_0).

A hard condition does not enter the loss. The field is u = g + d N with the network N and two smooth functions: g takes the
boundary values, and the distance function d vanishes on the boundary. The boundary values are then exact, and training
has fewer terms to balance.
"""

from __future__ import annotations

import numpy as np

import kinn
from kinn import MLP, Dirichlet, Ellipse, Problem, laplacian

INNER, OUTER = 0.3, 1.0


def ellipse(mu, name):
    """The ellipse on which mu is constant."""
    return Ellipse((0, 0), (np.cosh(mu), np.sinh(mu)), name=name)


def potential(points):
    """The solution at points (N, 2)."""
    mu = np.abs(np.arccosh(points[:, 0] + 1j * points[:, 1]).real)
    return (mu - INNER) / (OUTER - INNER)


# %%
# The same problem with soft and with hard conditions.
domain = ellipse(OUTER, "outside") - ellipse(INNER, "inside")
solutions = {}
for enforce in ("soft", "hard"):
    problem = Problem(
        f"confocal-{enforce}",
        domain,
        strong=lambda u, p: laplacian(u),
        conditions=[
            Dirichlet("u", 0.0, on="inside", enforce=enforce),
            Dirichlet("u", 1.0, on="outside", enforce=enforce),
        ],
        reference=potential,
    )
    solutions[enforce] = kinn.solve(problem, MLP((20, 20)), iterations=60, seed=0)

# %%
# Hard conditions are satisfied to rounding, and the error inside is smaller as well.
inner = domain.boundary("inside").sample(200).points
for enforce, solution in solutions.items():
    on_inner = np.abs(solution.evaluate("u", inner)).max()
    print(f"{enforce}: relative L2 error {solution.errors['u'].l2:.1e}, on the inner ellipse at most {on_inner:.1e}")
error = solutions["hard"].errors["u"].l2
solutions["hard"].plot("runs/confocal")
