"""What a worker does with a case: claims it, goes on with it or begins it, and says how it ended."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.errors import InputError, SolveError
from kinn.studies.cases import Case
from kinn.studies.claims import Claim, claim

if TYPE_CHECKING:
    from kinn.training.record import Record
    from kinn.training.run import RunFolder

#: How the work on a case ended: solved; solved before; failed, now and for good; another process is at it; the store
#: cannot be written, so that no case can be worked on.
SOLVED, FOUND, FAILED, BUSY, UNWRITABLE = "solved", "found", "failed", "busy", "unwritable"

#: What the system says where nothing can be written, whatever is tried.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


@dataclass(frozen=True)
class Task:
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
    def case(self) -> Case:
        """The case."""
        return Case(self.config, self.origin)


@dataclass(frozen=True)
class Ending:
    """How the work on a case ended.

    Attributes:
        state: "solved", "found", "failed", "busy" or "unwritable".
        reason: Why it failed.
        said: What the user should know beside.
    """

    state: str
    reason: str = ""
    said: tuple[str, ...] = ()


def execute(task: Task, show: Callable[[Record], None] | None = None) -> Ending:
    """Solve a case and leave its run folder; whatever goes wrong is told, not raised.

    Args:
        task: The case.
        show: Called with each record.
    """
    from kinn.training.run import RunFolder

    case, root = task.case, Path(task.out)
    said: list[str] = []
    try:
        with claim(root, case.place(root)) as held:
            if held is None:
                return Ending(BUSY)
            folder = RunFolder(root, case.config)
            if folder.finished and not task.fresh:
                return Ending(FOUND)
            held.note(title=case.title, budget=case.config["budget"], clock=case.config["clock"])
            try:
                _solve(task, held, show, said)
            except Exception as error:
                if full(error):
                    raise
                return Ending(FAILED, failed(folder, error), tuple(said))
    except (OSError, InputError) as error:
        return Ending(UNWRITABLE, str(error), tuple(said))
    return Ending(SOLVED, said=tuple(said))


def _solve(task: Task, held: Claim, show: Callable[[Record], None] | None, said: list[str]) -> None:
    from kinn.runs.carry_out import go_on
    from kinn.runs.options import Options
    from kinn.runs.work import Work

    def note(record: Record) -> None:
        held.note(stage=record.stage, iteration=record.iteration, seconds=record.seconds, loss=record.loss)
        if show is not None:
            show(record)

    options = Options.of(task.config, Path(task.out), task.threads, task.checkpoint, figures=task.figures)
    work = Work.of(task.config, task.origin, options)
    go_on(work, note, fresh=task.fresh, say=said.append)


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
