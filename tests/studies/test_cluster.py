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
from kinn.studies.batch import Batch, Tally
from kinn.studies.cases import Case
from kinn.studies.executors import SerialExecutor
from kinn.studies.executors.cluster import DaskExecutor
from kinn.studies.executors.slurm import Requeued, SlurmExecutor
from kinn.studies.specification import Resources
from kinn.studies.store import Store
from tests.studies.conftest import Cases

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def batch(made: tuple[Case, ...], runs: Path, executor: Executor, window: int = 4) -> Tally:
    with Store(runs) as store:
        return Batch(made, store, executor, window).run()


def losses(case: Case, runs: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (case.place(runs) / "metrics.jsonl").read_text().splitlines()]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Start a scheduler and a worker, each a process of its own, and return the address."""
    address = f"tcp://127.0.0.1:{free_port()}"
    place = ["--host", "127.0.0.1", "--port", address.rsplit(":", 1)[1], "--no-dashboard"]
    folder = ["--local-directory", str(tmp_path), "--nthreads", "1", "--no-dashboard"]
    log = (tmp_path / "dask.log").open("w")
    commands = (["scheduler", *place], ["worker", address, *folder])
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    processes = [
        subprocess.Popen([sys.executable, "-m", "dask", *c], stdout=log, stderr=log, env=environment) for c in commands
    ]
    yield address
    for process in reversed(processes):
        process.terminate()
        process.wait(30)
    log.close()


@pytest.mark.slow
def test_a_dask_cluster_solves_the_same(scheduler: str, runs: Path, cases: Cases, tmp_path: Path) -> None:
    made = cases()
    until = time.monotonic() + 60
    while True:
        try:
            executor = DaskExecutor(scheduler)
            break
        except InputError:
            assert time.monotonic() < until
    with executor:
        assert executor.slots >= 1
        assert batch(made, runs, executor).solved == 2
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result(60)
    batch(made, tmp_path / "here", SerialExecutor(), 1)
    assert all(losses(case, runs) == losses(case, tmp_path / "here") for case in made)


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.studies.executors.cluster.PATIENCE", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(InputError, match=f"no Dask scheduler answers at {address}; nothing was begun"):
        DaskExecutor(address)
    with pytest.raises(InputError, match="no Dask scheduler answers at nonsense"):
        DaskExecutor("nonsense")


@pytest.mark.slow
def test_a_queue_solves_the_same(runs: Path, cases: Cases, tmp_path: Path) -> None:
    made = cases()
    with SlurmExecutor(runs, "local", Resources(), 60.0) as executor:
        assert batch(made, runs, executor).solved == 2
        failing = executor.submit(divmod, 1, 0)
        with pytest.raises(RuntimeError, match="job .*ZeroDivisionError"):
            failing.result(60)
    batch(made, tmp_path / "here", SerialExecutor(), 1)
    assert all(losses(case, runs) == losses(case, tmp_path / "here") for case in made)


def test_a_job_that_is_ended_early_is_submitted_again() -> None:
    call = Requeued(divmod)
    again = call.checkpoint(7, 2)
    assert call(7, 2) == (3, 1)
    assert again.result() == (3, 1)
    assert isinstance(again.function, Requeued)


def test_a_queue_that_there_is_not_is_named(runs: Path) -> None:
    with pytest.raises(InputError, match="no queue named 'slrm'; did you mean 'slurm'"):
        SlurmExecutor(runs, "slrm", Resources(), 60.0)
    with pytest.raises(InputError, match="cannot submit to slurm: "):
        SlurmExecutor(runs, "slurm", Resources(), 60.0)
