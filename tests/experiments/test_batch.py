"""Batches: solved runs are skipped, interrupted ones resumed, failures kept; kills and full disks lose nothing."""

from __future__ import annotations

import errno
import itertools
import json
import multiprocessing
import os
import random
import signal
import threading
import time
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

import kinn
from kinn.errors import InputError, SolveError
from kinn.experiments.batch import Batch, BatchProgress
from kinn.experiments.executors import WorkerDied
from kinn.experiments.executors.local import LocalExecutor, SerialExecutor, visible_gpus
from kinn.experiments.run_lock import lock_run
from kinn.experiments.run_spec import RunSpec
from kinn.experiments.store import Store, StoreError
from kinn.train.loop import CLOCKS
from tests.experiments.conftest import Specs


def batch(planned: tuple[RunSpec, ...], runs: Path, executor: Executor | None = None, **options: Any) -> BatchProgress:
    with Store(runs) as store:
        return Batch(planned, store, executor or SerialExecutor(), **options).run()


def statuses(runs: Path) -> list[str]:
    with Store(runs) as store:
        store.refresh()
        return [r.status for r in store.results()]


def test_what_is_solved_is_skipped(runs: Path, specs: Specs) -> None:
    assert batch(specs(), runs).solved == 2
    progress = batch(specs(seeds=3), runs)
    assert (progress.found, progress.solved) == (2, 1)
    assert batch(specs(), runs, fresh=True).solved == 2


def test_what_failed_is_kept_with_its_reason_and_tried_again_only_when_asked(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    solve = kinn.solve

    def fail(problem: Any, network: Any, *, seed: int, **rest: Any) -> Any:
        if seed == 1:
            raise SolveError("the loss is not finite")
        if seed == 2:
            raise ZeroDivisionError("by a script")
        return solve(problem, network, seed=seed, **rest)

    planned = specs(seeds=3)
    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: fail)
    progress = batch(planned, runs)
    assert (progress.solved, [r for _, r in progress.failed]) == (
        1, ["the loss is not finite", "ZeroDivisionError: by a script"],
    )  # fmt: skip
    with Store(runs) as store:
        assert {r.reason for r in store.results()} == {"", *(r for _, r in progress.failed)}
    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: solve)
    progress = batch(planned, runs)
    assert (progress.found, progress.failed_before, progress.solved) == (1, 2, 0)
    progress = batch(planned, runs, retry=True)
    assert (progress.found, progress.failed_before, progress.solved) == (1, 0, 2)


