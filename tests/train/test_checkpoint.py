"""Checkpoints: a kill at any moment leaves the last good state; what is damaged or foreign is one clear line."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import time
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import kinn
from kinn import MLP, Auto, Dirichlet, InputError, Interval, Problem
from kinn.train.checkpoint import FORMAT, Checkpoints, read_checkpoint, restore_state, write_checkpoint
from kinn.train.state import Stage

KILLS = 16
STEPS = 48


def problem(source: float = 1.0) -> Problem:
    conditions = [Dirichlet("u", 0.0, on=side) for side in ("left", "right")]
    return Problem("bent", Interval(0, 1), strong=lambda u, p: u.xx - u**3 + source, conditions=conditions)


def solve(path: Path) -> kinn.Solution:
    """Solve with a checkpoint after every step, or as near to that as the time of writing allows."""
    keeper = Checkpoints.in_file(path, CONFIG)
    keeper.every = 0.0
    return kinn.solve(
        problem(), NETWORK, optimizer=Auto(patience=8, race_work=3e8), points=60, iterations=STEPS, checkpoint=keeper
    )


NETWORK = MLP((6, 6))
CONFIG: dict[str, Any] = {
    "problem": {"name": "bent"},
    "network": {"name": "mlp", "width": [6, 6]},
    "optimizer": {"name": "auto", "patience": 8, "race_work": 3e8},
    "form": "strong",
    "points": 60,
    "budget": 60.0,
    "iterations": STEPS,
    "seed": 0,
    "dtype": "float64",
}


def test_a_kill_at_any_moment_loses_nothing_but_a_little_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)
    began = time.perf_counter()
    whole = solve(tmp_path / "whole.pt")
    duration = time.perf_counter() - began
    assert {record.stage for record in whole.history} == {"lm", "ssbroyden"}
    moments = random.Random(0)
    reached = set()
    for n in range(KILLS):
        path = tmp_path / f"{n}.pt"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads and fork: the child starts none of its own
            child = multiprocessing.get_context("fork").Process(target=solve, args=(path,))
            child.start()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(moments.random() * duration)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        before = read_checkpoint(path)
        reached.add(len(before["training"]["history"]["loss"]))
        resumed = kinn.resume(path, problem())
        assert torch.equal(resumed.fields.flat.get(), whole.fields.flat.get())
        assert [r.loss for r in resumed.history] == [r.loss for r in whole.history]
    assert len(reached) > KILLS // 3  # the kills fell on different steps
    assert min(reached) < STEPS


def test_checkpoints_are_written_when_due(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count()  # a second a look: each writing takes one
    monkeypatch.setattr("kinn.train.checkpoint.time.monotonic", lambda: float(next(clock)))
    written: list[dict[str, Any]] = []
    keeper = Checkpoints(written.append, every=10.0)
    for n in range(120):
        keeper.keep(lambda n=n: {"n": n})  # type: ignore[misc]
    assert [data["n"] for data in written] == [0, 50, 100]  # the writing is to take a fiftieth of the time
    keeper.keep(lambda: {"n": 120}, now=True)
    assert written[-1] == keeper.last == {"format": FORMAT, "n": 120}


def test_a_writing_that_fails_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.pt"
    write_checkpoint(path, {"format": FORMAT, "n": 1})

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(InputError, match=r"cannot write the checkpoint .*state.pt: No space left on device"):
        write_checkpoint(path, {"format": FORMAT, "n": 2})
    assert read_checkpoint(path)["n"] == 1
    assert list(tmp_path.iterdir()) == [path]


def damage(path: Path, how: str) -> None:
    data = path.read_bytes()
    if how == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("not a checkpoint\n")
    elif how == "code":
        torch.save({"format": FORMAT, "training": Path}, path)  # a pickle of something that could run
    elif how == "foreign":
        torch.save({"weights": torch.ones(3)}, path)
    elif how == "later":
        torch.save({"format": "kinn checkpoint 5"}, path)
    elif how == "gone":
        path.unlink()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("truncated", "is no checkpoint, or a damaged one"),
        ("empty", "is no checkpoint, or a damaged one"),
        ("text", "is no checkpoint, or a damaged one"),
        ("code", "is no checkpoint, or a damaged one"),
        ("foreign", "no checkpoint of this version of KINN: it comes from something else"),
        ("later", "no checkpoint of this version of KINN: it has format 'kinn checkpoint 5'"),
        ("gone", "no checkpoint at"),
    ],
)
def test_what_cannot_be_read_is_one_line(tmp_path: Path, how: str, message: str) -> None:
    path = tmp_path / "state.pt"
    write_checkpoint(path, {"format": FORMAT})
    damage(path, how)
    with pytest.raises(InputError, match=message) as caught:
        read_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_problem_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    kinn.solve(problem(), NETWORK, points=60, iterations=3, checkpoint=path)
    kept = path.read_bytes()
    with pytest.raises(InputError, match=r"of another problem: its training began at a loss of .* 'bent' begins at"):
        kinn.resume(path, problem(source=2.0), iterations=9)
    other = Problem("other", Interval(0, 1), strong=lambda u, p: u.xx, conditions=[Dirichlet("u", 0.0, on="left")])
    with pytest.raises(InputError, match="the checkpoint is of problem 'bent', not of 'other'"):
        kinn.resume(path, other)
    stage: Any = Stage(SimpleNamespace(trial=SimpleNamespace(problem=SimpleNamespace(name="x"), parameter_count=62)))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="of another problem or network: it has 61 parameters, and problem 'x' has 62"):
        restore_state(read_checkpoint(path), stage, 0.0)
    with pytest.raises(InputError, match="lacks what training needs to resume: 'training'"):
        restore_state({"format": FORMAT}, stage, 0.0)
    assert path.read_bytes() == kept


def test_an_ended_solve_is_returned_and_may_go_on(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    first = kinn.solve(problem(), NETWORK, points=60, iterations=13, checkpoint=path)
    again = kinn.resume(path, problem())
    assert torch.equal(again.fields.flat.get(), first.fields.flat.get())
    assert (again.stopped, again.iterations) == ("iterations", 13)
    assert again.seconds > first.history[-1].seconds
    longer = kinn.resume(path, problem(), iterations=31)
    whole = kinn.solve(problem(), NETWORK, points=60, iterations=31)
    assert torch.equal(longer.fields.flat.get(), whole.fields.flat.get())


def test_an_unwritable_place_is_found_before_training(tmp_path: Path) -> None:
    seen: list[Any] = []
    with pytest.raises(InputError, match="cannot write the checkpoint"):
        kinn.solve(problem(), NETWORK, iterations=3, checkpoint=tmp_path / "no" / "x.pt", progress=seen.append)
    assert not seen
