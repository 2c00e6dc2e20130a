"""Whether a change of the code changes any result: fixed runs, their weights and losses compared bit for bit.

    python benchmarks/reproducibility.py --write before.json      # in the checkout before a change
    python benchmarks/reproducibility.py --against before.json    # in the checkout after it

Both on the same machine: other processors and other versions of torch round otherwise.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import kinn
from kinn import KAN, MLP, Adam, Causal, NeuralODE, ResNet, SelfScaledBroyden, Solution, problems


def solve(
    name: str, network: object, iterations: int = 8, settings: dict[str, object] | None = None, **options: object
):
    """Return what solves a problem of the library in a fixed number of steps."""

    def run() -> Solution:
        problem = problems.get(name, **(settings or {}))
        return kinn.solve(problem, network, iterations=iterations, budget=1e6, seed=3, threads=1, **options)

    return run


RUNS: dict[str, Callable[[], Solution]] = {
    "strong KAN": solve("poisson-2d", KAN((6,), 6, 5), settings={"enforce": "soft"}),
    "strong MLP, hard conditions": solve("kovasznay", MLP((12, 12)), iterations=12),
    "strong residual network": solve("burgers", ResNet(width=10, depth=2), points=400),
    "strong neural ODE": solve("poisson-1d", NeuralODE(), points=100),
    "strong subdomains and features": solve("crack", KAN((5,), 5, 5), settings={"features": "tip"}, points=300),
    "energy KAN": solve("poisson-2d", KAN((6,), 6, 5), form="energy"),
    "energy MLP with penalties": solve("hyperelastic-beam", MLP((8, 8)), form="energy", points=400),
    "inverse KAN": solve("flower", KAN((4,), 6, 5), form="inverse"),
    "inverse MLP": solve("stokes-cavity", MLP((8,)), form="inverse"),
    "time windows": solve("advection", MLP((12,), activation="sin"), iterations=16, points=300, time_windows=2),
    "curriculum": solve("lid-driven-cavity", MLP((10, 10)), points=300, curriculum={"reynolds": (10.0, 50.0, 100.0)}, iterations=12),
    "ensemble": solve("poisson-2d", MLP((10,)), ensemble=2),
    "unknown constants": solve("lorenz", MLP((10, 10), activation="sin"), points=200),
    "float32, Adam in batches": solve("poisson-2d", MLP((10, 10)), iterations=40, dtype="float32", optimizer=Adam(), batch=64),
    "causal weights and resampling": solve("allen-cahn", MLP((10, 10)), iterations=30, points=300, causal=Causal(), sampling="rad"),
    "self-scaled Broyden": solve("helmholtz", MLP((10, 10)), iterations=60, optimizer=SelfScaledBroyden(), points=300),
}  # fmt: skip


def fingerprint(solution: Solution) -> str:
    """Return a digest of all weights and of the loss at every step."""
    digest = hashlib.sha256()
    for tensor in solution.fields.state_dict().values():
        digest.update(np.ascontiguousarray(tensor.detach().numpy()).tobytes())
    digest.update(np.array([record.loss for record in solution.history]).tobytes())
    return digest.hexdigest()[:16]


def main() -> int:
    """Run all and write or compare their fingerprints; the exit status says whether they agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--write", type=Path)
    where.add_argument("--against", type=Path)
    arguments = parser.parse_args()
    before = json.loads(arguments.against.read_text()) if arguments.against else {}
    found: dict[str, str] = {}
    for name, run in RUNS.items():
        solution = run()
        found[name] = fingerprint(solution)
        verdict = "" if not before else "same" if before.get(name) == found[name] else "DIFFERENT"
        print(f"{name:34} {solution.parameters:6} parameters {solution.iterations:4} steps  {found[name]}  {verdict}")
    if arguments.write:
        arguments.write.write_text(json.dumps(found, indent=2) + "\n")
    return int(bool(before) and before != found)


if __name__ == "__main__":
    sys.exit(main())
