"""A curriculum: constants take their values in turn, and weights are handed on."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import kinn
from kinn import MLP, InputError
from kinn.train.plans import Curriculum, TrialBuilder
from tests.train.plans.problems import decay

NETWORK = MLP((8,))


def test_weights_are_handed_on_to_the_next_value() -> None:
    route = Curriculum(TrialBuilder(decay(), NETWORK, 0, torch.float64), {"rate": (1.0, 2.0, 4.0)})
    assert route.count == 3
    assert [route.label(n) for n in range(3)] == ["rate=1", "rate=2", "rate=4"]
    first = route.begin()
    first.flat.set(first.flat.get() + 1.0)
    second = route.begin()
    assert second.problem.coefficients["rate"] == 2.0
    assert torch.equal(second.flat.get(), first.flat.get())
    third = route.begin()
    assert route.fields() is third
    assert third.problem.coefficients == decay().coefficients
    assert route.loss([3.0, 2.0, 1.0]) == 1.0


def test_the_solution_is_that_of_the_last_value() -> None:
    solution = kinn.solve(decay(), NETWORK, curriculum={"rate": (1, 2, 4)}, iterations=90, points=60)
    assert solution.errors["u"].l2 < 1e-4
    assert solution.problem.coefficients == {"rate": 4.0}
    assert list(dict.fromkeys(r.stage.split()[0] for r in solution.history)) == ["rate=1", "rate=2", "rate=4"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"rat": (1.0, 4.0)}, "no coefficient named 'rat' in the curriculum of problem 'decay'; did you mean 'rate'"),
        ({"rate": (1.0, 2.0)}, "the curriculum of problem 'decay' ends at rate=2, and the problem has rate=4"),
        ({"rate": ()}, "takes finite numbers for rate"),
        ({"rate": (float("nan"), 4.0)}, "takes finite numbers for rate"),
    ],
)
def test_mistakes_are_named(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Curriculum(TrialBuilder(decay(), NETWORK, 0, torch.float64), values)
