"""Run folders are resumed: by name, by script, with more time; what does not match is one clear line."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import random
import signal
import time
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch

import kinn
from kinn import InputError
from kinn.networks import MLP
from kinn.optim import Auto
from kinn.runs.execute import execute_run, load_solution
from kinn.runs.problem_loader import find_problem
from kinn.runs.resolved_run import ResolvedRun
from kinn.runs.resume import Resumption
from kinn.runs.run_options import RunOptions
from kinn.train.state import HistoryEntry
from kinn.training_options import TrainingOptions

SCRIPT = """
from kinn import Dirichlet, Interval, Problem

def make_problem(source: float = 1.0):
    conditions = [Dirichlet("u", 0.0, on=side) for side in ("left", "right")]
    return Problem("bent", Interval(0, 1), strong=lambda u, p: u.xx - u**3 + source, conditions=conditions)
"""


class Cut(Exception):
    """What cuts a solve short, as a kill would."""


def work(name: str, out: Path, iterations: int = 25) -> ResolvedRun:
    source = find_problem(name)
    settings, problem = source.build({})
    options = RunOptions(form="strong", out=out, points=60, budget=30.0, iterations=iterations, checkpoint_every=0.0)
    return ResolvedRun(source, settings, problem, MLP((6,)), Auto(), TrainingOptions(), 0, options)


def cut_short(work: ResolvedRun, after: int) -> Path:
    """Solve up to a step, and return the run folder that is left."""

    def cut(record: HistoryEntry) -> None:
        if record.iteration > after:
            raise Cut

    with pytest.raises(Cut):
        execute_run(work, cut)
    return work.folder().path


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)


def weights(run: Path) -> dict[str, Any]:
    return torch.load(run / "state.pt", weights_only=True)["weights"]  # type: ignore[no-any-return]


def equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_of_a_library_problem_is_resumed_by_its_folder_alone(tmp_path: Path) -> None:
    whole = execute_run(work("poisson-1d", tmp_path / "whole"))
    run = cut_short(work("poisson-1d", tmp_path / "cut"), 11)
    assert {p.name for p in run.iterdir()} == {"config.toml", "environment.json", "state.pt"}
    solution = kinn.resume(run)
    assert solution.run == run
    assert whole.run is not None
    assert equal(weights(run), weights(whole.run))
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert [line["iteration"] for line in lines] == list(range(1, 26))
    assert [line["loss"] for line in lines] == [r.loss for r in whole.history]
    assert [p.name for p in run.parent.iterdir()] == [run.name]


def test_a_kill_at_any_moment_leaves_a_run_that_can_be_resumed(tmp_path: Path) -> None:
    began = time.perf_counter()
    whole = execute_run(work("poisson-1d", tmp_path / "whole"))
    duration = time.perf_counter() - began
    moments = random.Random(1)
    for n in range(4):
        mine = work("poisson-1d", tmp_path / str(n))
        path = mine.folder().path
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork: the child starts none of its own
            child = multiprocessing.get_context("fork").Process(target=execute_run, args=(mine,))
            child.start()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(moments.random() * duration)  # figures and files are written at the end, and last longest
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        solution = kinn.resume(path)
        assert torch.equal(flat(solution), flat(whole))
        assert (path / "solution.vtu").is_file()


def flat(solution: kinn.Solution) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in solution.fields.state_dict().values()])


def test_a_kill_between_two_renames_is_mended(tmp_path: Path) -> None:
    run = cut_short(work("poisson-1d", tmp_path), 9)
    run.rename(run.with_name(f".{run.name}.old-12345678"))
    assert kinn.resume(run).run == run


def test_a_run_of_a_script_is_resumed_unless_the_script_changed(tmp_path: Path) -> None:
    script = tmp_path / "bent.py"
    script.write_text(SCRIPT)
    run = cut_short(work(str(script), tmp_path), 9)
    assert kinn.resume(run, iterations=12).iterations == 12
    moved = script.rename(tmp_path / "moved.py")
    with pytest.raises(InputError, match="no problem script at"):
        kinn.resume(run)
    assert Resumption.of(run, moved).run().iterations == 25
    moved.write_text(SCRIPT + "# changed\n")
    with pytest.raises(InputError, match=r"moved.py has changed since the run was started"):
        Resumption.of(run, moved)


def test_more_time_makes_another_run(tmp_path: Path) -> None:
    short = execute_run(work("poisson-1d", tmp_path, 7))
    assert short.run is not None
    kept = (short.run / "summary.json").read_text()
    solution = kinn.resume(short.run, iterations=25)
    whole = work("poisson-1d", tmp_path, 25)
    assert solution.run == whole.folder().path.resolve()
    assert solution.run != short.run
    assert (short.run / "summary.json").read_text() == kept
    assert torch.equal(solution.fields.flat.get(), execute_run(whole).fields.flat.get())


def test_what_has_ended_is_returned_and_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    solved = execute_run(work("poisson-1d", tmp_path))
    assert solved.run is not None
    before = {p.name: p.stat().st_mtime_ns for p in solved.run.iterdir()}
    monkeypatch.setattr(Auto, "step", lambda *_: pytest.fail("it is trained once more"))
    again = Resumption.of(solved.run).solution()
    assert torch.equal(again.fields.flat.get(), solved.fields.flat.get())
    assert (again.errors, again.history, again.run) == (solved.errors, solved.history, None)
    assert {p.name: p.stat().st_mtime_ns for p in solved.run.iterdir()} == before


def test_solutions_of_a_baseline_are_not_stored(tmp_path: Path) -> None:
    baseline = dataclasses.replace(work("poisson-1d", tmp_path), baseline="deepxde")
    with pytest.raises(InputError, match="solutions of deepxde are not stored"):
        load_solution(baseline, {})


def test_a_finished_run_is_kept_while_it_is_solved_again(tmp_path: Path) -> None:
    run = execute_run(work("poisson-1d", tmp_path)).run
    assert run is not None
    before = {p.name: p.read_bytes() for p in run.iterdir()}
    cut_short(work("poisson-1d", tmp_path), 9)
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before


def test_a_copy_of_a_run_can_be_resumed_where_it_is(tmp_path: Path) -> None:
    run = cut_short(work("poisson-1d", tmp_path / "runs"), 9)
    copy = run.rename(tmp_path / "copy")
    solution = kinn.resume(copy)
    assert solution.run == copy
    assert (copy / "solution.vtu").is_file()


def test_the_checkpoint_of_an_interrupted_run_is_pending(tmp_path: Path) -> None:
    again = work("poisson-1d", tmp_path)
    assert again.pending_checkpoint() is None
    run = cut_short(work("poisson-1d", tmp_path), 9)
    before = again.pending_checkpoint()
    assert before is not None
    whole = execute_run(work("poisson-1d", tmp_path / "whole"))
    assert torch.equal(execute_run(again, checkpoint=before).fields.flat.get(), whole.fields.flat.get())
    assert again.pending_checkpoint() is None
    (run / "network.safetensors").unlink()
    (run / "state.pt").write_bytes(b"PK")
    with pytest.raises(InputError, match="no checkpoint, or a damaged one"):
        again.pending_checkpoint()


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    run = cut_short(work("poisson-1d", tmp_path), 9)
    other = cut_short(work("poisson-2d", tmp_path), 3)
    (tmp_path / "empty").mkdir()
    kept = (other / "state.pt").read_bytes()
    with pytest.raises(InputError, match="is not a run folder: it has no config.toml"):
        kinn.resume(tmp_path / "empty")
    with pytest.raises(InputError, match="no checkpoint at"):
        kinn.resume(tmp_path / "nothing")
    with pytest.raises(InputError, match="the checkpoint is of problem 'poisson-2d', not of 'poisson-1d'"):
        kinn.resume(other, find_problem("poisson-1d").build({})[1])
    (other / "state.pt").write_bytes((run / "state.pt").read_bytes())
    with pytest.raises(InputError, match="is the checkpoint of another run than the configuration beside it"):
        kinn.resume(other)
    (other / "state.pt").write_bytes(kept)
    (other / "config.toml").write_text("problem = ")
    with pytest.raises(InputError, match=r"config.toml cannot be read"):
        kinn.resume(other)
    (other / "config.toml").write_text("seed = 0\n")
    data = torch.load(other / "state.pt", weights_only=True)
    torch.save(data | {"config": {"seed": 0}}, other / "state.pt")
    with pytest.raises(InputError, match="is incomplete: it lacks 'form'"):
        kinn.resume(other)
