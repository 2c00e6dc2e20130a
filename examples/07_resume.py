"""
Resuming an interrupted solve
=============================

A solve that writes checkpoints can be resumed after a kill. On the CPU its weights are then equal, bit for bit, to those of an
uninterrupted solve. On the command line this is the default: ``kinn solve`` writes checkpoints into the run folder, and
``kinn resume RUN`` resumes it.
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
uninterrupted = kinn.solve(problem, network, points=300, iterations=120, seed=0)


# %%
# A callback interrupts the solve here, in place of a power failure.
def power_failure(entry):
    """Interrupt the solve at step 70."""
    if entry.iteration == 70:
        raise KeyboardInterrupt


state = Path("runs/pendulum.pt")
state.parent.mkdir(parents=True, exist_ok=True)
try:
    kinn.solve(problem, network, points=300, iterations=120, seed=0, checkpoint=state, progress=power_failure)
except KeyboardInterrupt:
    print("interrupted")

# %%
# A problem defined in a script is passed again; a library problem is found by its name.
resumed = kinn.resume(state, problem)
t = np.linspace(0, 6, 1001)[:, None]
error = float(np.abs(resumed.evaluate("u", t) - uninterrupted.evaluate("u", t)).max())
print(f"{resumed.iterations} steps; differs from the uninterrupted solve by {error}")
