"""
A curriculum in a constant of the problem
=========================================

Van der Pol's oscillator x'' - mu (1 - x^2) x' + x = 0 at mu = 2, where its swings are far from sines. From random weights
training ends in a wrong solution, most of which stands still. At a small mu it is easy; each further value starts from
the weights of the last.
"""

from __future__ import annotations

from scipy.integrate import solve_ivp

import kinn
from kinn import KAN, Initial, Problem, TimeInterval

MU, END = 2.0, 10.0
exactly = solve_ivp(
    lambda t, s: (s[1], MU * (1 - s[0] ** 2) * s[1] - s[0]), (0, END), (2, 0), dense_output=True, rtol=1e-10, atol=1e-10
).sol

problem = Problem(
    "van-der-pol",
    TimeInterval(0, END),
    fields="x",
    strong=lambda x, p: (x.tt - p.mu * (1 - x * x) * x.t + x) / 5,
    conditions=[Initial("x", 2.0), Initial("x", 0.0, derivative="t")],
    coefficients={"mu": MU},
    reference=lambda points: exactly(points[:, 0])[0],
)

# %%
# The last value of a curriculum is the problem's own. Both have as many steps in all.
network = KAN((4,), grid=20, degree=5)
direct = kinn.solve(problem, network, points=600, iterations=400, seed=1)
led = kinn.solve(problem, network, points=600, iterations=400, seed=1, curriculum={"mu": (0.25, 0.5, 1.0, 1.5, 2.0)})
print(f"directly            relative L2 error {direct.errors['x'].l2:.1e}")
print(f"with a curriculum   relative L2 error {led.errors['x'].l2:.1e}")
error = led.errors["x"].l2
led.plot("runs/van-der-pol-curriculum")
