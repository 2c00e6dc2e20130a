"""Least squares on random features: features, spread found, seconds and error of linear problems of the library.

python benchmarks/linear.py [PROBLEM ...]
"""

from __future__ import annotations

import sys
import time

import kinn
from kinn import RandomFeatures, problems

PROBLEMS = (
    "poisson-2d", "helmholtz", "wave-1d", "heat-multifrequency", "advection", "biharmonic", "annulus-robin", "laplace-ball",
    "poisson-5d", "two-holes", "poisson-holes", "plate-hole", "heat-anisotropic",
)  # fmt: skip
FEATURES = (500, 1000)


def main() -> None:
    """Print a table, one row a problem and number of features."""
    print("| problem | features | spread | CPU s | relative L2 |\n|---|---|---|---|---|")
    for name in sys.argv[1:] or PROBLEMS:
        for features in FEATURES:
            start = time.process_time()
            solution = kinn.solve(problems.get(name), RandomFeatures(features), threads=1)
            seconds = time.process_time() - start
            errors = ", ".join(f"{field} {error.l2:.1e}" for field, error in solution.errors.items())
            spread = getattr(solution.fields.architecture, "spread", "")  # type: ignore[attr-defined]
            print(f"| {name} | {features} | {spread} | {seconds:.1f} | {errors} |", flush=True)


if __name__ == "__main__":
    main()
