"""What a solve says while it runs: a live line on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.solution import Solution
    from kinn.train.state import HistoryEntry

#: Seconds between two plain lines of one stage.
INTERVAL = 10.0


def run(work: ResolvedRun, *, fresh: bool = False) -> Solution:
    """Solve and show how it goes; a solve of the same configuration that was cut short is gone on with.

    Args:
        work: The solve.
        fresh: Whether to begin anew all the same.
    """
    from kinn.runs.execute import run_or_resume
    from kinn.train.distributed import rank

    if rank():
        return run_or_resume(work, fresh=fresh)
    with progress(work.title) as show:
        return run_or_resume(
            work, show, fresh=fresh, notify=lambda text: print(f"{work.title}: {text}", file=sys.stderr)
        )


@contextmanager
def progress(title: str) -> Iterator[Callable[[HistoryEntry], None]]:
    """Yield what a solve calls with each record.

    Args:
        title: What is being solved.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain(title, console.file.write)
        return
    with console.status(title) as status:
        yield lambda record: status.update(f"{title}  [dim]{_line(record)}[/dim]")


def _plain(title: str, write: Callable[[str], object]) -> Callable[[HistoryEntry], None]:
    """Return the fallback: a line when the stage changes, and one every `INTERVAL` seconds."""
    stage, due = "", 0.0

    def show(record: HistoryEntry) -> None:
        nonlocal stage, due
        now = time.monotonic()
        if record.stage != stage or now >= due:
            stage, due = record.stage, now + INTERVAL
            write(f"{title}: {_line(record)}\n")

    return show


def _line(record: HistoryEntry) -> str:
    validation = "" if record.validation is None else f", validation {record.validation:.2e}"
    unknowns = "".join(f", {name} {value:.4g}" for name, value in record.unknowns.items())
    return f"{record.stage} {record.iteration}, {record.seconds:.1f} s, loss {record.loss:.2e}{validation}{unknowns}"
