"""
A long time in windows
====================

Van der Pol's oscillator x'' - (1 - x^2) x' + x = 0 over three periods. Trained on the whole time at once, a network
finds functions that satisfy the equation late without having come from the initial state. Cut into windows, each with
a network of its own that starts from where the last one ended, the same training finds the solution.
"""

from __future__ import annotations

from scipy.integrate import solve_ivp

import kinn
from kinn import KAN, Initial, Problem, TimeInterval

END = 20.0
exactly = solve_ivp(
    lambda t, s: (s[1], (1 - s[0] ** 2) * s[1] - s[0]), (0, END), (2, 0), dense_output=True, rtol=1e-10, atol=1e-10
).sol

problem = Problem(
    "van-der-pol",
    TimeInterval(0, END),
    fields="x",
    strong=lambda x, p: (x.tt - (1 - x * x) * x.t + x) / 5,
    conditions=[Initial("x", 2.0), Initial("x", 0.0, derivative="t")],
    reference=lambda points: exactly(points[:, 0])[0],
)

# %%
# All at once, and in eight windows; both have as many steps in all.
network = KAN((4,), grid=8, degree=5)
whole = kinn.solve(problem, network, points=300, iterations=400, seed=0)
windows = kinn.solve(problem, network, points=300, iterations=400, time_windows=8, seed=0)
print(f"at once   relative L2 error {whole.errors['x'].l2:.1e}")
print(f"8 windows   relative L2 error {windows.errors['x'].l2:.1e}")
error = windows.errors["x"].l2
windows.plot("runs/van-der-pol-windows")
