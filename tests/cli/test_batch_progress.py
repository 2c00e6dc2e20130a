"""Progress of a batch: a status line, the active runs, and the clock of their seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from rich.console import Console

from kinn.cli.progress import active_table, format_duration, status_line
from kinn.experiments.batch import BatchProgress
from kinn.experiments.run_lock import lock_run
from kinn.experiments.store import Store
from tests.cli.conftest import Command


@pytest.mark.parametrize(("clock", "spent"), [("wall", "12 of 60 "), ("cpu", "12 of 60 CPU")])
def test_the_status_tells_the_seconds_of_what_is_at_work(kinn_command: Command, clock: str, spent: str) -> None:
    with Store(Path("runs")):
        pass
    with lock_run(Path("runs"), Path("runs/burgers/strong-kan/abc")) as lock:
        assert lock is not None
        lock.write_status(
            title="burgers, kan", stage="lm", iteration=7, seconds=12.3, loss=1e-3, clock=clock, budget=60.0
        )
        out = kinn_command("status", "runs").out
    line = next(line for line in out.splitlines() if line.startswith("burgers, kan"))
    assert line.split()[2:4] == ["lm", "7"]
    assert spent in line
    assert ("CPU" in line) == (clock == "cpu")
    assert "burgers, kan" not in kinn_command("status", "runs").out


def test_a_run_that_is_only_claimed_has_no_seconds_yet() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(active_table({"abc": {"pid": 7, "host": "node"}}))
    assert capture.get().splitlines()[-1].split() == ["abc", "7", "on", "node"]


def test_how_far_it_has_come_is_told_in_a_line() -> None:
    progress = BatchProgress(10, found=2, failed_before=1, solved=3, started=time.monotonic() - 30.0)
    assert (
        status_line(progress) == "5 of 10 done (2 before), 1 failed (1 before), about 40 s left"
    )  # 3 in 30 s, 4 to come
    assert status_line(BatchProgress(10)) == "0 of 10 done"
    assert status_line(BatchProgress(3, found=3)) == "3 of 3 done (3 before)"


def test_times_are_told_as_people_say_them() -> None:
    assert [format_duration(s) for s in (7.4, 89.0, 600.0, 7200.0)] == ["7 s", "89 s", "10 min", "2.0 h"]
