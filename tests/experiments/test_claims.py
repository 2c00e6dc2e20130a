"""Claims: one process at a time, given back by a kill, and they say how a run stands."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from kinn.experiments.run_lock import active, claim

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # threads and fork: the child starts none


def hold(root: Path, run: Path, ready: Any) -> None:
    with claim(root, run) as held:
        assert held is not None
        held.note(title="a run", iteration=7)
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
    with claim(tmp_path, run) as held:
        assert held is None
    facts = active(tmp_path)[run.name]
    assert (facts["title"], facts["iteration"], facts["pid"]) == ("a run", 7, process.pid)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert active(tmp_path) == {}
    with claim(tmp_path, run) as held:
        assert held is not None
        assert list(active(tmp_path)) == [run.name]
    assert active(tmp_path) == {}
    assert list((tmp_path / ".claims").iterdir()) == []
