"""
Time marching
=============

The van der Pol oscillator x'' - (1 - x^2) x' + x = 0 over three periods. Trained on the whole time interval, a network
converges to functions that satisfy the equation at late times but do not follow from the initial state, and a warning says
where they depart from it. Time marching divides the interval into windows, each with a separate network that starts from the
final state of the previous window. The same training then converges to the solution.
"""

from __future__ import annotations

from scipy.integrate import solve_ivp

import kinn
from kinn import KAN, Initial, Problem, TimeInterval

END = 20.0
reference = solve_ivp(
    lambda t, s: (s[1], (1 - s[0] ** 2) * s[1] - s[0]), (0, END), (2, 0), dense_output=True, rtol=1e-10, atol=1e-10
).sol

problem = Problem(
    "van-der-pol",
    TimeInterval(0, END),
    fields="x",
    strong=lambda x, p: (x.tt - (1 - x * x) * x.t + x) / 5,
    conditions=[Initial("x", 2.0), Initial("x", 0.0, derivative="t")],
    reference=lambda points: reference(points[:, 0])[0],
)

# %%
# One interval, and eight windows, with the same total number of steps. With few steps each, Levenberg-Marquardt alone is better
# than the default, which spends part of them on a race of methods.
network = KAN((4,), grid=8, degree=5)
single = kinn.solve(problem, network, optimizer="lm", points=300, iterations=400, seed=0)
windows = kinn.solve(problem, network, optimizer="lm", points=300, iterations=400, time_windows=8, seed=0)
print(f"one interval  relative L2 error {single.errors['x'].l2:.1e}")
print(f"8 windows     relative L2 error {windows.errors['x'].l2:.1e}")
error = windows.errors["x"].l2
windows.plot("runs/van-der-pol-time-marching")
