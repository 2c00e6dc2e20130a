"""
A problem of the library as a time series
=========================================

Burgers' equation with a moderate viscosity, solved with an MLP and written as a series of files for ParaView.
"""

from __future__ import annotations

from pathlib import Path

import kinn
from kinn import problems

# %%
# A problem of the library is made with its settings, here the viscosity. By its name, "mlp" is the network that the
# problem suggests.
problem = problems.get("burgers", viscosity=0.05)
solution = kinn.solve(problem, "mlp", points=800, iterations=60, seed=0)
error = solution.errors["u"].l2
print(f"relative L2 error {error:.1e} after {solution.iterations} steps, stopped: {solution.stopped}")

# %%
# Eleven instants, which ParaView plays as one film.
folder = Path("runs/burgers-series")
folder.mkdir(parents=True, exist_ok=True)
solution.save_pvd(folder / "burgers.pvd", times=11)
solution.plot(folder)
