"""A real SLURM queue: arrays, jobs that are queued again and go on, jobs that are lost, and a queue that refuses.

eval "$(tests/experiments/slurm/cluster.sh start)"     # as root, on Debian; or on a machine that submits to a cluster
KINN_SLURM=1 python -m pytest tests/experiments/slurm
tests/experiments/slurm/cluster.sh stop

Of the four minutes that they take on two cores most are the queue's: a job that is queued again waits ten seconds until
its credential has expired, imports torch a second time, and its run is solved once more without a break to compare.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kinn.experiments.batch import Batch, BatchProgress
from kinn.experiments.executors import ExecutorUnreachable
from kinn.experiments.executors.local import SerialExecutor
from kinn.experiments.executors.slurm import SlurmExecutor
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.specification import Resources
from kinn.experiments.store import Store
from tests.experiments.conftest import Specs

pytestmark = [
    pytest.mark.skipif(not os.environ.get("KINN_SLURM"), reason="needs a SLURM queue, and KINN_SLURM=1"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]

#: A run that takes some seconds, so that there is time to disturb it; its steps end it, not the clock of a busy machine.
LONG = {
    "problems": ["poisson-2d"],
    "networks": [{"name": "mlp", "width": [16, 16]}],
    "optimizers": ["lm"],
    "seeds": 1,
    "points": 4000,
    "iterations": 60,
    "budget": 600,
}

QUEUE = Resources(memory=1)


def batch(
    planned: tuple[RunSpec, ...], runs: Path, executor: SlurmExecutor | SerialExecutor, window: int = 100
) -> BatchProgress:
    with Store(runs) as store, executor:
        return Batch(planned, store, executor, window, checkpoint=0.5).run()


def losses(spec: RunSpec, runs: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (spec.path(runs) / "metrics.jsonl").read_text().splitlines()]


def ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def once_it_has_a_checkpoint(spec: RunSpec, runs: Path, act: Callable[[str], object]) -> threading.Thread:
    """Do something to the job of a case when it has trained for a while, and return the thread that waits for that."""

    def wait() -> None:
        until = time.monotonic() + 120
        state = spec.path(runs) / "state.pt"
        while not state.exists() or time.time() - state.parent.joinpath("config.toml").stat().st_mtime < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        (job,) = ask("squeue", "--me", "--noheader", "--array", "--format=%i", "--name=kinn").split()
        act(job)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_an_array_solves_the_same(runs: Path, specs: Specs, tmp_path: Path) -> None:
    planned = specs(seeds=3)
    assert batch(planned, runs, SlurmExecutor(runs, "slurm", QUEUE, 60.0)).solved == 3
    arrays = {path.name.partition("_")[0] for path in (runs / ".jobs").glob("*_*_0_result.pkl")}
    assert len(arrays) == 1  # one array of three jobs
    batch(planned, tmp_path / "here", SerialExecutor(), 1)
    assert all(losses(spec, runs) == losses(spec, tmp_path / "here") for spec in planned)


def requeue(job: str) -> None:
    ask("scontrol", "requeue", job)


def pre_empt(_: str) -> None:
    """Submit a job that needs the whole machine, to a partition whose jobs go first."""
    ask("sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--time=1", "--wrap=sleep 1")


def notice(job: str) -> None:
    """Tell a job that its time ends."""
    ask("scancel", "--batch", "--signal=USR2", job)


@pytest.mark.parametrize("disturb", [requeue, pre_empt, notice])
def test_a_job_that_is_queued_again_goes_on_from_its_checkpoint(
    runs: Path, specs: Specs, tmp_path: Path, disturb: Callable[[str], None]
) -> None:
    planned = specs(**LONG)
    disturbing = once_it_has_a_checkpoint(planned[0], runs, disturb)
    progress = batch(planned, runs, SlurmExecutor(runs, "slurm", QUEUE, 60.0))
    disturbing.join()
    assert (progress.solved, progress.messages) == (1, [f"{planned[0].title}: resuming an interrupted solve"])
    (log,) = (runs / ".jobs").glob("*_log.out")
    assert log.read_text().count("Starting with JobEnvironment") == 2
    batch(planned, tmp_path / "here", SerialExecutor(), 1)
    assert losses(planned[0], runs) == losses(planned[0], tmp_path / "here")


def test_a_job_that_is_cancelled_is_missed(runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.experiments.executors.slurm.POLL_INTERVAL", 1.0)
    planned = specs(**LONG)
    disturbing = once_it_has_a_checkpoint(planned[0], runs, lambda job: ask("scancel", job))
    progress = batch(planned, runs, SlurmExecutor(runs, "slurm", QUEUE, 60.0))
    disturbing.join()
    ((_, reason),) = progress.failed
    assert re.match(r"job \d+: it left the queue without a result: .*CANCELLED.* \(see .*_log.err\)", reason)


def test_a_queue_that_refuses_ends_the_batch_and_loses_nothing(runs: Path, specs: Specs) -> None:
    executor = SlurmExecutor(runs, "slurm", Resources(memory=1, partition="nowhere"), 60.0)
    with pytest.raises(
        ExecutorUnreachable, match=r"cannot submit to the queue: .*Invalid partition name specified; finished"
    ):
        batch(specs(), runs, executor)
    with Store(runs) as store:
        store.refresh()
        assert store.results() == []


def test_the_command_ends_its_jobs_with_it(tmp_path: Path) -> None:
    study = tmp_path / "long.toml"
    study.write_text(
        '[study]\nname = "long"\nproblems = ["poisson-2d"]\nnetworks = ["mlp"]\npoints = 4000\nbudget = 300\nseeds = 3\n'
        "[resources]\nmemory = 1\n"
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "kinn", "batch", str(study), "--out", str(out), "--submit", "slurm"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 120
    while not list(out.glob("poisson-2d/*/*/state.pt")):
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.2)
    os.kill(process.pid, 2)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; 0 of 3 done; to go on: kinn batch" in err
    until = time.monotonic() + 30
    while queued := ask("squeue", "--me", "--noheader", "--name=kinn"):
        assert time.monotonic() < until, queued
        time.sleep(0.5)