def test_a_budget_in_seconds_of_the_processor_is_counted_by_it(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setitem(CLOCKS, "cpu", lambda: float(next(ticks)))  # a second has gone whenever it is asked
    (spec,) = specs(seeds=1, clock="cpu", budget=20, iterations=10_000)
    assert spec.config["clock"] == "cpu"
    assert batch((spec,), runs).solved == 1
    summary = json.loads((spec.path(runs) / "summary.json").read_text())
    assert summary["stopped"] == "budget"
    assert 20 <= summary["seconds"] == int(summary["seconds"]) < 60


class Cut(BaseException):
    """What cuts a batch short, as a kill would."""


def cut_short(planned: tuple[RunSpec, ...], runs: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> Path:
    """Run a batch until the first case has planned some steps, and return the folder that is left."""
    with monkeypatch.context() as patch:
        patch.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)

        def work(task: Any) -> Any:
            from kinn.experiments.jobs import run_job

            def cut(record: Any) -> None:
                if record.iteration > after:
                    raise Cut

            return run_job(task, cut)

        with pytest.raises(Cut):
            batch(planned, runs, checkpoint=0.0, function=work)
    return planned[0].path(runs)


def test_what_was_cut_short_goes_on_from_its_checkpoint(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planned = specs(iterations=30, seeds=1)
    run = cut_short(planned, runs, monkeypatch, 12)
    assert statuses(runs) == ["interrupted"]
    progress = batch(planned, runs)
    assert (progress.solved, progress.messages) == (1, [f"{planned[0].title}: resuming an interrupted solve"])
    whole = batch(planned, tmp_path / "whole")
    assert whole.solved == 1
    losses = [
        [json.loads(line)["loss"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
        for folder in (run, planned[0].path(tmp_path / "whole"))
    ]
    assert losses[0] == losses[1]


def test_a_run_with_a_damaged_checkpoint_is_restarted_with_a_message(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = specs(iterations=30, seeds=1)
    (cut_short(planned, runs, monkeypatch, 12) / "state.pt").write_bytes(b"PK")
    progress = batch(planned, runs)
    assert progress.solved == 1
    assert "restarting" in progress.messages[0]
    assert "damaged" in progress.messages[0]


def test_a_full_disk_stops_the_batch_and_leaves_a_good_store(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = specs(seeds=4)
    write = kinn.Solution.save_vtu
    written = []

    def fill(solution: Any, path: Any) -> None:
        written.append(path)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(solution, path)

    with monkeypatch.context() as patch:
        patch.setattr(kinn.Solution, "save_vtu", fill)
        with pytest.raises(StoreError, match=r"cannot write the run folder .*: No space left on device"):
            batch(planned, runs)
    assert sorted(statuses(runs)) == ["done", "done", "interrupted"]
    assert batch(planned, runs).solved == 2
    assert not list(runs.rglob(".*.new-*"))


def test_a_case_that_another_process_is_at_is_waited_for(
    runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kinn.experiments.batch.RETRY_AFTER", 0.1)
    monkeypatch.setattr("kinn.experiments.batch.INTERVAL", 0.05)
    planned = specs(seeds=1)
    release = threading.Event()

    def hold() -> None:
        with lock_run(runs, planned[0].path(runs)):
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    asked: list[int] = []

    def watch(progress: BatchProgress) -> None:
        asked.append(progress.ended)
        if len(asked) == 5:
            release.set()

    assert batch(planned, runs, on_progress=watch).solved == 1
    assert asked[:5] == [0] * 5
    holder.join()


def test_two_batches_on_one_store_share_the_work(runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.experiments.batch.RETRY_AFTER", 0.1)
    planned = specs(seeds=8)
    context = multiprocessing.get_context("fork")
    counts = context.Queue()

    def work() -> None:
        progress = batch(planned, runs)
        counts.put((progress.solved, progress.found, len(progress.failed)))

    processes = [context.Process(target=work) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    ended = [counts.get(timeout=5) for _ in processes]
    assert sum(solved for solved, _, _ in ended) == 8
    assert [solved + found for solved, found, _ in ended] == [8, 8]
    assert statuses(runs) == ["done"] * 8


def kill_at_random(planned: tuple[RunSpec, ...], runs: Path, times: int) -> None:
    """Kill a batch again and again, and hold that no finished run is lost, or solved a second time."""
    context = multiprocessing.get_context("fork")
    moments = random.Random(3)
    finished: dict[Path, int] = {}
    for _ in range(times):
        process = context.Process(target=batch, args=(planned, runs), kwargs={"checkpoint": 0.0})
        process.start()
        time.sleep(moments.uniform(0.0, 0.6))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        with Store(runs) as store:
            store.refresh()
            done = {r.path: (r.path / "summary.json").stat().st_mtime_ns for r in store.results() if r.status == "done"}
            assert store.rejected == {}
        assert finished.items() <= done.items()
        finished = done
    progress = batch(planned, runs)
    assert progress.found == len(finished)
    assert progress.found + progress.solved == len(planned)
    assert statuses(runs) == ["done"] * len(planned)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_kill_loses_no_finished_run(runs: Path, specs: Specs) -> None:
    kill_at_random(specs(seeds=8), runs, 4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_twenty_kills_lose_no_finished_run(runs: Path, specs: Specs) -> None:
    kill_at_random(specs(seeds=60, iterations=20), runs, 20)


def test_local_workers_solve_the_same(runs: Path, specs: Specs, tmp_path: Path) -> None:
    planned = specs(seeds=3)
    with LocalExecutor(2, 1, tmp_path / "log") as executor:
        progress = batch(planned, runs, executor, window=2)
    assert progress.solved == 3
    batch(planned, tmp_path / "here")
    for spec in planned:
        texts = [
            [json.loads(line)["loss"] for line in (spec.path(root) / "metrics.jsonl").read_text().splitlines()]
            for root in (runs, tmp_path / "here")
        ]
        assert texts[0] == texts[1]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_a_worker_gives_back_what_a_call_took(tmp_path: Path) -> None:
    hoard = "import numpy\nkept = [numpy.ones(8000) for _ in range(5000)]\nkept.append(kept)"  # 320 MB in a cycle
    pages = "int(open('/proc/self/statm').read().split()[1])"
    with LocalExecutor(1, 1, tmp_path / "log", warm=False) as executor:
        executor.submit(exec, "import numpy").result(60)
        before = executor.submit(eval, pages).result(60)
        executor.submit(exec, hoard, {}).result(60)
        after = executor.submit(eval, pages).result(60)
    assert (after - before) * os.sysconf("SC_PAGE_SIZE") < 50e6


def test_a_worker_that_dies_costs_its_own_call_only(tmp_path: Path) -> None:
    with LocalExecutor(1, 3, tmp_path / "log", warm=False) as executor:
        dead = executor.submit(os._exit, 3)
        executor.submit(print, "this must not get between the answers", flush=True)
        threads = executor.submit(os.getenv, "OMP_NUM_THREADS")
        killed = executor.submit(signal.raise_signal, signal.SIGKILL)
        assert threads.result(60) == "3"
        with pytest.raises(RuntimeError, match="the worker process ended with status 3"):
            dead.result()
        with pytest.raises(RuntimeError, match="the worker process was killed by SIGKILL: out of memory?"):
            killed.result(60)
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result(60)
        with pytest.raises((ModuleNotFoundError, AttributeError)):
            executor.submit(statuses, tmp_path).result(60)  # which the worker cannot import
        with pytest.raises((TypeError, RuntimeError), match="pickle"):
            executor.submit(threading.Lock).result(60)
    assert "this must not get between" in (tmp_path / "log").read_text()
    with pytest.raises(RuntimeError, match="shut down"):
        executor.submit(print)


def test_each_worker_sees_a_gpu_of_its_own_and_so_does_the_one_in_its_place(tmp_path: Path) -> None:
    look = "import os, time; time.sleep(1); raise RuntimeError(os.environ['CUDA_VISIBLE_DEVICES'])"
    with LocalExecutor(3, 1, tmp_path / "log", gpus=["0", "5", "GPU-8a"], warm=False) as executor:
        for _ in range(2):
            asked = [executor.submit(exec, look) for _ in range(3)]  # at the same time: each is busy for a second
            assert sorted(str(answer.exception(60)) for answer in asked) == ["0", "5", "GPU-8a"]
            dying = [executor.submit(exec, "import os, time; time.sleep(1); os._exit(1)") for _ in range(3)]
            assert all(isinstance(answer.exception(60), WorkerDied) for answer in dying)


def test_workers_see_what_the_batch_sees_where_no_gpu_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    assert visible_gpus() == ["3", "4"]
    with LocalExecutor(1, 1, tmp_path / "log", warm=False) as executor:
        assert executor.submit(os.getenv, "CUDA_VISIBLE_DEVICES").result(60) == "3,4"


def test_figures_are_drawn_where_that_is_asked_for(runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    monkeypatch.setattr("kinn.solution.Solution.plot", lambda _, folder: drawn.append(folder))
    batch(specs(seeds=1), runs)
    assert drawn == []
    batch(specs(), runs, figures=True)
    assert len(drawn) == 1


class _Deadly(SerialExecutor):
    """Loses every spec, as a worker that is killed does."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        def lose() -> None:
            raise RuntimeError("the worker process was killed by SIGKILL: out of memory?")

        return super().submit(lose)


def test_a_case_whose_worker_dies_has_failed(runs: Path, specs: Specs) -> None:
    progress = batch(specs(seeds=1), runs, _Deadly())
    assert progress.failed[0][1].startswith("the worker process was killed by SIGKILL")
    with Store(runs) as store:
        (result,) = store.results()
        assert (result.status, result.reason) == ("failed", progress.failed[0][1])


def test_a_script_that_changed_is_the_end_of_its_own_case(runs: Path, specs: Specs, tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text(
        "from kinn import Dirichlet, Interval, Problem\n"
        "problem = Problem('mine', Interval(0, 1), strong=lambda u, p: u.xx + 1,"
        " conditions=[Dirichlet('u', 0.0, on='boundary')])\n"
    )
    planned = specs(problems=[str(script), "poisson-1d"], seeds=1)
    script.write_text(script.read_text() + "\n")
    progress = batch(planned, runs)
    assert progress.solved == 1
    assert "has changed since the run was started" in progress.failed[0][1]


def test_input_errors_are_told_as_they_are(runs: Path, specs: Specs, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise InputError("no boundary named 'lft'")

    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: refuse)
    assert batch(specs(seeds=1), runs).failed[0][1] == "no boundary named 'lft'"
