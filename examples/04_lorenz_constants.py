"""
Constants of an equation from measurements
==========================================

The Lorenz equations x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z. The three constants are identified from 60
noisy measurements of x, y and z, with their standard deviations.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import solve_ivp

import kinn
from kinn import KAN, Defaults, Observation, Problem, TimeInterval, Unknown

TRUE = {"sigma": 10.0, "rho": 15.0, "beta": 8 / 3}
NOISE = 0.1


def rates(t, state):
    """The right-hand side at the true constants, which generates the measurements."""
    x, y, z = state
    return TRUE["sigma"] * (y - x), x * (TRUE["rho"] - z) - y, x * y - TRUE["beta"] * z


t = np.linspace(0.0, 3.0, 60)
clean = solve_ivp(rates, (0.0, 3.0), (-8.0, 7.0, 27.0), t_eval=t, rtol=1e-10, atol=1e-10).y
measured = clean + NOISE * np.random.default_rng(0).standard_normal(clean.shape)


# %%
# Unknowns are accessed as ``p.sigma``, like coefficients. The identification starts at 1. There is no initial condition,
# because the measurements determine the initial state. The residuals are divided by 20, the order of magnitude of the rates,
# and have the same weight as the measurements (``pde_weight=1``).
def strong(x, y, z, p):
    """The residuals."""
    return [
        (x.t - p.sigma * (y - x)) / 20,
        (y.t - x * (p.rho - z) + y) / 20,
        (z.t - x * y + p.beta * z) / 20,
    ]


problem = Problem(
    "lorenz-constants",
    TimeInterval(0, 3),
    fields=("x", "y", "z"),
    strong=strong,
    conditions=[Observation(name, t, values, noise=NOISE) for name, values in zip("xyz", measured, strict=True)],
    unknowns=[Unknown(name, initial=1.0, positive=True, exact=value) for name, value in TRUE.items()],
    defaults=Defaults(pde_weight=1.0),
)
solution = kinn.solve(problem, KAN((4,), grid=24, degree=5), optimizer="lm", points=600, iterations=400, seed=0)

# %%
# The standard deviations follow from the Gauss-Newton matrix and the noise level.
for name, found in solution.unknowns.items():
    print(f"{name:5} = {found.value:.4f} +- {found.std:.4f}, true {found.exact:.4f}")
error = max(abs(found.value - found.exact) / found.std for found in solution.unknowns.values())
print(f"the largest error is {error:.1f} standard deviations")
solution.plot("runs/lorenz-constants")
