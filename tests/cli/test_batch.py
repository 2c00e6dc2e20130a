"""`kinn batch` and `kinn status`: a study from its file to its table, and how to resume it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command

STUDY = """
[study]
name = "tiny"
problems = ["poisson-1d"]
networks = [{ name = "kan", width = 2, grid = 4 }, "mlp"]
match = "parameters"
seeds = 2
points = 40
iterations = 2

[resources]
workers = 1
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.toml"
    file.write_text(STUDY)
    return file


def test_a_dry_run_prints_the_matrix_and_an_estimate(kinn_command: Command, study: Path) -> None:
    status, out, _ = kinn_command("batch", str(study), "--dry-run")
    assert status == 0
    assert re.search(r"poisson-1d │ kan *│ 0, 1 ", out)
    assert "4 runs, 0 of them done; at most 60 s of training on 1 workers; runs in runs/tiny" in out
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("budget = 50", "│ 50 s │ at most 50 s of training on 4 workers"),
        ('budget = 40\nclock = "cpu"', "│ 40 CPU s │ at most 80 s of training on 4 workers"),  # two cores
        ("budget = 50\nensemble = 3", "│ 50 s │ at most 2 min of training on 4 workers"),
    ],
)
def test_the_estimate_counts_by_the_clock_of_the_study(
    kinn_command: Command, study: Path, monkeypatch: pytest.MonkeyPatch, line: str, told: str
) -> None:
    monkeypatch.setattr("kinn.cli.execute.core_count", lambda: 2)
    study.write_text(STUDY.replace("iterations = 2", line))
    out = " ".join(kinn_command("batch", str(study), "--dry-run", "--workers", "4").out.split())
    for part in told.split(" │ ", 1):
        assert part in out


def test_a_study_is_solved_and_its_status_shown(kinn_command: Command, study: Path) -> None:
    status, out, err = kinn_command("batch", str(study), "--out", "here")
    assert status == 0
    assert "4 of 4 done" in err
    assert re.search(r"poisson-1d │ kan *│ \d+ ", out)
    assert "poisson-1d: kan against mlp: " in out
    status, out, err = kinn_command("batch", str(study), "--out", "here")
    assert (status, "4 of 4 done (4 before)" in err) == (0, True)
    out = kinn_command("batch", str(study), "--out", "here", "--dry-run").out
    assert "4 runs, 4 of them done; at most 0 s of training" in out
    out = kinn_command("status", "here").out
    assert "study tiny: 4 runs: 4 done" in out
    assert re.search(r"poisson-1d │ 4 *│ 0", out)


def test_failures_are_reported_with_the_command_to_retry(
    kinn_command: Command, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kinn.errors import SolveError
    from kinn.experiments.executors.local import SerialExecutor

    def fail(*_: object, **__: object) -> None:
        raise SolveError("the loss is not finite")

    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: fail)
    monkeypatch.setattr("kinn.cli.batch._executor", lambda *_: (SerialExecutor(), 1))
    status, _, err = kinn_command("batch", str(study), "--out", "here")
    assert status == 3
    assert "poisson-1d, strong, kan, seed 0: failed: the loss is not finite" in err
    assert err.splitlines()[-1].startswith("kinn: error: 4 runs failed; the first: the loss is not finite; to retry: ")
    out = kinn_command("status", "here").out
    assert len(re.findall(r"failed: here/\S+: the loss is not finite", out)) == 4


def test_the_gpus_that_there_are_limit_the_runs_at_a_time(
    kinn_command: Command, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "6")
    study.write_text(STUDY.replace("workers = 1", "gpus = 1"))
    assert "on 1 workers" in kinn_command("batch", str(study), "--dry-run").out
    status, _, err = kinn_command("batch", str(study), "--workers", "2")
    assert (status, err) == (
        2, "kinn: error: gpus = 1 in [resources]: 2 concurrent runs need a GPU each, and there are 1\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing.toml",), "no study named 'nothing.toml'"),
        (("tiny.toml", "--workers", "0"), "--workers is a number of processes, at least 1, not 0"),
        (("tiny.toml", "--scheduler", "a", "--submit", "local"), "--scheduler and --submit exclude each other"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    kinn_command: Command, study: Path, arguments: tuple[str, ...], message: str
) -> None:
    status, out, err = kinn_command("batch", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"kinn: error: {message}")
    assert err.count("\n") == 1


def test_a_scheduler_that_does_not_answer_is_told_with_its_address(
    kinn_command: Command, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinn.experiments.executors.dask_cluster.TIMEOUT", 0.5)
    status, out, err = kinn_command("batch", str(study), "--scheduler", "tcp://127.0.0.1:9")
    assert (status, out) == (2, "")
    assert err.startswith("kinn: error: no Dask scheduler answers at tcp://127.0.0.1:9; no run was started")


def test_an_aborted_batch_reports_what_is_done_and_the_command_to_resume(
    kinn_command: Command, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kinn.experiments.batch import Batch
    from kinn.experiments.executors import ExecutorUnreachable
    from kinn.experiments.executors.local import SerialExecutor
    from kinn.experiments.store import StoreError

    monkeypatch.setattr("kinn.cli.batch._executor", lambda *_: (SerialExecutor(), 1))
    for error in (
        ExecutorUnreachable("the scheduler no longer answers"),
        StoreError("cannot write the runs: no space left"),
    ):

        def end(_: Batch, error: Exception = error) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Batch, "run", end)
            status, _, err = kinn_command("batch", str(study), "--out", "here")
        assert (status, err) == (
            2, f"kinn: error: {error}; 0 of 4 done; to resume: kinn batch {study} --out here\n",
        )  # fmt: skip


def test_the_status_of_nothing_is_an_error(kinn_command: Command) -> None:
    assert kinn_command("status", "nothing").err == "kinn: error: no folder of runs at nothing\n"


def started(study: Path, out: Path) -> subprocess.Popen[str]:
    """Start a batch of long runs in another process, and wait until a run has started."""
    study.write_text(STUDY.replace("iterations = 2", "budget = 300").replace("points = 40", "points = 4000"))
    command = [sys.executable, "-m", "kinn", "batch", str(study), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not list(out.glob("poisson-1d/*/*/state.pt")):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.2)
    return process


def running(out: Path) -> list[str]:
    from kinn.experiments.run_lock import active_runs

    return list(active_runs(out))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_signals_end_the_batch_and_its_workers(study: Path, tmp_path: Path, number: signal.Signals) -> None:
    out = tmp_path / "out"
    process = started(study, out)
    assert len(running(out)) == 1
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    until = time.monotonic() + 30
    while running(out) and time.monotonic() < until:
        time.sleep(0.2)
    assert running(out) == []  # no worker is left behind
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert f"stopped; 0 of 4 done; to resume: kinn batch {study} --out {out}" in err
        assert "Traceback" not in err
