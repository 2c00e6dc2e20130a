"""Other places to work in: a real Dask scheduler with a worker process, and submitit's local queue; same results."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import pytest

from kinn.errors import InputError
from kinn.experiments.batch import Batch, BatchProgress
from kinn.experiments.executors import ExecutorUnreachable
from kinn.experiments.executors.dask_cluster import DaskExecutor
from kinn.experiments.executors.local import SerialExecutor
from kinn.experiments.executors.slurm import Requeued, SlurmExecutor, SlurmMonitor
from kinn.experiments.run_lock import active_runs
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.specification import Resources
from kinn.experiments.store import Store
from tests.experiments.conftest import Specs

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def batch(planned: tuple[RunSpec, ...], runs: Path, executor: Executor, window: int = 4) -> BatchProgress:
    with Store(runs) as store:
        return Batch(planned, store, executor, window).run()


def losses(spec: RunSpec, runs: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (spec.path(runs) / "metrics.jsonl").read_text().splitlines()]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def connected(address: str) -> DaskExecutor:
    """Return the executor of a scheduler that is just starting."""
    until = time.monotonic() + 60
    while True:
        try:
            return DaskExecutor(address)
        except InputError:
            assert time.monotonic() < until


@pytest.fixture
def dask_processes() -> list[subprocess.Popen[bytes]]:
    """Return the processes of the cluster: the scheduler, and a worker."""
    return []


@pytest.fixture
def scheduler(tmp_path: Path, dask_processes: list[subprocess.Popen[bytes]]) -> Iterator[str]:
    """Start a scheduler and a worker, each a process of its own, and return the address."""
    address = f"tcp://127.0.0.1:{free_port()}"
    place = ["--host", "127.0.0.1", "--port", address.rsplit(":", 1)[1], "--no-dashboard"]
    folder = ["--local-directory", str(tmp_path), "--nthreads", "1", "--no-dashboard"]
    log = (tmp_path / "dask.log").open("w")
    commands = (["scheduler", *place], ["worker", address, *folder])
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    dask_processes += [
        subprocess.Popen([sys.executable, "-m", "dask", *c], stdout=log, stderr=log, env=environment) for c in commands
    ]
    yield address
    for process in reversed(dask_processes):
        process.terminate()
        process.wait(30)
    log.close()


@pytest.mark.slow
def test_a_dask_cluster_solves_the_same(scheduler: str, runs: Path, specs: Specs, tmp_path: Path) -> None:
    planned = specs()
    with connected(scheduler) as executor:
        assert executor.slots >= 1
        assert batch(planned, runs, executor).solved == 2
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result(60)
    batch(planned, tmp_path / "here", SerialExecutor(), 1)
    assert all(losses(spec, runs) == losses(spec, tmp_path / "here") for spec in planned)


@pytest.mark.slow
def test_a_scheduler_that_is_lost_ends_the_batch_and_no_run_fails(
    scheduler: str, dask_processes: list[subprocess.Popen[bytes]], runs: Path, specs: Specs
) -> None:
    planned = specs(seeds=3, points=4000, iterations=100_000, budget=600)
    executor = connected(scheduler)
    lost = []

    def watch(progress: BatchProgress) -> None:
        if not lost and active_runs(runs):
            dask_processes[0].kill()
            lost.append(progress.running)

    with executor, Store(runs) as store:
        with pytest.raises(
            ExecutorUnreachable, match=f"the Dask scheduler at {scheduler} no longer answers; finished runs are k"
        ):
            Batch(planned, store, executor, 4, on_progress=watch).run()
        store.refresh()
        assert {result.status for result in store.results()} <= {"running", "interrupted"}
    assert lost


class Submitted:
    """What a look at the queue asks of a job."""

    def __init__(self, folder: Path, name: str) -> None:
        self.job_id = name
        self.paths = self
        self.result_pickle = folder / f"{name}_result.pkl"
        self.stderr = folder / f"{name}.err"


def test_jobs_that_vanish_from_the_queue_are_missed_at_the_second_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinn.experiments.executors.slurm.POLL_INTERVAL", 0.0)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    squeue = tmp_path / "squeue"
    waiting, done, vanished = (Submitted(tmp_path, name) for name in ("7_0", "7_1", "7_2"))
    done.result_pickle.touch()
    vanished.stderr.write_text("slurmstepd: error: *** JOB 9 ON node CANCELLED AT noon ***\nbye\n")
    watch = SlurmMonitor()
    jobs = [waiting, done, vanished]
    for answer, ended in (
        ("exit 1", {done}),  # the queue does not answer: nothing is known
        ("echo 7_0; echo 7_2", {done}),
        ("echo 7_0", {done}),
        ("echo 7_0; echo 7_2", {done}),  # it was queued again
        ("echo 7_0", {done}),
        ("echo 7_0", {done, vanished}),
    ):
        squeue.write_text(f"#!/bin/sh\n{answer}\n")
        squeue.chmod(0o755)
        found = watch.ended(jobs)
        assert found.keys() == ended
    assert found[done] is None
    assert "without a result: slurmstepd: error: *** JOB 9 ON node CANCELLED" in str(found[vanished])


def test_arrays_wait_for_one_another_so_that_no_more_jobs_run_than_asked_for(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinn.experiments.executors.slurm.ARRAY_SIZE", 3)
    sizes = []
    submit = SlurmExecutor._submit_array

    def count(executor: SlurmExecutor) -> None:
        before = len(executor._jobs)
        submit(executor)
        sizes.append((before, len(executor._jobs)))

    monkeypatch.setattr(SlurmExecutor, "_submit_array", count)
    with SlurmExecutor(runs, "local", Resources(), 60.0, workers=2) as executor:
        answers = [executor.submit(divmod, n, 3) for n in range(5)]
        assert [answer.result(120) for answer in answers] == [divmod(n, 3) for n in range(5)]
    assert sizes == [(0, 3), (0, 2)]


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.experiments.executors.dask_cluster.TIMEOUT", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=f"no Dask scheduler answers at {address}; no run was started"):
        DaskExecutor(address)
    with pytest.raises(InputError, match="no Dask scheduler answers at nonsense"):
        DaskExecutor("nonsense")


@pytest.mark.slow
def test_a_queue_solves_the_same(runs: Path, specs: Specs, tmp_path: Path) -> None:
    planned = specs()
    with SlurmExecutor(runs, "local", Resources(), 60.0) as executor:
        assert batch(planned, runs, executor).solved == 2
        failing = executor.submit(divmod, 1, 0)
        with pytest.raises(RuntimeError, match="job .*ZeroDivisionError"):
            failing.result(60)
    batch(planned, tmp_path / "here", SerialExecutor(), 1)
    assert all(losses(spec, runs) == losses(spec, tmp_path / "here") for spec in planned)


def test_a_job_that_is_ended_early_is_submitted_again() -> None:
    call = Requeued(divmod)
    again = call.checkpoint(7, 2)
    assert call(7, 2) == (3, 1)
    assert again.result() == (3, 1)
    assert isinstance(again.function, Requeued)


def test_a_queue_that_there_is_not_is_named(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="no queue named 'slrm'; did you mean 'slurm'"):
        SlurmExecutor(runs, "slrm", Resources(), 60.0)
    with pytest.raises(InputError, match="cannot submit to slurm: "):
        SlurmExecutor(runs, "slurm", Resources(), 60.0)
