"""The accuracy table: every problem with its defaults, KAN and MLP, medians over seeds.

    python benchmarks/accuracy.py                      # everything, writes docs/accuracy.md (make accuracy)
    python benchmarks/accuracy.py --only wedge --jobs 1

Each run is the command `kinn solve NAME --network N --seed S --json` in a process of its own on one thread; its seconds are
those of the whole process, from start to the finished run folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "accuracy.md"


@dataclass(frozen=True)
class Row:
    """Two lines of the table, one a network: a problem with what it must reach.

    Attributes:
        problem: The name.
        kan: The error a KAN must reach; None where it is only reported.
        mlp: Likewise an MLP.
        within: Seconds allowed.
        settings: What goes to `--set`.
        best: The error that the more accurate of the two must reach.
        constants: Whether the error is that of the unknown constants, the largest, and not that of the primary field.
    """

    problem: str
    kan: float | None = None
    mlp: float | None = None
    within: int = 300
    settings: tuple[str, ...] = ()
    best: float | None = None
    constants: bool = False

    @property
    def label(self) -> str:
        """What the table calls it."""
        return " ".join([self.problem, *self.settings])


ROWS = (
    Row("poisson-2d", 1e-7, 1e-8, 30),
    Row("helmholtz", 3e-4, 5e-5, 90),
    Row("burgers", 2e-3, 2e-4, 180),
    Row("heat-multifrequency", 1e-4, None, 180),
    Row("crack", 5e-3, None, 180),
    Row("crack", 1e-5, None, 180, ("features=tip",)),
    Row("wedge", 1e-6, 1e-6, 30),
    Row("poisson-5d", best=1e-4),
    Row("poisson-lshape", best=5e-3),
    Row("poisson-lshape", best=1e-4, settings=("features=corner",)),
    Row("poisson-holes", best=1e-3),
    Row("annulus-robin", best=1e-6),
    Row("biharmonic", best=1e-6),
    Row("eikonal"),
    Row("allen-cahn", best=1e-3),
    Row("advection", best=1e-3),
    Row("wave-1d", best=1e-3),
    Row("heat-anisotropic", best=1e-3),
    Row("korteweg-de-vries", best=1e-3),
    Row("kuramoto-sivashinsky"),
    Row("reaction-diffusion"),
    Row("schroedinger", best=1e-3),
    Row("kovasznay", best=1e-6),
    Row("lid-driven-cavity", best=2e-2),
    Row("lorenz"),
    Row("lorenz", best=1e-3, settings=("constants=unknown",), constants=True),
    Row("burgers-viscosity", best=5e-3, constants=True),
    Row("heat-conductivity"),
)


def solve(row: Row, network: str, seed: int, out: str) -> dict[str, Any]:
    """Run one solve in a process of its own and return its summary with the process's seconds and network."""
    command = [sys.executable, "-P", "-m", "kinn", "solve", row.problem, "--network", network, "--seed", str(seed)]
    command += ["--json", "--out", out]
    for setting in row.settings:
        command += ["--set", setting]
    began = time.perf_counter()
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **threads})
    seconds = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:])} failed:\n{done.stderr[-2000:]}")
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    error = _error(row, summary)
    print(f"{row.label} {network} seed {seed}: {error:.1e} in {seconds:.0f} s", file=sys.stderr, flush=True)
    return {**summary, "process_seconds": seconds, "error": error}


def _error(row: Row, summary: dict[str, Any]) -> float:
    """Return the relative L2 error of the primary field, or the largest relative error of an unknown constant."""
    if row.constants:
        return max(float(unknown["error"]) for unknown in summary["unknowns"].values())
    errors = next(iter(summary["errors"].values()))
    return float(errors["l2"])


def lines(row: Row, runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the lines of a row, given the runs of each network."""
    medians = {network: statistics.median(run["error"] for run in these) for network, these in runs.items()}
    best = min(medians, key=lambda network: medians[network])
    asked = {"kan": row.kan, "mlp": row.mlp} | ({best: row.best} if row.best is not None else {})
    return [line(row, network, these, asked[network]) for network, these in runs.items()]


def line(row: Row, network: str, runs: list[dict[str, Any]], target: float | None) -> str:
    """Return one line of the table."""
    errors = sorted(run["error"] for run in runs)
    median = statistics.median(errors)
    seconds = statistics.median(run["process_seconds"] for run in runs)
    verdict = "report" if target is None else f"{target:.0e} " + ("reached" if median <= target else "not reached")
    if row.best is not None and target is not None:
        verdict = f"better of two: {verdict}"
    if seconds > row.within:
        verdict += f", over {row.within} s"
    iterations = statistics.median(run["iterations"] for run in runs)
    return (
        f"| {row.label}{', constants' * row.constants} | {network} | {runs[0]['parameters']} | {median:.1e} | {errors[0]:.1e} .. {errors[-1]:.1e} "
        f"| {iterations:.0f} | {seconds:.0f} | {verdict} |"
    )


def architectures(rows: list[Row]) -> str:
    """Return the default networks, points and budgets as a list."""
    from kinn import problems

    lines = []
    for row in rows:
        made = problems.factory(row.problem)(**dict(s.split("=") for s in row.settings))
        d = made.defaults
        points = d.points or "4 a parameter"
        networks = "; ".join(f"`{n}`" for n in d.networks.values())
        lines.append(
            f"- {row.label}: {networks}; {points} interior points; PDE weight {d.pde_weight:g}; {d.budget:g} s"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, measure, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="one problem; prints the table and writes nothing")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at a time, one thread each")
    options = parser.parse_args()
    rows = [row for row in ROWS if options.only in (None, row.problem)]
    work = [(row, network, seed) for row in rows for network in ("kan", "mlp") for seed in range(options.seeds)]
    with tempfile.TemporaryDirectory() as out, ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda w: solve(*w, out), work))
    table_lines = []
    for row in rows:
        runs: dict[str, list[dict[str, Any]]] = {"kan": [], "mlp": []}
        for (measured, network, _), result in zip(work, results, strict=True):
            if measured is row:
                runs[network].append(result)
        table_lines += lines(row, runs)
    head = (
        "| problem | network | parameters | relative L2, median | least .. largest | iterations | seconds | asked |\n"
        "|---|---|---|---|---|---|---|---|\n"
    )
    table = head + "\n".join(table_lines)
    print(table)
    if options.only is None:
        PAGE.write_text(page(table, rows, options.seeds, options.jobs), encoding="utf-8")


def page(table: str, rows: list[Row], seeds: int, jobs: int) -> str:
    """Return the documentation page."""
    from importlib.metadata import version

    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "scipy"))
    model = (s.split(":")[1].strip() for s in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in s)
    return f"""# Accuracy

Relative L2 error of the first field on the problem's evaluation grid (cell centres, 1000 in one coordinate, 100 x 100 in two, 24 a
coordinate in three; 20,000 Sobol points in more), of "constants" the largest relative error of an unknown constant; float64,
optimizer `auto`, medians over seeds 0..{seeds - 1}. Seconds are wall-clock seconds of the whole process `kinn solve NAME --network N
--seed S --json`, imports, figures and files included, on one thread, {jobs} runs at a time. Measured by `make accuracy` on
{next(model, platform.processor())}, Python {platform.python_version()}, {versions}.

{table}

Each network is the problem's default for its kind; parameters are not matched here, `kinn compare` does that. Where
one of the two is the more accurate, the table says so: neither is tuned to look better than the other.

Settings (networks, interior collocation points, weight of the PDE's mean square where conditions have 1, budget):

{architectures(rows)}
"""


if __name__ == "__main__":
    main()
