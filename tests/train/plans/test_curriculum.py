"""A curriculum: constants take their values in turn, and weights are handed on."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import kinn
from kinn import MLP, InputError
from kinn.train.plans.curriculum import Curriculum
from tests.train.plans.problems import builder, decay

NETWORK = MLP((8,))


def test_weights_are_handed_on_to_the_next_value() -> None:
    plan = Curriculum(decay(), builder(NETWORK), {"rate": (1.0, 2.0, 4.0)})
    assert plan.count == 3
    assert [plan.label(n) for n in range(3)] == ["rate=1", "rate=2", "rate=4"]
    first = plan.trial(0)
    first.flat.set(first.flat.get() + 1.0)
    second = plan.trial(1)
    assert second.problem.coefficients["rate"] == 2.0
    assert torch.equal(second.flat.get(), first.flat.get())
    third = plan.trial(2)
    assert plan.fields() is third
    assert third.problem.coefficients == decay().coefficients
    assert plan.final_stages == [2]  # whose loss is that of the solution


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
        Curriculum(decay(), builder(NETWORK), values)
