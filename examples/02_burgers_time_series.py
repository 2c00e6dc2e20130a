"""A problem of the library, solved with an MLP, written as a time series for ParaView."""

from __future__ import annotations

from pathlib import Path

import kinn
from kinn import problems


def main(budget: float = 30.0, folder: str = "runs/burgers-series") -> float:
    """Solve, write `burgers.pvd`, and return the relative L2 error."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    solution = kinn.solve(problems.factory("burgers")(viscosity=0.05), "mlp", budget=budget, points=1500)
    solution.save_pvd(f"{folder}/burgers.pvd", times=11)
    print(f"relative L2 error {solution.errors['u'].l2:.1e}, stopped: {solution.stopped}")
    return solution.errors["u"].l2


if __name__ == "__main__":
    main()
