from __future__ import annotations

from typing import Any

import pytest

from kinn import (
    MLP,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Neumann,
    Problem,
    Rectangle,
    ResidualCondition,
    TimeInterval,
    grad,
)
from kinn.forms import DomainTrial, ResidualObjective, strong_form

SQUARE = Rectangle((0, 0), (1, 2))
SPACE_TIME = Interval(0, 1) * TimeInterval(0, 1)


def system(domain: Any, conditions: Any) -> ResidualObjective:
    return strong_form(DomainTrial(Problem("p", domain, conditions=conditions), MLP((5,)), seed=2), points=100)


def test_it_states_what_the_others_state() -> None:
    named = system(SQUARE, [Neumann("u", lambda x: x, on="right"), Dirichlet("u", 1.0, on="left")])
    own = system(
        SQUARE,
        [
            ResidualCondition(lambda u, p: grad(u) @ p.n - p.x, on="right"),
            ResidualCondition(lambda u, p: u - 1, on="left"),
        ],
    )
    assert own.loss(own.start()) == pytest.approx(named.loss(named.start()))


def test_in_the_interior_it_is_an_equation() -> None:
    (inside,) = system(SQUARE, [ResidualCondition(lambda u, p: u.xx, on="interior")]).terms
    assert inside.points == 100
    assert bool((inside.blocks[0].tensor[:, 1] <= 2).all())


def test_on_the_initial_state() -> None:
    (start,) = system(SPACE_TIME, [ResidualCondition(lambda u, p: u.t + u.x, on="initial")]).terms
    (stated,) = system(SPACE_TIME, [Initial("u", 0.0, derivative="t")]).terms
    assert bool((start.blocks[0].tensor[:, 1] == 0).all())
    assert start.points == stated.points


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Problem("p", SQUARE, conditions=[ResidualCondition(lambda u: u, on="left")]),
            "must take u, p in this order",
        ),
        (lambda: ResidualCondition(3, on="left"), "is no function"),  # type: ignore[arg-type]
        (lambda: ResidualCondition(lambda u, p: u, on="left", weight=-1), "weight of ResidualCondition"),
        (lambda: Problem("p", SQUARE, conditions=[ResidualCondition(lambda u, p: u, on="lft")]), "did you mean 'left'"),
        (lambda: system(SQUARE, [ResidualCondition(lambda u, p: 3.0, on="left")]), "float where a field is needed"),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
