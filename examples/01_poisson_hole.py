"""Poisson's equation on a square with a hole: the whole specification in a dozen lines.

u_xx + u_yy = f, u given on the outer square, the flux given on the hole; u = sin(2 x) cos(y).
"""

from __future__ import annotations

import numpy as np

import kinn
from kinn import KAN, Dirichlet, Disk, Neumann, Problem, Rectangle, cos, grad, sin


def exact(x, y):
    """The solution, for arrays and for fields."""
    return sin(2 * x) * cos(y)


def flux(x, y):
    """The normal derivative on the hole; its outward normal points to the hole's centre."""
    slopes = grad(exact(x, y))
    r = kinn.sqrt(x * x + y * y)
    return -(slopes[0] * x + slopes[1] * y) / r


domain = Rectangle((-1, -1), (1, 1)) - Disk((0, 0), 0.25)
problem = Problem(
    "poisson-hole",
    domain,
    fields="u",
    strong=lambda u, p: u.xx + u.yy + p.source(p.x, p.y),
    conditions=[Dirichlet("u", exact, on="outer"), Neumann("u", flux, on="disk")],
    constants={"source": lambda x, y: 5 * exact(x, y)},
    exact=exact,
)


def main(budget: float = 10.0) -> float:
    """Solve, and return the relative L2 error."""
    solution = kinn.solve(problem, KAN(width=(8,), grid=8, degree=5), optimizer="lm", budget=budget, seed=0)
    print(
        f"relative L2 error {solution.errors['u'].l2:.1e} after {solution.iterations} steps, {solution.seconds:.1f} s"
    )
    print("u_x at (0.5, 0.5):", solution.evaluate("u.x", np.array([[0.5, 0.5]]))[0])
    solution.plot("runs/poisson-hole")
    solution.save_vtu("runs/poisson-hole/u.vtu")
    return solution.errors["u"].l2


if __name__ == "__main__":
    main()
