from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kinn import Dirichlet, InputError, Interface, Interval, Observation, Problem, Rectangle

SQUARE = Rectangle((0, 0), (1, 1))
HALVES = {"low": Rectangle((0, 0), (1, 1)), "high": Rectangle((0, 1), (1, 2))}


def residual(u: Any, p: Any) -> Any:
    return u.xx + u.yy


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Problem("p", SQUARE, strong=residual, conditions=[Dirichlet("v", 0, on="left")]),
            "no field named 'v'",
        ),
        (
            lambda: Problem("p", SQUARE, strong=residual, conditions=[Dirichlet("u", 0, on="lefft")]),
            "did you mean 'left'",
        ),
        (lambda: Problem("p", SQUARE, fields=("u", "u"), strong=residual), "distinct names"),
        (lambda: Problem("p", SQUARE), "neither an equation nor a condition"),
        (lambda: Problem("p", {}, strong=residual), "no domain"),
        (lambda: Problem("p", SQUARE, strong=lambda u: u.xx), "must take u, p in this order"),
        (lambda: Problem("p", SQUARE, strong=3), "is no function"),
        (lambda: Problem("p", HALVES, strong={"low": residual}), "no residual for its subdomain 'high'"),
        (lambda: Problem("p", HALVES, strong={"lo": residual, "high": residual}), "did you mean 'low'"),
        (lambda: Problem("p", {"a": SQUARE, "b": Interval(0, 1)}, strong=residual), "different coordinates"),
        (
            lambda: Problem("p", SQUARE, strong=residual, conditions=[Interface("u", on="top")]),
            "joins 2 subdomains, and 1",
        ),
        (
            lambda: Problem("p", SQUARE, conditions=[Observation("u", [[2.0, 2.0]], [1.0])]),
            "1 points outside the domain",
        ),
        (lambda: Problem("p", SQUARE, conditions=[Observation("u", [[0.5]], [1.0])]), "points of 1 coordinates"),
        (lambda: Observation("u", [[0.5]], [np.nan]), "not finite"),
        (lambda: Observation("u", np.zeros((0, 2)), []), "N >= 1"),
        (lambda: Dirichlet("u", 0, on="left", enforce="hrad"), "did you mean 'hard'"),
        (lambda: Dirichlet("u", 0, on="left", weight=-1), "weight"),
        (lambda: Interface("u", on="left", enforce="hard"), "cannot be enforced hard"),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_what_a_problem_knows() -> None:
    problem = Problem("p", HALVES, fields=("u", "v"), strong=lambda u, v, p: (u.xx, v.yy))
    assert problem.coordinates == ("x", "y")
    assert problem.names == ("u", "v")
    lower, upper = problem.bounds
    assert lower.tolist() == [0, 0]
    assert upper.tolist() == [1, 2]
    assert problem.contains(np.array([[0.5, 1.5], [0.5, 2.5]])).tolist() == [True, False]


def test_a_boundary_of_one_name_holds_in_every_subdomain_that_has_it() -> None:
    condition = Dirichlet("u", 0.0, on="left")
    problem = Problem("p", HALVES, strong=residual, conditions=[condition])
    assert problem.subdomain_groups(condition) == (("low",), ("high",))
