"""The runs behind the table, each `kinn solve` in a process of its own, kept line by line in a file of JSON objects."""

from __future__ import annotations

import functools
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from accuracy_table.rows import Row


@dataclass(frozen=True)
class Run:
    """One solve of the table."""

    row: Row
    network: str
    seed: int

    @property
    def key(self) -> tuple[str, str, int]:
        """What it is known by in the file."""
        return self.row.label, self.network, self.seed

    @property
    def command(self) -> list[str]:
        """The arguments of `kinn`."""
        row = self.row
        words = ["solve", row.problem, "--form", row.form, "--network", self.network, "--seed", str(self.seed)]
        return [*words, *(word for setting in row.settings for word in ("--set", setting)), "--clock", "cpu", "--json"]


def runs(rows: list[Row], seeds: int) -> Iterator[Run]:
    """Yield all runs, the first seeds of all rows first, so that what fails is seen early."""
    for seed in range(seeds):
        for row in rows:
            for network in row.asked:
                yield Run(row, network, seed)


def solve(run: Run) -> dict[str, Any]:
    """Solve on one thread, and return what the command printed with the error and the CPU seconds of the process.

    A solve that fails is a result like others: its error is infinite and its reason is kept.
    """
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as out, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as told:
        command = [sys.executable, "-P", "-m", "kinn", *run.command, "--out", out]
        child = subprocess.Popen(command, stdout=said, stderr=told, env={**os.environ, **threads})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        told.seek(0)
        summary: dict[str, Any] = {"failed": told.read().decode()[-2000:], "error": float("inf")}
        if child.returncode == 0:
            summary = json.loads(said.read().decode().splitlines()[-1])
            summary |= {"error": _error(run.row, summary)}
    summary.pop("run", None)
    seconds = round(usage.ru_utime + usage.ru_stime, 1)
    label, network, seed = run.key
    known = {"row": label, "network": network, "seed": seed}
    return {**summary, **known, "cpu_seconds": seconds, "environment": environment()}


@functools.cache
def environment() -> str:
    """Return the processor and the versions that decide a result."""
    models = (s.split(":")[1].strip() for s in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in s)
    versions = ", ".join(f"{name} {version(name).partition('+')[0]}" for name in ("torch", "numpy", "scipy"))
    return f"{next(models, platform.processor())}, Python {platform.python_version()}, {versions}"


def _error(row: Row, summary: dict[str, Any]) -> float:
    """Return the relative L2 error of a field, or the largest relative error of an unknown constant."""
    if row.constants:
        return max(float(unknown["error"]) for unknown in summary["unknowns"].values())
    errors = summary["errors"]
    return float(errors[row.of or next(iter(errors))]["l2"])


def kept(path: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return the results in a file, by what they are known by; the last of several counts."""
    if not path.exists():
        return {}
    results = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {(result["row"], result["network"], result["seed"]): result for result in results}
