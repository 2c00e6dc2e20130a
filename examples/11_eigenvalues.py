"""
Eigenvalues of the Schroedinger equation
========================================

The three lowest energies of a particle in a square well of infinite depth, n^2 pi^2 / 2, and in a harmonic potential, n - 1/2. The
energy is an unknown of the equation; `kinn.solve_eigenproblem` finds the lowest ones in order.
"""

from __future__ import annotations

import numpy as np

import kinn
from kinn import MLP, Dirichlet, Interval, Problem, Unknown

COUNT = 3


def particle(name, domain, potential):
    """Stationary states, in units in which the mass and Planck's constant are 1."""
    return Problem(
        name,
        domain,
        strong=lambda u, p: 0.5 * u.xx - potential(p.x) * u + p.E * u,
        conditions=[Dirichlet("u", 0.0, on="boundary", enforce="hard")],
        unknowns=[Unknown("E", initial=1.0)],
    )


# %%
# The harmonic potential is cut off where the wave functions have decayed to 1e-7.
n = np.arange(1, COUNT + 1)
cases = {
    "well": (particle("well", Interval(0, 1), lambda x: 0.0), n**2 * np.pi**2 / 2),
    "oscillator": (particle("oscillator", Interval(-6, 6), lambda x: 0.5 * x**2), n - 0.5),
}
error = 0.0
for name, (problem, exact) in cases.items():
    solutions = kinn.solve_eigenproblem(problem, MLP((12, 12)), count=COUNT, iterations=30, seed=0)
    energies = np.array([solution.unknowns["E"].value for solution in solutions])
    print(f"{name}: {energies.round(6)}, exact {exact.round(6)}")
    error = max(error, float(np.abs(energies / exact - 1).max()))
    for k, solution in enumerate(solutions):
        solution.plot(f"runs/{name}-{k + 1}")
print(f"largest relative error {error:.1e}")
