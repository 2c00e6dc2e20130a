"""Progress of solves and batches on stderr: live on a terminal, occasional plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from kinn.experiments.batch import BatchProgress
    from kinn.train.state import HistoryEntry

#: Seconds between two plain lines.
INTERVAL = 10.0

#: The maximum of rows in the table of active runs.
ROWS = 16


@contextmanager
def solve_progress(title: str) -> Iterator[Callable[[HistoryEntry], None]]:
    """Callback of a solve for each history entry."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_lines(title, console.file.write)
        return
    with console.status(title) as status:
        yield lambda entry: status.update(f"{title}  [dim]{_line(entry)}[/dim]")


def _plain_lines(title: str, write: Callable[[str], object]) -> Callable[[HistoryEntry], None]:
    """Callback that writes a line at a change of stage, and one every `INTERVAL` seconds."""
    stage, due = "", 0.0

    def show(entry: HistoryEntry) -> None:
        nonlocal stage, due
        now = time.monotonic()
        if entry.stage != stage or now >= due:
            stage, due = entry.stage, now + INTERVAL
            write(f"{title}: {_line(entry)}\n")

    return show


def _line(entry: HistoryEntry) -> str:
    validation = "" if entry.validation is None else f", validation {entry.validation:.2e}"
    unknowns = "".join(f", {name} {value:.4g}" for name, value in entry.unknowns.items())
    return f"{entry.stage} {entry.iteration}, {entry.seconds:.1f} s, loss {entry.loss:.2e}{validation}{unknowns}"


@contextmanager
def batch_progress(root: Path) -> Iterator[Callable[[BatchProgress], None]]:
    """Callback of a batch for its progress; the table of active runs comes from the folder of all runs."""
    from kinn.experiments.run_lock import active_runs

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _plain_batch_lines(console.file.write)
        return
    from rich.live import Live

    with Live(console=console, refresh_per_second=4, transient=True) as live:
        printed = 0

        def show(progress: BatchProgress) -> None:
            nonlocal printed
            for text in run_messages(progress)[printed:]:
                console.print(text, markup=False, highlight=False)
                printed += 1
            running = {spec.hash for spec in progress.running}
            active = {name: status for name, status in active_runs(root).items() if name in running}
            live.update(Group(Text(status_line(progress)), active_table(active)))

        yield show


def _plain_batch_lines(write: Callable[[str], object]) -> Callable[[BatchProgress], None]:
    """Callback that writes new messages, and the progress every `INTERVAL` seconds."""
    printed, ended, due = 0, -1, 0.0

    def show(progress: BatchProgress) -> None:
        nonlocal printed, ended, due
        for text in run_messages(progress)[printed:]:
            write(f"{text}\n")
            printed += 1
        last = progress.ended == progress.total
        if progress.ended != ended and (last or time.monotonic() >= due):
            ended, due = progress.ended, time.monotonic() + INTERVAL
            write(f"{status_line(progress)}\n")

    return show


def run_messages(progress: BatchProgress) -> list[str]:
    """Messages about single runs."""
    return [*progress.messages, *(f"{spec.title}: failed: {reason}" for spec, reason in progress.failed)]


def status_line(progress: BatchProgress) -> str:
    """Progress of a batch in a line."""
    parts = [f"{progress.found + progress.solved} of {progress.total} done"]
    if progress.found:
        parts[0] += f" ({progress.found} before)"
    if failed := len(progress.failed) + progress.failed_before:
        parts.append(f"{failed} failed" + (f" ({progress.failed_before} before)" if progress.failed_before else ""))
    if progress.running:
        parts.append(f"{len(progress.running)} running")
    if progress.remaining_seconds is not None and progress.ended < progress.total:
        parts.append(f"about {format_duration(progress.remaining_seconds)} left")
    return ", ".join(parts)


def active_table(active: Mapping[str, Mapping[str, Any]]) -> Table:
    """Table of runs in progress, from the status of their locks."""
    table = Table("run", "stage", "iteration", "seconds", "loss", "process", box=None, padding=(0, 2, 0, 0))
    for name, status in list(active.items())[:ROWS]:
        table.add_row(
            str(status.get("title", name)),
            str(status.get("stage", "")),
            str(status.get("iteration", "")),
            _elapsed(status),
            f"{status['loss']:.2e}" if "loss" in status else "",
            f"{status.get('pid', '')} on {status.get('host', '')}",
        )
    return table


def _elapsed(status: Mapping[str, Any]) -> str:
    """Seconds of training so far, of the budget, and their clock."""
    if "seconds" not in status:
        return ""
    return (
        f"{status['seconds']:.0f}"
        + (f" of {status['budget']:g}" if "budget" in status else "")
        + (" CPU" if status.get("clock") == "cpu" else "")
    )


def format_duration(seconds: float) -> str:
    """Duration in seconds, minutes or hours."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
