from __future__ import annotations

import io
import itertools
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from kinn import (
    LBFGS,
    MLP,
    Adam,
    Auto,
    Dirichlet,
    Interval,
    LevenbergMarquardt,
    Problem,
    SelfScaledBroyden,
    SolveError,
    exp,
)
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.optim import Objective, Optimizer, State
from kinn.train.callbacks import Callback, HistoryFunction
from kinn.train.loop import CLOCKS, MAX_FLOPS_UNVALIDATED, StoppingCriteria, begin, train, validation_interval
from kinn.train.state import HistoryEntry, Stage, TrainingState


def systems(strong: Any = lambda u, p: u.xx + 1, points: int = 40) -> tuple[ResidualObjective, ResidualObjective]:
    conditions = [Dirichlet("u", 0.0, on="left"), Dirichlet("u", 0.0, on="right")]
    trial = DomainTrial(Problem("p", Interval(0, 1), strong=strong, conditions=conditions), MLP((6,)), seed=0)
    return strong_form(trial, points=points), strong_form(trial, points=2 * points, seed=9)


@dataclass(frozen=True)
class Scripted(Optimizer):
    """Goes where it is told, whatever the loss: to drive the loop into its corners."""

    name: ClassVar[str] = "scripted"
    monotone: ClassVar[bool] = False
    path: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()

    def start(self, objective: Objective, theta: Tensor) -> State:
        return State(theta, objective.loss(theta), {"n": 0, "origin": theta})

    def step(self, objective: Objective, state: State) -> State:
        n = state.memory["n"]
        theta = state.memory["origin"] + self.path[min(n, len(self.path) - 1)]
        loss = self.losses[min(n, len(self.losses) - 1)] if self.losses else objective.loss(theta)
        return State(theta, loss, {**state.memory, "n": n + 1})


def test_stops_at_the_step_count_and_records_every_step() -> None:
    seen: list[HistoryEntry] = []
    outcome = train(
        *systems(), LevenbergMarquardt(), StoppingCriteria(iterations=7), callbacks=[HistoryFunction(seen.append)]
    )
    assert outcome.stopped == "iterations"
    assert outcome.history == tuple(seen)
    assert [r.iteration for r in seen] == list(range(1, 8))
    assert all(a.seconds <= b.seconds for a, b in itertools.pairwise(seen))
    assert seen[-1].validation is not None


def test_the_budget_is_counted_by_the_clock_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setitem(CLOCKS, "cpu", lambda: float(next(ticks)))
    outcome = train(*systems(), Adam(), StoppingCriteria(budget=6.0, clock="cpu"))
    assert outcome.stopped == "budget"
    assert outcome.seconds >= 6.0
    assert len(outcome.history) <= 6  # one tick a step at the least; no wall-clock second has passed


def test_stops_at_the_budget() -> None:
    outcome = train(*systems(), Adam(), StoppingCriteria(budget=0.2))
    assert outcome.stopped == "budget"
    *before, last = outcome.history
    assert all(r.seconds < 0.2 for r in before)
    assert last.seconds >= 0.2


def test_stops_when_nothing_moves() -> None:
    outcome = train(*systems(), Scripted(path=(0.0,)), StoppingCriteria(iterations=30))
    assert outcome.stopped == "iterations"
    stuck = LevenbergMarquardt(max_trials=40)
    outcome = train(*systems(lambda u, p: (u.xx, exp(u * 0) * 3)), stuck, StoppingCriteria(budget=20, stagnation=10))
    assert outcome.stopped in ("stagnation", "damping exhausted")


def test_keeps_the_best_validated_parameters() -> None:
    system, validation = systems()
    start = system.start()
    shifts = (0.0, 0.5, 3.0)
    best = min(shifts, key=lambda s: validation.loss(start + s))
    system.trial.flat.set(start)
    outcome = train(system, validation, Scripted(path=shifts), StoppingCriteria(iterations=3, check_every=1))
    torch.testing.assert_close(outcome.theta, start + best)


def test_stops_when_fresh_points_disagree() -> None:
    falling = tuple(0.9**n for n in range(40))  # what the scripted method claims
    climbing = tuple(0.3 * n for n in range(40))  # where it goes
    outcome = train(*systems(), Scripted(path=climbing, losses=falling), StoppingCriteria(check_every=1))
    assert outcome.stopped == "validation rises"


def test_a_step_to_nan_is_rolled_back() -> None:
    method = Scripted(path=(0.1, float("nan"), 0.2), losses=(1.0, float("nan"), 0.5))
    with pytest.raises(SolveError, match="not finite after"):
        train(*systems(), Scripted(path=(float("nan"),)), StoppingCriteria(iterations=5))
    system, validation = systems()
    outcome = train(system, validation, method, StoppingCriteria(iterations=2, check_every=1))
    assert bool(torch.isfinite(outcome.theta).all())


def test_a_loss_that_starts_infinite_names_term_and_point() -> None:
    with pytest.raises(SolveError, match=r"the PDE, first at x ="):
        train(*systems(lambda u, p: u.xx + exp(1000 + 1000 * u**2)), LevenbergMarquardt(), StoppingCriteria())


@pytest.mark.parametrize(
    "method", [Auto(), Auto(warm_up=4), Adam(), LBFGS(), SelfScaledBroyden(), LevenbergMarquardt()]
)
def test_a_training_goes_on_from_where_it_stood_to_the_same_bits(method: Optimizer) -> None:
    def nonlinear(u: Any, p: Any) -> Any:
        return u.xx - u * u * u + 1

    whole = train(*systems(nonlinear), method, StoppingCriteria(iterations=45))
    kept: list[bytes] = []

    class Keeper(Callback):
        def on_stage_start(self, state: TrainingState) -> None:
            buffer = io.BytesIO()
            torch.save(state.pack(), buffer)
            kept.append(buffer.getvalue())

        on_step = on_stage_end = on_stage_start

    train(*systems(nonlinear), method, StoppingCriteria(iterations=31), callbacks=[Keeper()])
    for data in (kept[0], kept[2], kept[19], kept[-1]):
        training, validation = systems(nonlinear)
        state = TrainingState.unpack(torch.load(io.BytesIO(data), weights_only=True), Stage(training))
        seconds = state.seconds
        outcome = train(training, validation, method, StoppingCriteria(iterations=45), state=state)
        assert torch.equal(outcome.theta, whole.theta)
        assert [(r.stage, r.loss, r.detail) for r in outcome.history] == [
            (r.stage, r.loss, r.detail) for r in whole.history
        ]
        assert outcome.history[-1].seconds > seconds


def test_time_before_counts() -> None:
    state = begin(*systems(), Adam())
    state.seconds = 30.0
    outcome = train(*systems(), Adam(), StoppingCriteria(budget=30.2), state=state)
    assert outcome.stopped == "budget"
    assert 30.2 <= outcome.seconds < 31.5


def test_long_steps_are_validated_more_often() -> None:
    system, _ = systems()

    class Slow(LevenbergMarquardt):
        def step_flops(self, objective: Objective, state: State) -> float:
            return MAX_FLOPS_UNVALIDATED / 7

    state = Slow().start(system, system.start())
    assert validation_interval(LevenbergMarquardt(), system, state, StoppingCriteria()) == 20
    assert validation_interval(Slow(), system, state, StoppingCriteria()) == 7
