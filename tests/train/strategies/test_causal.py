"""Causal weights against their formula, and what becomes of them once they have done their work."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from kinn.errors import InputError
from kinn.forms import ResidualObjective
from kinn.optim import LevenbergMarquardt
from kinn.train.loop import StoppingCriteria, train
from kinn.train.strategies import Causal, StrategyStack
from tests.train.strategies.systems import heat, steady


def begun(causal: Causal, system: ResidualObjective) -> StrategyStack:
    regime = StrategyStack([causal], system)
    regime.begin(system.start())
    return regime


def test_weights_fall_with_what_is_unlearnt_before() -> None:
    system = heat(400)
    theta = system.start()
    regime = begun(Causal(chunks=8, sharpness=5.0, floor=0.0), system)
    t = torch.cat([block.tensor[:, 1] for block in system.terms[0].blocks])
    squares, chunk = system.squared_residuals(theta)[0], (t / 2 * 8).long().clamp(max=7)
    means = torch.stack([squares[chunk == n].mean() for n in range(8)])
    initial = float(system.squared_residuals(theta)[1].mean())
    past = initial + system.terms[0].weight / 8 * torch.cat([torch.zeros(1), means.cumsum(0)])
    expected = torch.exp(-5.0 * past / past[-1])[chunk]
    torch.testing.assert_close(regime.memories[0]["weights"][0], expected)
    assert set(regime.memories[0]["weights"]) == {
        0,
        2,
        3,
    }  # conditions on the sides are weighted alike, not the initial
    sides = torch.cat([block.tensor[:, 1] for block in system.terms[2].blocks])
    expected = torch.exp(-5.0 * past / past[-1])[(sides / 2 * 8).long().clamp(max=7)]
    torch.testing.assert_close(regime.memories[0]["weights"][2], expected)


def test_they_grow_steeper_and_then_give_way() -> None:
    system = heat(200)
    theta = system.start()
    causal = Causal(chunks=4, sharpness=1e-4, stages=2, growth=10.0)
    regime = begun(causal, system)
    assert regime.unsettled
    loss = system.loss(theta)
    assert regime.refresh(theta, 1)  # too mild to matter at any stage
    assert not regime.unsettled
    assert regime.memories[0]["steepness"] / begun(causal, heat(200)).memories[0]["steepness"] == pytest.approx(1e3)
    assert not regime.refresh(theta, 2)
    assert system.loss(theta) >= loss


def test_they_give_way_where_the_method_can_go_no_further() -> None:
    system = heat()
    regime = begun(Causal(sharpness=1e6), system)
    plain = heat().loss(system.start())
    assert system.loss(system.start()) < plain
    assert regime.release()
    assert not regime.unsettled
    assert system.loss(system.start()) == pytest.approx(plain)
    assert not regime.release()


def test_training_ends_with_the_plain_objective() -> None:
    system, validation = heat(120), heat(240, seed=0)
    outcome = train(
        system,
        validation,
        LevenbergMarquardt(),
        StoppingCriteria(iterations=120),
        regime=StrategyStack([Causal(stages=0)], system),
    )
    system.trial.flat.set(outcome.theta)
    assert outcome.loss == pytest.approx(heat(120).loss(outcome.theta), rel=1e-6)
    assert outcome.loss < 1e-4


def test_until_then_the_last_parameters_are_kept() -> None:
    system, validation = heat(120), heat(240)
    regime = StrategyStack([Causal(sharpness=1e12, stages=0)], system)
    outcome = train(
        system, validation, LevenbergMarquardt(), StoppingCriteria(iterations=3, check_every=1), regime=regime
    )
    assert regime.unsettled
    assert outcome.loss == outcome.history[-1].loss


def test_without_time_there_is_nothing_to_follow() -> None:
    with pytest.raises(InputError, match="problem 'steady' has no time that causal weights could follow"):
        begun(Causal(), steady())


@pytest.mark.parametrize(
    "settings", [{"chunks": 1}, {"sharpness": 0.0}, {"growth": 1.0}, {"reached": 1.0}, {"every": 0}]
)
def test_bad_settings_are_named(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="causal"):
        Causal(**settings)


def test_late_times_keep_a_least_weight() -> None:
    system = heat(200)
    regime = begun(Causal(sharpness=1e9, floor=0.02), system)
    assert float(regime.memories[0]["weights"][0].min()) == pytest.approx(0.02)
