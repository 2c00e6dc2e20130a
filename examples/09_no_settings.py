"""
A problem without settings
==========================

A cooling fin, stated in SI units as one finds it in a textbook: heat flows along a blade of aluminium 120 mm long and 0.5 mm
thick from a base at 600 K, and leaves it by convection and radiation. Neither network nor points nor weights are set: the
solve is told how accurate the temperature must be, and estimates its own error. No exact solution is needed for this; here
a boundary value solver checks it.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_bvp

import kinn
from kinn import Dirichlet, Interval, Neumann, Problem

LENGTH, THICKNESS = 0.12, 0.5e-3  # m
CONDUCTIVITY, FILM = 200.0, 25.0  # W/(m K), W/(m^2 K)
EMISSIVITY, STEFAN_BOLTZMANN = 0.8, 5.67e-8  # 1, W/(m^2 K^4)
BASE, AIR = 600.0, 300.0  # K


# %%
# The equation is a balance of watts per square metre. Its terms are of the order of 1e4 and the coordinate is of the order of
# 0.1: the solver finds these scales itself.
def loss(u):
    """Heat that leaves both faces, in W/m^2."""
    return 2 * FILM * (u - AIR) + 2 * EMISSIVITY * STEFAN_BOLTZMANN * (u**4 - AIR**4)


problem = Problem(
    "fin",
    Interval(0, LENGTH),
    fields="u",
    strong=lambda u, p: CONDUCTIVITY * THICKNESS * u.xx - loss(u),
    conditions=[Dirichlet("u", BASE, on="left"), Neumann("u", 0.0, on="right")],
)

# %%
# The name of a network is enough. Training ends once the estimated relative error is below the tolerance.
solution = kinn.solve(problem, "kan", tolerance=1e-6)
print(f"converged: {solution.converged}, estimated error {solution.estimate.l2['u']:.1e}, {solution.seconds:.1f} s")
print(f"network: {solution.network}")
print(f"temperature at the tip: {solution([[LENGTH]])[0, 0]:.3f} K")

# %%
# The check.
x = np.linspace(0, LENGTH, 401)
reference = solve_bvp(
    lambda x, y: [y[1], loss(y[0]) / (CONDUCTIVITY * THICKNESS)],
    lambda a, b: [a[0] - BASE, b[1]],
    x,
    [np.full(401, BASE), np.zeros(401)],
    tol=1e-9,
    max_nodes=20_000,
).sol(x)[0]
error = np.linalg.norm(solution(x[:, None])[:, 0] - reference) / np.linalg.norm(reference)
print(f"true error {error:.1e}")
solution.plot("runs/fin")
