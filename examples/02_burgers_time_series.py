"""
A library problem as a time series
==================================

Burgers' equation with a moderate viscosity, solved with an MLP and written as a series of VTU files for ParaView.
"""

from __future__ import annotations

from pathlib import Path

import kinn
from kinn import problems

# %%
# A library problem takes settings, here the viscosity. The name "mlp" selects the MLP that the problem recommends.
problem = problems.get("burgers", viscosity=0.05)
solution = kinn.solve(problem, "mlp", points=800, iterations=60, seed=0)
error = solution.errors["u"].l2
print(f"relative L2 error {error:.1e} after {solution.iterations} steps, stopped: {solution.stopped}")

# %%
# Eleven instants, which ParaView plays as an animation.
folder = Path("runs/burgers-series")
folder.mkdir(parents=True, exist_ok=True)
solution.save_pvd(folder / "burgers.pvd", times=11)
solution.plot(folder)
