"""Run locks: one process at a time, released by a kill, with the status of the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from kinn.experiments.run_lock import active_runs, lock_run

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # threads and fork: the child starts none


def hold(root: Path, run: Path, ready: Any) -> None:
    with lock_run(root, run) as lock:
        assert lock is not None
        lock.write_status(title="a run", iteration=7)
        ready.set()
        time.sleep(60)


def test_a_run_is_claimed_by_one_process_until_it_ends_however_it_ends(tmp_path: Path) -> None:
    run = tmp_path / "p" / "strong-kan" / "0123456789ab"
    run.parent.mkdir(parents=True)
    half = run.with_name(f".{run.name}.new-1234")
    half.mkdir()
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=hold, args=(tmp_path, run, ready))
    process.start()
    assert ready.wait(30)
    assert not half.exists()  # what a kill had left
    with lock_run(tmp_path, run) as lock:
        assert lock is None
    facts = active_runs(tmp_path)[run.name]
    assert (facts["title"], facts["iteration"], facts["pid"]) == ("a run", 7, process.pid)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert active_runs(tmp_path) == {}
    with lock_run(tmp_path, run) as lock:
        assert lock is not None
        assert list(active_runs(tmp_path)) == [run.name]
    assert active_runs(tmp_path) == {}
    assert list((tmp_path / ".locks").iterdir()) == []
