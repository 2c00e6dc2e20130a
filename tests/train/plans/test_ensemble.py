"""Ensembles: members are solves of their own; mean and spread are those of the members."""

from __future__ import annotations

import numpy as np
import pytest

import kinn
from kinn import MLP, InputError
from kinn.train.plans.ensemble import Ensemble, EnsembleSolution
from kinn.train.plans.plan import SingleStage
from tests.train.plans.problems import builder, decay, heat

NETWORK = MLP((6,))


def test_mean_and_spread_are_those_of_the_members() -> None:
    solution = kinn.solve(decay(), NETWORK, ensemble=3, iterations=12, points=60)
    assert isinstance(solution.fields, EnsembleSolution)
    t = np.linspace(0, 1, 9)[:, None]
    each = np.stack([member.evaluate(t, "u") for member in solution.fields.members])
    assert len(np.unique(each[:, 4])) == 3
    np.testing.assert_allclose(solution.evaluate("u", t), each.mean(axis=0))
    np.testing.assert_allclose(solution.std("u", t), each.std(axis=0, ddof=1))
    np.testing.assert_allclose(solution(t)[:, 0], each.mean(axis=0))
    assert solution.std(["u", "u.t"], t).shape == (9, 2)
    assert solution.parameters == 3 * NETWORK.parameter_count(1, 1)
    assert solution.iterations <= 36
    assert {name.split(".")[1] for name in solution.fields.state_dict()} == {"0", "1", "2"}


def test_the_first_member_is_what_a_single_solve_comes_to() -> None:
    ensemble = kinn.solve(decay(), NETWORK, ensemble=2, iterations=9, points=60)
    single = kinn.solve(decay(), NETWORK, iterations=9, points=60)
    t = np.linspace(0, 1, 9)[:, None]
    assert isinstance(ensemble.fields, EnsembleSolution)
    assert np.array_equal(ensemble.fields.members[0].evaluate(t, "u"), single.evaluate("u", t))
    with pytest.raises(InputError, match="only an ensemble has a standard deviation"):
        single.std("u", t)


def test_members_may_have_several_stages() -> None:
    solution = kinn.solve(heat(), NETWORK, ensemble=2, time_windows=2, iterations=12, points=60)
    labels = list(dict.fromkeys(record.stage.rpartition(" ")[0] for record in solution.history))
    assert labels == ["member 1 window 1", "member 1 window 2", "member 2 window 1", "member 2 window 2"]
    assert solution.iterations <= 24


def test_the_spread_is_of_the_size_of_the_error() -> None:
    solution = kinn.solve(decay(), NETWORK, ensemble=4, iterations=14, points=60)
    t = np.linspace(0, 1, 50)[:, None]
    error = np.abs(solution.evaluate("u", t) - np.exp(-4 * t[:, 0]))
    assert float(np.median(error)) < 10 * float(np.median(solution.std("u", t)))


def test_one_member_is_none() -> None:
    with pytest.raises(InputError, match="at least 2 members, not 1"):
        Ensemble(lambda _: SingleStage(decay(), builder(NETWORK)), 1)
    with pytest.raises(InputError, match="ensemble is a whole number of at least 1, not 0"):
        kinn.solve(decay(), NETWORK, ensemble=0)
