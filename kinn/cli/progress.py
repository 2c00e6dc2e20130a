"""What a solve says while it runs: a live line on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kinn.runs.work import Work
    from kinn.solution import Solution
    from kinn.training.record import Record

#: Seconds between two plain lines of one stage.
INTERVAL = 10.0


def run(work: Work, *, fresh: bool = False) -> Solution:
    """Solve and show how it goes; a solve of the same configuration that was cut short is gone on with.

    Args:
        work: The solve.
        fresh: Whether to begin anew all the same.
    """
    from kinn.runs.carry_out import go_on
    from kinn.training.processes import rank

    if rank():
        return go_on(work, fresh=fresh)
    with progress(work.title) as show:
        return go_on(work, show, fresh=fresh, say=lambda text: print(f"{work.title}: {text}", file=sys.stderr))


@contextmanager
def progress(title: str) -> Iterator[Callable[[Record], None]]:
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


def _plain(title: str, write: Callable[[str], object]) -> Callable[[Record], None]:
    """Return the fallback: a line when the stage changes, and one every `INTERVAL` seconds."""
    stage, due = "", 0.0

    def show(record: Record) -> None:
        nonlocal stage, due
        now = time.monotonic()
        if record.stage != stage or now >= due:
            stage, due = record.stage, now + INTERVAL
            write(f"{title}: {_line(record)}\n")

    return show


def _line(record: Record) -> str:
    validation = "" if record.validation is None else f", validation {record.validation:.2e}"
    unknowns = "".join(f", {name} {value:.4g}" for name, value in record.unknowns.items())
    return f"{record.stage} {record.iteration}, {record.seconds:.1f} s, loss {record.loss:.2e}{validation}{unknowns}"
