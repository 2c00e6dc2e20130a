"""Resampled points follow the density that the residual sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from kinn import MLP, Defaults, Dirichlet, InputError, Interval, Problem
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.train.strategies.causal import Causal
from kinn.train.strategies.resampling import RAD, RARD
from kinn.train.strategies.stack import StrategyStack
from kinn.train.strategies.weights import ResidualAttention
from tests.train.strategies.objectives import heat


def peaked(points: int = 3000, **options: Any) -> tuple[ResidualObjective, Tensor]:
    """Return a residual of 2 on (0, 1/2), of 1 on (1/2, 1), with parameters at which the field has no part in it."""
    problem = Problem(
        "step", Interval(0, 1), strong=lambda u, p: 0 * u + 1.5 + (0.25 - p.x) / ((0.25 - p.x) ** 2) ** 0.5 / 2,
        conditions=[Dirichlet("u", 0.0, on="left")], defaults=Defaults(**options),
    )  # fmt: skip
    objective = strong_form(DomainTrial(problem, MLP((3,))), points=points)
    return objective, objective.start()


def positions(objective: ResidualObjective) -> np.ndarray[Any, Any]:
    return torch.cat([block.tensor[:, 0] for block in objective.terms[0].blocks]).numpy()


@pytest.mark.parametrize(("power", "floor", "share"), [(1.0, 0.0, 2 / 5), (1.0, 1.0, 0.33), (2.0, 0.0, 4 / 7)])
def test_points_follow_the_density(power: float, floor: float, share: float) -> None:
    objective, theta = peaked()
    stack = StrategyStack([RAD(every=5, power=power, floor=floor, candidates=50)], objective, seed=1)
    stack.begin(theta)
    before = positions(objective)
    assert not stack.refresh(theta, 4)
    assert stack.refresh(theta, 5)
    after = positions(objective)
    assert len(after) == len(before)
    # |r|^k is 2^k on the quarter before x = 1/4 and 1 on the rest
    high, low = 2.0**power, 1.0
    mean = 0.25 * high + 0.75 * low
    expected = 0.25 * (high / mean + floor) / (1 + floor)
    assert (after < 0.25).mean() == pytest.approx(expected, abs=3 * (0.25 / len(after)) ** 0.5)
    assert expected == pytest.approx(share, abs=0.02)
    assert not np.array_equal(np.sort(before), np.sort(after))


def test_the_same_seed_draws_the_same_points() -> None:
    def drawn(seed: int) -> np.ndarray[Any, Any]:
        objective, theta = peaked(100)
        stack = StrategyStack([RAD(every=1)], objective, seed=seed)
        stack.begin(theta)
        stack.refresh(theta, 1)
        return positions(objective)

    assert np.array_equal(drawn(0), drawn(0))
    assert not np.array_equal(drawn(0), drawn(1))


def test_refinement_adds_points_where_the_residual_is_large_up_to_a_limit() -> None:
    objective, theta = peaked(1000)
    stack = StrategyStack([RARD(every=1, growth=0.25, max_factor=1.5)], objective)
    stack.begin(theta)
    first = positions(objective)
    stack.refresh(theta, 1)
    assert len(positions(objective)) == 1250
    assert np.array_equal(positions(objective)[:1000], first)
    assert (positions(objective)[1000:] < 0.25).mean() == pytest.approx(4 / 7, abs=0.1)
    counts = []
    for n in range(2, 6):
        stack.refresh(theta, n)
        counts.append(len(positions(objective)))
    assert counts == [1500, 1500, 1500, 1500]


def test_candidates_come_from_the_sampler_of_the_problem() -> None:
    def right(geometry: Any, n: int, seed: int) -> Any:
        return 0.5 + 0.5 * np.random.default_rng(seed).random((n, 1))

    objective, theta = peaked(100, sampler=right)
    stack = StrategyStack([RAD(every=1)], objective)
    stack.begin(theta)
    stack.refresh(theta, 1)
    assert (positions(objective) >= 0.5).all()


def test_weights_of_points_begin_anew_where_points_are_new() -> None:
    objective = heat(60)
    theta = objective.start()
    stack = StrategyStack([ResidualAttention(every=1), RARD(every=3, growth=0.5), Causal()], objective)
    stack.begin(theta)
    for n in range(1, 7):
        assert stack.refresh(theta + 0.05 * n, n)
        assert np.isfinite(objective.loss(theta))
        assert np.isfinite(objective.gradient(theta)[0])
    assert objective.terms[0].points == 120
    steepness = [m["steepness"] for m in stack.states if "steepness" in m]
    assert len(steepness) == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RAD(every=0), "sampling.every is at least 1"),
        (lambda: RAD(power=-1.0), "sampling.power"),
        (lambda: RAD(candidates=1), "sampling.candidates"),
        (lambda: RARD(growth=0.0), "sampling.growth"),
    ],
)
def test_bad_settings_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
