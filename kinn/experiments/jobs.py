"""Jobs of a batch: a worker locks a run, solves or resumes it, and reports the result."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kinn.errors import InputError, SolveError
from kinn.experiments.run_lock import RunLock, lock_run
from kinn.experiments.run_spec import RunSpec

if TYPE_CHECKING:
    from kinn.runs.folder import RunFolder
    from kinn.train.state import HistoryEntry

#: States of a job: solved; solved before; failed for good; locked by another process; the store cannot be written, so
#: that no job can run.
SOLVED, FOUND, FAILED, BUSY, UNWRITABLE = "solved", "found", "failed", "busy", "unwritable"

#: Error numbers of a store to which nothing can be written.
_UNWRITABLE_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


@dataclass(frozen=True)
class Job:
    """A run with the options of its worker: plain data.

    Attributes:
        spec: The specification of the run.
        out: The folder of all runs.
        threads: CPU threads.
        checkpoint: Seconds between checkpoints.
        fresh: Whether to solve again what is solved.
        figures: Whether to draw the solution into the run folder.
    """

    spec: RunSpec
    out: str
    threads: int | None = None
    checkpoint: float = 10.0
    fresh: bool = False
    figures: bool = False


@dataclass(frozen=True)
class JobResult:
    """Result of a job.

    Attributes:
        state: "solved", "found", "failed", "busy" or "unwritable".
        reason: The reason of a failure.
        messages: Further messages for the user.
    """

    state: str
    reason: str = ""
    messages: tuple[str, ...] = ()


def run_job(job: Job, progress: Callable[[HistoryEntry], None] | None = None) -> JobResult:
    """Solve a run and write its run folder; errors are part of the result, not raised."""
    from kinn.runs.folder import RunFolder

    spec, root = job.spec, Path(job.out)
    messages: list[str] = []
    try:
        with lock_run(root, spec.path(root)) as lock:
            if lock is None:
                return JobResult(BUSY)
            folder = RunFolder(root, spec.config)
            if folder.finished and not job.fresh:
                return JobResult(FOUND)
            lock.write_status(title=spec.title, budget=spec.config["budget"], clock=spec.config["clock"])
            try:
                _solve(job, lock, progress, messages)
            except Exception as error:
                if _unwritable(error):
                    raise
                return JobResult(FAILED, _save_failure(folder, error), tuple(messages))
    except (OSError, InputError) as error:
        return JobResult(UNWRITABLE, str(error), tuple(messages))
    return JobResult(SOLVED, messages=tuple(messages))


def _solve(job: Job, lock: RunLock, progress: Callable[[HistoryEntry], None] | None, messages: list[str]) -> None:
    from kinn.runs.execute import run_or_resume
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.runs.run_options import RunOptions

    def record(entry: HistoryEntry) -> None:
        lock.write_status(stage=entry.stage, iteration=entry.iteration, seconds=entry.seconds, loss=entry.loss)
        if progress is not None:
            progress(entry)

    config = job.spec.config
    options = RunOptions.from_config(config, Path(job.out), job.threads, job.checkpoint, figures=job.figures)
    run = ResolvedRun.from_config(config, job.spec.origin, options)
    run_or_resume(run, record, fresh=job.fresh, notify=messages.append)


def _save_failure(folder: RunFolder, error: Exception) -> str:
    """Write the reason of a failure into the run folder, unless the solve has done so, and return it."""
    if isinstance(error, SolveError):
        return str(error).partition(" (see ")[0]
    reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    folder.save_failure(reason, [])
    return reason


def _unwritable(error: BaseException | None) -> bool:
    """Whether an error, or a cause of it, comes from a store that cannot be written."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _UNWRITABLE_ERRNOS:
            return True
        error = error.__cause__
    return False
