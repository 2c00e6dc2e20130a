"""The runs: each a solve in a separate process on one thread."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from accuracy_table.runs import environment
from child_process import run_on_one_thread

from untuned_table.rows import TOLERANCE_PROBLEMS
from untuned_table.scaled import FACTORS, SCALED

#: The networks, without any setting.
NETWORKS = ("kan", "mlp")

#: The entries of a stored result that make its key.
KEY = ("problem", "network", "seed", "length", "size", "tolerance")

SCRIPT = Path(__file__).parent.parent / "untuned.py"


@dataclass(frozen=True)
class Run:
    """One solve.

    Attributes:
        problem: The name.
        network: The name of the network.
        seed: The seed.
        budget: Seconds of CPU time.
        length: The factor of the coordinates, of a problem in any units.
        size: The factor of the fields, likewise.
        tolerance: The error to reach; None to use the budget.
    """

    problem: str
    network: str
    seed: int = 0
    budget: float = 120.0
    length: float = 1.0
    size: float = 1.0
    tolerance: float | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """The key in the file."""
        return tuple(getattr(self, name) for name in KEY)

    @property
    def label(self) -> str:
        """The run in a few words."""
        words = [self.problem, self.network, f"seed {self.seed}"]
        if (self.length, self.size) != FACTORS[0]:
            words.append(f"coordinates x {self.length:g}, fields x {self.size:g}")
        if self.tolerance is not None:
            words.append(f"tolerance {self.tolerance:g}")
        return " ".join(words)


def untuned_runs(problems: Sequence[str], seeds: int, budget: float) -> Iterator[Run]:
    """Runs of problems, the first seeds of all first, so that failures show early."""
    for seed in range(seeds):
        for problem in dict.fromkeys(problems):
            for network in NETWORKS:
                yield Run(problem, network, seed, budget)


def scale_runs(seeds: int, budget: float) -> Iterator[Run]:
    """Runs of the problems in any units."""
    for seed in range(seeds):
        for problem in SCALED:
            for network in NETWORKS:
                for length, size in FACTORS:
                    yield Run(problem, network, seed, budget, length, size)


def tolerance_runs(tolerances: Sequence[float], seeds: int, budget: float) -> Iterator[Run]:
    """Runs to tolerances."""
    for seed in range(seeds):
        for problem in TOLERANCE_PROBLEMS:
            for network in NETWORKS:
                for tolerance in tolerances:
                    yield Run(problem, network, seed, budget, tolerance=tolerance)


def run_in_process(run: Run) -> dict[str, Any]:
    """Result of a run in a process; a solve that fails is a result, too: the reason is stored."""
    process = run_on_one_thread([sys.executable, str(SCRIPT), "--child", json.dumps(asdict(run))])
    if process.status == 0:
        result = json.loads(process.output.splitlines()[-1])
    else:
        result = {"failed": process.errors[-2000:] or f"exit status {process.status}"}
    return {**asdict(run), **result, "cpu_seconds": process.seconds, "environment": environment()}
