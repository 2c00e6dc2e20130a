"""Callbacks: called at the right moments with the state of the training, which they may stop."""

from __future__ import annotations

import json
import time
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

import kinn
from kinn import MLP, Adam, Auto, Callback, Dirichlet, Interval, Problem, StopReason
from kinn.optim import objective as optim_objective
from kinn.train.state import TrainingState
from tests.train.plans.problems import decay, heat

NETWORK = MLP((6,))


def bent() -> Problem:
    conditions = [Dirichlet("u", 0.0, on=side) for side in ("left", "right")]
    return Problem("bent", Interval(0, 1), strong=lambda u, p: u.xx - u**3 + 1, conditions=conditions)


class Listener(Callback):
    """Notes what it is called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int]] = []

    def on_stage_start(self, state: TrainingState) -> None:
        self.calls.append(("start", state.iteration))

    def on_step(self, state: TrainingState) -> None:
        assert state.loss == state.history[-1].loss
        assert state.seconds == state.history[-1].seconds
        self.calls.append(("step", state.iteration))

    def on_validation(self, state: TrainingState) -> None:
        assert state.validation is not None
        self.calls.append(("validation", state.iteration))

    def on_stage_end(self, state: TrainingState) -> None:
        self.calls.append(("end", state.iteration))


def test_they_are_called_after_each_step_each_validation_and_at_the_end() -> None:
    listener = Listener()
    solution = kinn.solve(bent(), NETWORK, points=60, iterations=25, optimizer=Adam(), callbacks=[listener])
    validated = [entry.iteration for entry in solution.history if entry.validation is not None]
    assert validated == [20, 25]
    expected: list[tuple[str, int]] = [("start", 0)]
    for n in range(1, 26):
        expected += [("validation", n)] * (n in validated) + [("step", n)]
    assert listener.calls == [*expected, ("end", 25)]


def test_every_stage_calls_them() -> None:
    listener = Listener()
    kinn.solve(heat(), NETWORK, points=60, iterations=6, time_windows=2, callbacks=[listener])
    assert [name for name, _ in listener.calls if name in ("start", "end")] == ["start", "end", "start", "end"]


def test_they_change_nothing_that_is_computed() -> None:
    class Evaluator(Callback):
        def on_step(self, state: TrainingState) -> None:
            self.value = state.fields.evaluate(np.array([[0.5]]), "u")
            state.fields.flat.set(torch.zeros_like(state.theta))

    follower = Evaluator()
    followed = kinn.solve(bent(), NETWORK, points=60, iterations=20, callbacks=[follower])
    alone = kinn.solve(bent(), NETWORK, points=60, iterations=20)
    assert torch.equal(followed.fields.flat.get(), alone.fields.flat.get())
    assert follower.value.shape == (1,)


@pytest.mark.parametrize("event", ["on_step", "on_validation"])
def test_they_stop_the_training(event: str) -> None:
    def stop(self: Callback, state: TrainingState) -> None:
        if state.iteration >= 7:
            state.stop()

    stopper = type("Stopper", (Callback,), {event: stop})()
    solution = kinn.solve(bent(), NETWORK, points=60, iterations=60, optimizer=Adam(), callbacks=[stopper])
    assert solution.stopped is StopReason.CALLBACK
    assert solution.iterations == (7 if event == "on_step" else 20)
    assert solution.history[-1].validation is not None  # the last parameters may be the best


def test_an_empty_reason_stops_as_well() -> None:
    def stop(_: Callback, state: TrainingState) -> None:
        state.stop("")

    stopper = type("Stopper", (Callback,), {"on_step": stop})()
    solution = kinn.solve(bent(), NETWORK, points=60, iterations=5, callbacks=[stopper])
    assert (solution.stopped, solution.iterations) == (StopReason.CALLBACK, 1)


class StopAfter(Callback):
    """Stops with a reason of its own."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, state: TrainingState) -> None:
        if state.iteration == self.steps:
            state.stop("the target is reached")


def test_a_reason_of_their_own_comes_back_and_survives_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    solution = kinn.solve(bent(), NETWORK, points=60, iterations=60, callbacks=[StopAfter(5)], checkpoint=path)
    assert (solution.stopped, solution.iterations) == ("the target is reached", 5)
    again = kinn.resume(path, bent())
    assert (again.stopped, again.iterations) == ("the target is reached", 5)
    longer = kinn.resume(path, bent(), iterations=9, callbacks=[StopAfter(7)])  # new limits lift the old request
    assert (longer.stopped, longer.iterations) == ("the target is reached", 7)


def test_each_stage_is_stopped_by_itself() -> None:
    solution = kinn.solve(
        decay(), NETWORK, points=60, iterations=40, curriculum={"rate": (1, 4)}, callbacks=[StopAfter(3)]
    )
    assert solution.iterations == 6
    assert solution.stopped == "the target is reached"


def test_time_that_does_not_count_is_taken_off() -> None:
    class Slow(Callback):
        counts_as_training: ClassVar[bool] = False

        def on_step(self, state: TrainingState) -> None:
            time.sleep(0.1)

    class Counted(Slow):
        counts_as_training: ClassVar[bool] = True

    def seconds(callback: Callback) -> float:
        solution = kinn.solve(bent(), NETWORK, optimizer="lm", points=60, iterations=10, callbacks=[callback])
        return solution.history[-1].seconds - solution.history[0].seconds

    assert seconds(Counted()) > 0.9
    assert seconds(Slow()) < 0.8


def test_reasons_read_as_text_and_say_why() -> None:
    solution = kinn.solve(bent(), NETWORK, points=60, iterations=3)
    assert solution.stopped is StopReason.ITERATIONS
    assert solution.stopped == "iterations"
    assert json.loads(json.dumps(solution.summary()))["stopped"] == "iterations"
    assert all(reason.description.endswith(".") for reason in StopReason)
    assert StopReason.of("budget") is StopReason.BUDGET
    assert StopReason.of("a reason of my own") == "a reason of my own"


def test_every_reason_of_the_optimizers_has_a_member() -> None:
    import ast

    def texts(path: Path) -> list[str]:
        found = []
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "State":
                found += [keyword.value for keyword in node.keywords if keyword.arg == "stalled"]
                found += node.args[3:4]
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("stalled", "why"):
                choice = node.value
                found.append(choice)
        found = [part for n in found for part in ([n.body, n.orelse] if isinstance(n, ast.IfExp) else [n])]
        constants = vars(import_module(f"kinn.optim.{path.stem}"))
        named = [constants[node.id] for node in found if isinstance(node, ast.Name) and node.id in constants]
        return named + [node.value for node in found if isinstance(node, ast.Constant) and node.value]

    folder = Path(optim_objective.__file__).parent
    reasons = {text for path in folder.glob("[!_]*.py") for text in texts(path)}
    assert len(reasons) >= 5
    assert reasons <= set(StopReason)


def test_a_solve_by_several_stages_joins_their_reasons() -> None:
    class StopFirst(Callback):
        def on_step(self, state: TrainingState) -> None:
            if state.stage.label == "rate=1":
                state.stop()

    options: dict[str, Any] = {"curriculum": {"rate": (1, 4)}, "optimizer": Auto(), "callbacks": [StopFirst()]}
    assert kinn.solve(decay(), NETWORK, points=60, iterations=8, **options).stopped == "callback, iterations"
