"""Execution of the runs of a command: in this process, in worker processes, or on a cluster."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kinn.errors import InputError

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from kinn.experiments.batch import BatchProgress
    from kinn.experiments.executors.local import LocalExecutor
    from kinn.experiments.jobs import Job, JobResult
    from kinn.experiments.run_spec import RunSpec
    from kinn.experiments.specification import Resources
    from kinn.experiments.store import Store


def run_serial(
    specs: Sequence[RunSpec], store: Store, resources: Resources, *, threads: int | None, fresh: bool
) -> BatchProgress:
    """Solve runs in this process, one after another; earlier failures are retried."""
    from kinn.experiments.batch import Batch
    from kinn.experiments.executors.local import SerialExecutor

    batch = Batch(
        specs, store, SerialExecutor(), threads=threads, checkpoint=resources.checkpoint, retry=True, fresh=fresh,
        figures=resources.figures, function=_run_with_progress,
    )  # fmt: skip
    return batch.run()


def _run_with_progress(job: Job) -> JobResult:
    from kinn.cli.progress import solve_progress
    from kinn.experiments.jobs import run_job

    with solve_progress(job.spec.title) as progress:
        return run_job(job, progress)


def run_parallel(
    specs: Sequence[RunSpec], store: Store, executor: Executor, window: int, resources: Resources,
    *, retry: bool = False, fresh: bool = False,
) -> BatchProgress:  # fmt: skip
    """Solve runs with an executor and show the progress; a termination signal ends the workers at once.

    Raises:
        KeyboardInterrupt: If the user, or the system, ends it.
    """
    from kinn.cli.progress import batch_progress
    from kinn.experiments.batch import Batch

    with batch_progress(store.root) as on_progress:
        batch = Batch(
            specs, store, executor, window, resources.threads, resources.checkpoint, retry, fresh, resources.figures,
            on_progress,
        )  # fmt: skip
        previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            progress = batch.run()
            executor.shutdown()
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            signal.signal(signal.SIGTERM, previous)
        return progress


def worker_count(resources: Resources, requested: int | None) -> int:
    """Number of concurrent runs: as requested, else as many as cores and GPUs allow.

    Raises:
        InputError: If the number is not positive.
    """
    from kinn.experiments.executors.local import visible_gpus

    if requested is not None and requested < 1:
        raise InputError(f"--workers is a number of processes, at least 1, not {requested}")
    limit = core_count() // resources.threads
    if resources.gpus:
        limit = min(limit, len(visible_gpus()))
    return requested or resources.workers or max(1, limit)


def core_count() -> int:
    """Number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_executor(resources: Resources, workers: int, log: Path) -> LocalExecutor:
    """Worker processes on this machine, each with its own GPU if the study asks for one.

    Raises:
        InputError: If there are too few GPUs.
    """
    from kinn.experiments.executors.local import LocalExecutor, visible_gpus

    gpus = visible_gpus() if resources.gpus else None
    if gpus is not None and len(gpus) < workers:
        raise InputError(
            f"gpus = 1 in [resources]: {workers} concurrent runs need a GPU each, and there are {len(gpus)}"
        )
    return LocalExecutor(workers, resources.threads, log, gpus=gpus)


def notify(text: str) -> None:
    """Print a line on stderr."""
    print(text, file=sys.stderr)
