"""What a batch says while it runs: a live table on a terminal, a plain line now and then elsewhere; always on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from kinn.experiments.run_lock import active

if TYPE_CHECKING:
    from kinn.experiments.batch import BatchProgress

#: Seconds between two plain lines.
INTERVAL = 10.0

#: The most rows of runs at work that a table shows.
ROWS = 16


@contextmanager
def live(root: Path) -> Iterator[Callable[[BatchProgress], None]]:
    """Yield what a batch calls with how far it has come.

    Args:
        root: The folder of all runs.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Plain(console)
        return
    from rich.live import Live

    with Live(console=console, refresh_per_second=4, transient=True) as shown:
        seen = 0

        def show(tally: BatchProgress) -> None:
            nonlocal seen
            for text in news(tally)[seen:]:
                console.print(text, markup=False, highlight=False)
                seen += 1
            running = {case.hash: case.title for case in tally.running}
            at_work = {name: facts for name, facts in active(root).items() if name in running}
            shown.update(Group(Text(standing(tally)), working(at_work)))

        yield show


class _Plain:
    """Prints what is new, and a line on how far it has come now and then.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._write = console.file.write
        self._seen, self._ended, self._due = 0, -1, 0.0

    def __call__(self, tally: BatchProgress) -> None:
        for text in news(tally)[self._seen :]:
            self._write(f"{text}\n")
            self._seen += 1
        last = tally.ended == tally.total
        if tally.ended != self._ended and (last or time.monotonic() >= self._due):
            self._ended, self._due = tally.ended, time.monotonic() + INTERVAL
            self._write(f"{standing(tally)}\n")


def news(tally: BatchProgress) -> list[str]:
    """Return what is said of single cases."""
    return [*tally.said, *(f"{case.title}: failed: {reason}" for case, reason in tally.failed)]


def standing(tally: BatchProgress) -> str:
    """Return how far a batch has come, in a line."""
    parts = [f"{tally.found + tally.solved} of {tally.total} done"]
    if tally.found:
        parts[0] += f" ({tally.found} before)"
    if failed := len(tally.failed) + tally.kept:
        parts.append(f"{failed} failed" + (f" ({tally.kept} before)" if tally.kept else ""))
    if tally.running:
        parts.append(f"{len(tally.running)} at work")
    if tally.remaining is not None and tally.ended < tally.total:
        parts.append(f"about {duration(tally.remaining)} left")
    return ", ".join(parts)


def working(claims: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return a table of runs that processes are at work on, from what their claims say."""
    table = Table("run", "stage", "iteration", "seconds", "loss", "process", box=None, padding=(0, 2, 0, 0))
    for name, facts in list(claims.items())[:ROWS]:
        table.add_row(
            str(facts.get("title", name)),
            str(facts.get("stage", "")),
            str(facts.get("iteration", "")),
            _spent(facts),
            f"{facts['loss']:.2e}" if "loss" in facts else "",
            f"{facts.get('pid', '')} on {facts.get('host', '')}",
        )
    return table


def _spent(facts: Mapping[str, Any]) -> str:
    """Return the seconds of training so far, of how many, and by which clock."""
    if "seconds" not in facts:
        return ""
    return (
        f"{facts['seconds']:.0f}"
        + (f" of {facts['budget']:g}" if "budget" in facts else "")
        + (" CPU" if facts.get("clock") == "cpu" else "")
    )


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
