"""A command in a process on one thread, with its CPU time."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ProcessResult:
    """What a process leaves.

    Attributes:
        status: The exit status.
        output: What it wrote to standard output.
        errors: What it wrote to standard error.
        seconds: Its CPU time.
    """

    status: int
    output: str
    errors: str
    seconds: float


def run_on_one_thread(command: Sequence[str]) -> ProcessResult:
    """Run a command to its end."""
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        child = subprocess.Popen(command, stdout=stdout, stderr=stderr, env={**os.environ, **threads})
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        stdout.seek(0)
        stderr.seek(0)
        output, errors = stdout.read().decode(), stderr.read().decode()
    return ProcessResult(child.returncode, output, errors, round(usage.ru_utime + usage.ru_stime, 1))
