"""
A curriculum in a coefficient
=============================

The van der Pol oscillator x'' - mu (1 - x^2) x' + x = 0 at mu = 2, where its oscillations are far from harmonic. From random
weights, training converges to a wrong solution that is constant over most of the interval. At small mu training succeeds. The
curriculum increases mu in stages, each of which starts from the weights of the previous one.
"""

from __future__ import annotations

from scipy.integrate import solve_ivp

import kinn
from kinn import KAN, Initial, Problem, TimeInterval

MU, END = 2.0, 10.0
reference = solve_ivp(
    lambda t, s: (s[1], MU * (1 - s[0] ** 2) * s[1] - s[0]), (0, END), (2, 0), dense_output=True, rtol=1e-10, atol=1e-10
).sol

problem = Problem(
    "van-der-pol",
    TimeInterval(0, END),
    fields="x",
    strong=lambda x, p: (x.tt - p.mu * (1 - x * x) * x.t + x) / 5,
    conditions=[Initial("x", 2.0), Initial("x", 0.0, derivative="t")],
    coefficients={"mu": MU},
    reference=lambda points: reference(points[:, 0])[0],
)

# %%
# The last value of a curriculum is that of the problem. Both solves have the same total number of steps.
network = KAN((4,), grid=20, degree=5)
direct = kinn.solve(problem, network, points=600, iterations=400, seed=1)
staged = kinn.solve(problem, network, points=600, iterations=400, seed=1, curriculum={"mu": (0.25, 0.5, 1.0, 1.5, 2.0)})
print(f"direct              relative L2 error {direct.errors['x'].l2:.1e}")
print(f"with a curriculum   relative L2 error {staged.errors['x'].l2:.1e}")
error = staged.errors["x"].l2
staged.plot("runs/van-der-pol-curriculum")
