"""Mini-batches: parts that make up the whole, each spread over all of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn import MLP, Adam, Dirichlet, InputError, Interval, LevenbergMarquardt, Problem, solve
from kinn.train.strategies.stack import Batches, StrategyStack
from kinn.train.strategies.weights import ResidualAttention
from tests.train.strategies.objectives import heat


def test_batches_make_up_the_whole() -> None:
    objective = heat(5000)
    theta = objective.start()
    batches = Batches(objective, 1250, seed=0)
    assert batches.count == 4
    assert [part.terms[0].points for part in batches.parts] == [1250] * 4
    assert sum(p.loss(theta) for p in batches.parts) / 4 == pytest.approx(objective.loss(theta), rel=1e-12)
    gradients = [p.gradient(theta)[1] for p in batches.parts]
    torch.testing.assert_close(sum(gradients) / 4, objective.gradient(theta)[1], rtol=1e-6, atol=1e-12)
    seen = torch.cat([b.tensor for p in batches.parts for b in p.terms[0].blocks])
    whole = torch.cat([b.tensor for b in objective.terms[0].blocks])
    assert torch.equal(seen[seen[:, 0].argsort()], whole[whole[:, 0].argsort()])
    for part in batches.parts:  # spread over the whole
        t = torch.cat([b.tensor[:, 1] for b in part.terms[0].blocks])
        assert np.histogram(t.numpy(), bins=10, range=(0, 2))[0] == pytest.approx(125, abs=40)


def test_weights_of_points_go_with_them() -> None:
    objective = heat(400)
    theta = objective.start()
    stack = StrategyStack([ResidualAttention(every=1, decay=0.0)], objective, batch=100)
    stack.begin(theta)
    plain = [stack.step_objective(n).loss(theta) for n in range(1, 5)]
    stack.refresh(theta, 1)
    weighted = [stack.step_objective(n).loss(theta) for n in range(1, 5)]
    assert sum(weighted) / 4 == pytest.approx(objective.loss(theta), rel=1e-12)
    assert weighted != pytest.approx(plain)


def test_each_pass_sees_all_in_another_order() -> None:
    batches = Batches(heat(800), 100, seed=0)
    orders = [[batches.parts.index(batches.at(turn * 8 + n)) for n in range(1, 9)] for turn in range(3)]
    assert all(sorted(order) == list(range(8)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    again = Batches(heat(800), 100, seed=0)
    assert [again.parts.index(again.at(n)) for n in range(1, 9)] == orders[0]


def test_few_points_are_in_every_batch() -> None:
    objective = heat(4000)
    batches = Batches(objective, 10, seed=0)
    sides = [t.points for t in objective.terms[1:]]
    assert max(sides) < batches.count
    assert [t.points for t in batches.parts[7].terms[1:]] == sides


def test_they_are_for_adam() -> None:
    ends = [Dirichlet("u", 0, on="left"), Dirichlet("u", 0, on="right")]
    problem = Problem("p", Interval(0, 1), strong=lambda u, p: u.xx + 1, conditions=ends)
    solution = solve(problem, MLP((4,)), optimizer=Adam(), batch=20, iterations=30)
    assert solution.iterations == 30
    with pytest.raises(InputError, match="mini-batches are for optimizer 'adam', not for 'lm'"):
        solve(problem, MLP((4,)), optimizer=LevenbergMarquardt(), batch=20)
    with pytest.raises(InputError, match="batch is a whole number of at least 1, not 0"):
        solve(problem, MLP((4,)), optimizer=Adam(), batch=0)
