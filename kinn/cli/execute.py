"""Cases worked on, whatever command asks for it: in this process, in local ones, or elsewhere."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path

    from kinn.experiments.batch import BatchProgress
    from kinn.experiments.execute import Job, JobResult
    from kinn.experiments.executors import LocalExecutor
    from kinn.experiments.run_spec import RunSpec
    from kinn.experiments.specification import Resources
    from kinn.experiments.store import Store


def run_serial(
    cases: Sequence[RunSpec], store: Store, resources: Resources, *, threads: int | None, fresh: bool
) -> BatchProgress:
    """Work on cases in this process, one after another; what failed before is tried again."""
    from kinn.experiments.batch import Batch
    from kinn.experiments.executors import SerialExecutor

    batch = Batch(
        cases, store, SerialExecutor(), threads=threads, checkpoint=resources.checkpoint, retry=True, fresh=fresh,
        figures=resources.figures, work=_shown,
    )  # fmt: skip
    return batch.run()


def _shown(task: Job) -> JobResult:
    """Work on a case and show how it goes."""
    from kinn.cli.progress import progress
    from kinn.experiments.execute import execute

    with progress(task.case.title) as show:
        return execute(task, show)


def run_parallel(
    cases: Sequence[RunSpec], store: Store, executor: Executor, window: int, resources: Resources,
    *, retry: bool = False, fresh: bool = False,
) -> BatchProgress:  # fmt: skip
    """Hand cases to an executor and show how it goes; a signal to end sends the workers home at once.

    Raises:
        KeyboardInterrupt: If the user, or the system, ends it.
    """
    from kinn.cli.live import live
    from kinn.experiments.batch import Batch

    with live(store.root) as watch, _ended_by(signal.SIGTERM):
        batch = Batch(
            cases, store, executor, window, resources.threads, resources.checkpoint, retry, fresh, resources.figures, watch,
        )  # fmt: skip
        try:
            tally = batch.run()
        except BaseException:
            executor.shutdown(wait=True, cancel_futures=True)
            raise
        executor.shutdown()
        return tally


def workers(resources: Resources, asked: int | None) -> int:
    """Return how many runs to work on at a time: as asked, else as many as the cores have threads for, and GPUs."""
    from kinn.errors import InputError
    from kinn.experiments.executors.local import visible_gpus

    if asked is not None and asked < 1:
        raise InputError(f"--workers is a number of processes, at least 1, not {asked}")
    room = cores() // resources.threads
    if resources.gpus:
        room = min(room, len(visible_gpus()))
    return asked or resources.workers or max(1, room)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pool(resources: Resources, number: int, log: Path) -> LocalExecutor:
    """Return workers on this machine, each with a GPU of its own where the study asks for that.

    Raises:
        InputError: If there are not so many GPUs.
    """
    from kinn.errors import InputError
    from kinn.experiments.executors.local import LocalExecutor, visible_gpus

    gpus = visible_gpus() if resources.gpus else None
    if gpus is not None and len(gpus) < number:
        raise InputError(f"gpus = 1 in [resources]: {number} runs at a time need a GPU each, and there are {len(gpus)}")
    return LocalExecutor(number, resources.threads, log, gpus=gpus)


@contextmanager
def _ended_by(number: signal.Signals) -> Iterator[None]:
    """Treat a signal as Ctrl-C while the block lasts."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def say(text: str) -> None:
    """Print a line on stderr."""
    print(text, file=sys.stderr)
