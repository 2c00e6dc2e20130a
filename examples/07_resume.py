"""
Interrupted and resumed
=======================

A solve that keeps its state in a file goes on after a kill, to the same weights, bit for bit on the CPU, as one that was
never interrupted. On the command line this needs nothing: ``kinn solve`` keeps its state in the run folder, and
``kinn resume RUN`` goes on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import kinn
from kinn import KAN, Initial, Problem, TimeInterval

problem = Problem(
    "pendulum",
    TimeInterval(0, 6),
    strong=lambda u, p: u.tt + kinn.sin(u),
    conditions=[Initial("u", 1.5), Initial("u", 0.0, derivative="t")],
)
network = KAN((4,), grid=8, degree=5)
whole = kinn.solve(problem, network, points=300, iterations=120, seed=0)


# %%
# Here the interruption comes from the function that is called after each step; it might as well be a power cut.
def power_cut(record):
    """Stop in the middle."""
    if record.iteration == 70:
        raise KeyboardInterrupt


state = Path("runs/pendulum.pt")
state.parent.mkdir(parents=True, exist_ok=True)
try:
    kinn.solve(problem, network, points=300, iterations=120, seed=0, checkpoint=state, progress=power_cut)
except KeyboardInterrupt:
    print("interrupted")

# %%
# The problem was made in this script, so it is given again; one of the library is found by its name.
resumed = kinn.resume(state, problem)
t = np.linspace(0, 6, 1001)[:, None]
error = float(np.abs(resumed.evaluate("u", t) - whole.evaluate("u", t)).max())
print(f"{resumed.iterations} steps; differs from the uninterrupted solve by {error}")
