"""The runs of the table, each a `kinn solve` in a separate process, stored as lines of JSON."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pages import processor, versions

from accuracy_table.rows import Row


@dataclass(frozen=True)
class Run:
    """One solve of the table."""

    row: Row
    network: str
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """The key in the file."""
        return self.row.label, self.network, self.seed

    @property
    def command(self) -> list[str]:
        """The arguments of `kinn`."""
        row = self.row
        words = ["solve", row.problem, "--form", row.form, "--network", self.network, "--seed", str(self.seed)]
        return [*words, *(word for setting in row.settings for word in ("--set", setting)), "--clock", "cpu", "--json"]


def runs(rows: list[Row], seeds: int) -> Iterator[Run]:
    """Yield all runs, the first seeds of all rows first, so that failures show early."""
    for seed in range(seeds):
        for row in rows:
            for network in row.targets:
                yield Run(row, network, seed)


def solve(run: Run) -> dict[str, Any]:
    """Solve on one thread; return the summary printed, the error and the CPU time of the process.

    A solve that fails is a result, too: its error is infinite, and the reason is stored.
    """
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        command = [sys.executable, "-P", "-m", "kinn", *run.command, "--out", out]
        child = subprocess.Popen(command, stdout=stdout, stderr=stderr, env={**os.environ, **threads})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        summary: dict[str, Any] = {"failed": stderr.read().decode()[-2000:], "error": float("inf")}
        if child.returncode == 0:
            summary = json.loads(stdout.read().decode().splitlines()[-1])
            summary |= {"error": _error(run.row, summary)}
    summary.pop("run", None)
    seconds = round(usage.ru_utime + usage.ru_stime, 1)
    label, network, seed = run.key
    identity = {"row": label, "network": network, "seed": seed}
    return {**summary, **identity, "cpu_seconds": seconds, "environment": environment()}


@functools.cache
def environment() -> str:
    """Return the processor and the versions that determine a result."""
    return re.sub(r"\+\w+", "", f"{processor()}, {versions(('torch', 'numpy', 'scipy'))}")


def _error(row: Row, summary: dict[str, Any]) -> float:
    """Return the relative L2 error of a field, or the largest relative error of an unknown constant."""
    if row.constants:
        return max(float(unknown["error"]) for unknown in summary["unknowns"].values())
    errors = summary["errors"]
    return float(errors[row.of or next(iter(errors))]["l2"])


def load_results(path: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return the results in a file, by key; the last of several counts."""
    if not path.exists():
        return {}
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(result["row"], result["network"], result["seed"]): result for result in results}
