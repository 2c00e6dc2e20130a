"""Causal weights against their formula, and what becomes of them once they have done their work."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.optim import LevenbergMarquardt
from kinn.train.loop import StoppingCriteria, train
from kinn.train.strategies.causal import Causal
from kinn.train.strategies.stack import StrategyStack
from tests.train.strategies.objectives import heat, steady


def begun(causal: Causal, objective: ResidualObjective) -> StrategyStack:
    stack = StrategyStack([causal], objective)
    stack.begin(objective.start())
    return stack


def test_weights_fall_with_what_is_unlearnt_before() -> None:
    objective = heat(400)
    theta = objective.start()
    stack = begun(Causal(chunks=8, sharpness=5.0, floor=0.0), objective)
    t = torch.cat([block.tensor[:, 1] for block in objective.terms[0].blocks])
    squares, chunk = objective.squared_residuals(theta)[0], (t / 2 * 8).long().clamp(max=7)
    means = torch.stack([squares[chunk == n].mean() for n in range(8)])
    initial = float(objective.squared_residuals(theta)[1].mean())
    past = initial + objective.terms[0].weight / 8 * torch.cat([torch.zeros(1), means.cumsum(0)])
    expected = torch.exp(-5.0 * past / past[-1])[chunk]
    torch.testing.assert_close(stack.states[0]["weights"][0], expected)
    assert set(stack.states[0]["weights"]) == {
        0,
        2,
        3,
    }  # conditions on the sides are weighted alike, not the initial
    sides = torch.cat([block.tensor[:, 1] for block in objective.terms[2].blocks])
    expected = torch.exp(-5.0 * past / past[-1])[(sides / 2 * 8).long().clamp(max=7)]
    torch.testing.assert_close(stack.states[0]["weights"][2], expected)


def test_they_grow_steeper_and_then_give_way() -> None:
    objective = heat(200)
    theta = objective.start()
    causal = Causal(chunks=4, sharpness=1e-4, stages=2, growth=10.0)
    stack = begun(causal, objective)
    assert stack.objective_is_transient
    loss = objective.loss(theta)
    assert stack.refresh(theta, 1)  # too mild to matter at any stage
    assert not stack.objective_is_transient
    assert stack.states[0]["steepness"] / begun(causal, heat(200)).states[0]["steepness"] == pytest.approx(1e3)
    assert not stack.refresh(theta, 2)
    assert objective.loss(theta) >= loss


def test_they_give_way_where_the_method_can_go_no_further() -> None:
    objective = heat()
    stack = begun(Causal(sharpness=1e6), objective)
    plain = heat().loss(objective.start())
    assert objective.loss(objective.start()) < plain
    assert stack.relax()
    assert not stack.objective_is_transient
    assert objective.loss(objective.start()) == pytest.approx(plain)
    assert not stack.relax()


def test_training_ends_with_the_plain_objective() -> None:
    objective, validation = heat(120, pde_weight=0.2), heat(240, seed=0, pde_weight=0.2)
    outcome = train(
        objective,
        validation,
        LevenbergMarquardt(),
        StoppingCriteria(iterations=160),
        strategies=StrategyStack([Causal(stages=0)], objective),
    )
    objective.trial.flat.set(outcome.theta)
    assert outcome.loss == pytest.approx(heat(120, pde_weight=0.2).loss(outcome.theta), rel=1e-6)
    assert outcome.loss < 1e-4


def test_until_then_the_last_parameters_are_kept() -> None:
    objective, validation = heat(120), heat(240)
    stack = StrategyStack([Causal(sharpness=1e12, stages=0)], objective)
    outcome = train(
        objective, validation, LevenbergMarquardt(), StoppingCriteria(iterations=3, check_every=1), strategies=stack
    )
    assert stack.objective_is_transient
    assert outcome.loss == outcome.history[-1].loss


def test_without_time_there_is_nothing_to_follow() -> None:
    with pytest.raises(InputError, match="problem 'steady' has no time that causal weights could follow"):
        begun(Causal(), steady())


@pytest.mark.parametrize(
    "settings", [{"chunks": 1}, {"sharpness": 0.0}, {"growth": 1.0}, {"threshold": 1.0}, {"every": 0}]
)
def test_bad_settings_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="causal"):
        Causal(**settings)


def test_late_times_keep_a_least_weight() -> None:
    objective = heat(200)
    stack = begun(Causal(sharpness=1e9, floor=0.02), objective)
    assert float(stack.states[0]["weights"][0].min()) == pytest.approx(0.02)
