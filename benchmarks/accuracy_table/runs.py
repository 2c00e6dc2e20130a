"""The runs of the table, each a `kinn solve` in a separate process, stored as lines of JSON."""

from __future__ import annotations

import functools
import json
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from child_process import run_on_one_thread
from pages import processor, versions

from accuracy_table.rows import Row

#: The entries of a stored result that make its key.
KEY = ("row", "network", "seed")


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
    with tempfile.TemporaryDirectory() as out:
        process = run_on_one_thread([sys.executable, "-P", "-m", "kinn", *run.command, "--out", out])
    summary: dict[str, Any] = {"failed": process.errors[-2000:], "error": float("inf")}
    if process.status == 0:
        summary = json.loads(process.output.splitlines()[-1])
        summary |= {"error": _error(run.row, summary)}
    summary.pop("run", None)
    identity = dict(zip(KEY, run.key, strict=True))
    return {**summary, **identity, "cpu_seconds": process.seconds, "environment": environment()}


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
