"""Errors with and without each training strategy, at equal numbers of steps.

    python benchmarks/strategies.py                    # everything, fills the tables of docs/strategies.md
    python benchmarks/strategies.py --only causal      # one table, printed

The number of steps is fixed instead of the time, so that load on the machine affects only the last column, the CPU time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from pages import processor, put_section, versions

import kinn
from kinn import (
    KAN,
    MLP,
    NTK,
    RAD,
    RARD,
    Adam,
    Causal,
    FixedWeights,
    GradientNorm,
    Problem,
    ResidualAttention,
    SelfAdaptive,
    problems,
)

PAGE = Path(__file__).parent.parent / "docs" / "strategies.md"
SEEDS = 3


def library(name: str, **settings: Any) -> Callable[[], Problem]:
    """Return a function that builds a problem of the library without its default strategies and sampler."""

    def make() -> Problem:
        made = problems.get(name, **settings)
        plain = replace(
            made.defaults, weights=None, sampling=None, causal=None, time_windows=1, curriculum=None, sampler=None
        )
        return replace(made, defaults=plain)

    return make


def viscous_layer() -> Problem:
    """Return u u' = nu u'' on (-1, 1), nu = 0.005, with a layer of width nu in the middle: u = -tanh(x / 2 nu)."""
    nu = 0.005
    return Problem(
        "viscous-layer", kinn.Interval(-1, 1), strong=lambda u, p: u * u.x - p.nu * u.xx,
        conditions=[
            kinn.Dirichlet("u", 1.0, on="left", enforce="hard"), kinn.Dirichlet("u", -1.0, on="right", enforce="hard"),
        ],
        exact=lambda x: -kinn.tanh(x / (2 * nu)), coefficients={"nu": nu},
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A problem, and the training methods compared on it.

    Attributes:
        name: The name of the table.
        make: Builds the problem.
        network: The network.
        common: Options of `kinn.solve` for all methods.
        methods: The options of each method, by its name in the table.
        title: The line above the table.
    """

    name: str
    make: Callable[[], Problem]
    network: Any
    common: dict[str, Any]
    methods: dict[str, dict[str, Any]]
    title: str
    columns: tuple[str, ...] = field(default=("relative L2, median", "range", "steps", "CPU s"))


SMALL = MLP((14, 14, 14))

CASES = (
    Case(
        "weights-adam", library("poisson-2d", enforce="soft"), MLP((20, 20)),
        {"optimizer": Adam(), "points": 900, "iterations": 3000},
        {
            "uniform, PDE 0.01 (the default)": {},
            "fixed, PDE 1": {"weights": FixedWeights(pde=1.0)},
            "ntk": {"weights": NTK()},
            "gradient-norm": {"weights": GradientNorm()},
            "rba": {"weights": ResidualAttention(every=1, decay=0.999)},
            "sa": {"weights": SelfAdaptive(every=10, rate=0.05)},
        },
        "Poisson's equation with soft conditions, MLP 20-20, Adam",
    ),
    Case(
        "weights-lm", library("burgers", enforce="soft"), SMALL, {"points": 2000, "iterations": 150},
        {
            "uniform, PDE 0.01 (the default)": {},
            "fixed, PDE 1": {"weights": FixedWeights(pde=1.0)},
            "ntk": {"weights": NTK(every=20)},
            "gradient-norm": {"weights": GradientNorm(every=20)},
            "rba": {"weights": ResidualAttention(every=10)},
            "sa": {"weights": SelfAdaptive(every=10)},
        },
        "Burgers' equation with soft conditions, MLP 14-14-14, `auto`",
    ),
    Case(
        "sampling", library("allen-cahn"), SMALL, {"points": 1500, "iterations": 200},
        {
            "fixed points": {},
            "rad": {"sampling": RAD(every=20)},
            "rar-d": {"sampling": RARD(every=20)},
        },
        "The Allen-Cahn equation from 1,500 equally spaced points, MLP 14-14-14, `auto`",
    ),
    Case(
        "causal", library("allen-cahn"), SMALL, {"points": 2000, "iterations": 200, "sampling": RAD(every=20)},
        {"without": {}, "causal": {"causal": Causal()}},
        "The Allen-Cahn equation with `rad`, MLP 14-14-14, `auto`",
    ),
    Case(
        "windows", library("advection"), MLP((100,), activation="sin", init_range=8.0), {"points": 2000, "iterations": 160},
        {"all at once": {}, "2 windows": {"time_windows": 2}, "4 windows": {"time_windows": 4}, "8 windows": {"time_windows": 8}},
        "Advection at beta = 30, MLP 100 (sin) in each window, `auto`, the steps divided among the windows",
    ),
    Case(
        "windows-allen-cahn", library("allen-cahn"), SMALL,
        {"points": 2000, "iterations": 400, "sampling": RAD(every=20)},
        {
            "all at once": {},
            "4 windows": {"time_windows": 4},
            "all at once, causal": {"causal": Causal()},
            "4 windows, causal": {"time_windows": 4, "causal": Causal()},
        },
        "The Allen-Cahn equation with `rad`, MLP 14-14-14 in each window, `auto`, the steps divided among the windows",
    ),
    Case(
        "batch", library("poisson-2d", enforce="soft"), MLP((20, 20)), {"optimizer": Adam(), "points": 3600},
        {
            "all 3,600 points": {"iterations": 1000},
            "batches of 900": {"batch": 900, "iterations": 4000},
            "batches of 225": {"batch": 225, "iterations": 16000},
        },
        "Poisson's equation with soft conditions, MLP 20-20, Adam, equal numbers of passes over the points",
    ),
    Case(
        "curriculum", viscous_layer, KAN((6,), 12, 5), {"points": 600, "iterations": 160},
        {"at once": {}, "curriculum": {"curriculum": {"nu": (0.1, 0.03, 0.01, 0.005)}}},
        "u u' = nu u'' at nu = 0.005, KAN 6, `auto`, the steps divided among the values 0.1, 0.03, 0.01 and 0.005",
    ),
    Case(
        "ensemble", library("burgers"), SMALL, {"points": 2000, "iterations": 100},
        {"one seed": {}, "ensemble of 5": {"ensemble": 5}},
        "Burgers' equation, MLP 14-14-14, `auto`",
    ),
)  # fmt: skip


def measure(case: Case, options: dict[str, Any]) -> str:
    """Return the cells of one method: errors over the seeds, steps and CPU time."""
    errors, seconds, steps = [], [], []
    for seed in range(SEEDS):
        began = time.process_time()
        solution = kinn.solve(
            case.make(), case.network, budget=1e6, seed=1000 * seed, threads=1, **{**case.common, **options}
        )
        seconds.append(time.process_time() - began)
        errors.append(next(iter(solution.errors.values())).l2)
        steps.append(solution.iterations)
        print(f"{case.name} {options} seed {seed}: {errors[-1]:.1e}, {seconds[-1]:.0f} s", file=sys.stderr, flush=True)
    return (
        f"{statistics.median(errors):.1e} | {min(errors):.1e} to {max(errors):.1e} "
        f"| {statistics.median(steps):.0f} | {statistics.median(seconds):.0f}"
    )


def table(case: Case) -> str:
    """Return the table of a case."""
    head = f"| | {' | '.join(case.columns)} |\n|---|{'---|' * len(case.columns)}\n"
    rows = (f"| {name} | {measure(case, options)} |" for name, options in case.methods.items())
    return f"{case.title}:\n\n{head}" + "\n".join(rows)


def main() -> None:
    """Parse the command line, measure, fill the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[case.name for case in CASES], help="one table")
    parser.add_argument("--write", action="store_true", help="write it into the page")
    options = parser.parse_args()
    for case in CASES:
        if options.only in (None, case.name):
            text = table(case)
            print(text)
            if options.only is None or options.write:
                put_section(PAGE, case.name, text)
    machine = f"Measured on {processor()}, one thread, {versions(('torch', 'numpy', 'scipy'))}; three seeds."
    if options.only is None or options.write:
        put_section(PAGE, "machine", machine)


if __name__ == "__main__":
    main()
