"""
Poisson's equation on a square with a hole
==========================================

A complete specification in a dozen lines: u_xx + u_yy = f with u prescribed on the outer square and the flux on the hole.
The exact solution is u = sin(2 x) cos(y).
"""

from __future__ import annotations

import kinn
from kinn import KAN, Dirichlet, Disk, Neumann, Problem, Rectangle, cos, grad, sin, sqrt


# %%
# One formula serves arrays and fields, so no gradient is derived by hand. The outward normal on the hole points to its
# centre.
def exact(x, y):
    """The solution."""
    return sin(2 * x) * cos(y)


def flux(x, y):
    """The normal derivative on the hole."""
    gradient = grad(exact(x, y))
    return -(gradient[0] * x + gradient[1] * y) / sqrt(x * x + y * y)


# %%
# Boundaries keep their names under set operations; "outer" is the boundary without the holes.
domain = Rectangle((-1, -1), (1, 1)) - Disk((0, 0), 0.25)
problem = Problem(
    "poisson-hole",
    domain,
    fields="u",
    strong=lambda u, p: u.xx + u.yy + p.source(p.x, p.y),
    conditions=[Dirichlet("u", exact, on="outer"), Neumann("u", flux, on="disk")],
    coefficients={"source": lambda x, y: 5 * exact(x, y)},
    exact=exact,
)

# %%
# A KAN with 8 hidden nodes, trained with the Levenberg-Marquardt method.
solution = kinn.solve(problem, KAN(width=(8,), grid=8, degree=5), optimizer="lm", iterations=120, seed=0)
error = solution.errors["u"].l2
print(f"relative L2 error {error:.1e} after {solution.iterations} steps, stopped: {solution.stopped}")
print("u_x at (0.5, 0.5):", solution.evaluate("u.x", [[0.5, 0.5]])[0])

# %%
# Figures, and a file for ParaView.
solution.plot("runs/poisson-hole")
solution.save_vtu("runs/poisson-hole/u.vtu")
