"""Which jobs of a SLURM queue have ended: those that left a result, and those that are gone without one."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from kinn.experiments.executors.errors import WorkerDied

#: Seconds between two looks at the queue.
INTERVAL = 10.0


class SlurmMonitor:
    """Looks for results, and for jobs that have vanished: SLURM's accounting, which not every cluster has, is not asked."""

    def __init__(self) -> None:
        self._due = 0.0
        self._missed: set[str] = set()

    def ended(self, jobs: Sequence[Any]) -> dict[Any, WorkerDied | None]:
        """Return the jobs that have ended, each with why it left no result, or None where it left one."""
        out: dict[Any, WorkerDied | None] = {job: None for job in jobs if job.paths.result_pickle.exists()}
        if time.monotonic() < self._due:
            return out
        self._due = time.monotonic() + INTERVAL
        queued = _queued()
        if queued is None:
            return out
        missed = {job.job_id for job in jobs if job not in out and job.job_id not in queued}
        for job in jobs:
            if job.job_id in missed & self._missed:  # at two looks: its result may be on the way to this machine
                out[job] = WorkerDied(self._epitaph(job))
        self._missed = missed
        return out

    def _epitaph(self, job: Any) -> str:
        """Return what is known of a job that has vanished: what SLURM wrote into its log, else the last line of that."""
        lines: list[str] = []
        with suppress(OSError):
            text = job.paths.stderr.read_text(encoding="utf-8", errors="replace")
            lines = [line.strip() for line in text.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith("slurmstepd")] or lines
        return f"it left the queue without a result{': ' + told[-1] if told else ''} (see {job.paths.stderr})"


def _queued() -> set[str] | None:
    """Return the jobs in the queue, those of arrays one by one; None where the queue does not answer."""
    command = ["squeue", "--me", "--noheader", "--array", "--format=%i"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return set(answer.stdout.split())
