"""What a worker does with a case: claims it, goes on with it or begins it, and says how it ended."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.errors import InputError, SolveError
from kinn.experiments.run_lock import RunLock, claim
from kinn.experiments.run_spec import RunSpec

if TYPE_CHECKING:
    from kinn.runs.folder import RunFolder
    from kinn.train.state import HistoryEntry

#: How the work on a case ended: solved; solved before; failed, now and for good; another process is at it; the store
#: cannot be written, so that no case can be worked on.
SOLVED, FOUND, FAILED, BUSY, UNWRITABLE = "solved", "found", "failed", "busy", "unwritable"

#: What the system says where nothing can be written, whatever is tried.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


@dataclass(frozen=True)
class Job:
    """A case with what a worker needs to know beside it: plain data.

    Attributes:
        config: The resolved configuration.
        origin: The name of the problem, or the path of its script.
        out: The folder of all runs.
        threads: CPU threads.
        checkpoint: Seconds between two checkpoints.
        fresh: Whether to solve again what is solved.
        figures: Whether to draw the solution into the run folder.
    """

    config: Mapping[str, Any]
    origin: str
    out: str
    threads: int | None = None
    checkpoint: float = 10.0
    fresh: bool = False
    figures: bool = False

    @property
    def case(self) -> RunSpec:
        """The case."""
        return RunSpec(self.config, self.origin)


@dataclass(frozen=True)
class JobResult:
    """How the work on a case ended.

    Attributes:
        state: "solved", "found", "failed", "busy" or "unwritable".
        reason: Why it failed.
        said: What the user should know beside.
    """

    state: str
    reason: str = ""
    said: tuple[str, ...] = ()


def execute(task: Job, show: Callable[[HistoryEntry], None] | None = None) -> JobResult:
    """Solve a case and leave its run folder; whatever goes wrong is told, not raised.

    Args:
        task: The case.
        show: Called with each record.
    """
    from kinn.runs.folder import RunFolder

    case, root = task.case, Path(task.out)
    said: list[str] = []
    try:
        with claim(root, case.place(root)) as held:
            if held is None:
                return JobResult(BUSY)
            folder = RunFolder(root, case.config)
            if folder.finished and not task.fresh:
                return JobResult(FOUND)
            held.note(title=case.title, budget=case.config["budget"], clock=case.config["clock"])
            try:
                _solve(task, held, show, said)
            except Exception as error:
                if full(error):
                    raise
                return JobResult(FAILED, failed(folder, error), tuple(said))
    except (OSError, InputError) as error:
        return JobResult(UNWRITABLE, str(error), tuple(said))
    return JobResult(SOLVED, said=tuple(said))


def _solve(task: Job, held: RunLock, show: Callable[[HistoryEntry], None] | None, said: list[str]) -> None:
    from kinn.runs.execute import run_or_resume
    from kinn.runs.options import Options
    from kinn.runs.resolved_run import ResolvedRun

    def note(record: HistoryEntry) -> None:
        held.note(stage=record.stage, iteration=record.iteration, seconds=record.seconds, loss=record.loss)
        if show is not None:
            show(record)

    options = Options.of(task.config, Path(task.out), task.threads, task.checkpoint, figures=task.figures)
    work = ResolvedRun.from_config(task.config, task.origin, options)
    run_or_resume(work, note, fresh=task.fresh, notify=said.append)


def failed(folder: RunFolder, error: BaseException) -> str:
    """Leave the reason in the run folder, unless the solve has done so, and return it."""
    if isinstance(error, SolveError):
        return str(error).partition(" (see ")[0]
    reason = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    folder.save_failure(reason, [])
    return reason


def full(error: BaseException | None) -> bool:
    """Whether an error comes from a place that cannot be written."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        error = error.__cause__
    return False
