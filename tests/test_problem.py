from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kinn import (
    Cuboid,
    Dirichlet,
    Disk,
    InputError,
    Interface,
    Interval,
    Observation,
    Problem,
    Rectangle,
    TimeInterval,
    laplacian,
)

SQUARE = Rectangle((0, 0), (1, 1))
HALVES = {"low": Rectangle((0, 0), (1, 1)), "high": Rectangle((0, 1), (1, 2))}

#: Subdomains that do not meet where an interface is said to be, by its name.
APART = [
    (
        {"a": Interval(0, 1), "b": Interval(1, 2)},
        "right",
        "'right' of 'a' and 'b' do not coincide: the first has x = 1",
    ),
    (
        {"b": Interval(1, 2), "a": Interval(0, 1)},
        "right",
        "'right' of 'b' and 'a' do not coincide: the first has x = 2",
    ),
    (
        {"a": Interval(0, 1) * TimeInterval(0, 1), "b": Interval(1, 2) * TimeInterval(0, 1)},
        "left",
        "do not coincide: the first has x = 0",
    ),
    ({"a": Rectangle((0, 0), (1, 1)), "b": Rectangle((1, 0), (2, 1))}, "right", "do not coincide"),
    ({"a": Rectangle((0, 0), (1, 1)), "b": Rectangle((1, 0), (2, 1))}, "bottom", "do not coincide"),
    (
        {"a": Rectangle((0, 0), (1, 1), sides={"right": "j"}), "b": Rectangle((1, 0), (2, 2), sides={"left": "j"})},
        "j",
        "of 'b' and 'a' do not coincide: the first has x = 1, y = 1",
    ),
    (
        {"disk": Disk((0, 0), 1), "plate": Rectangle((-2, -2), (2, 2)) - Disk((0, 0), 1.001)},
        "disk",
        "do not coincide",
    ),
    (
        {"a": Interval(0, 1), "b": Interval(0.5, 1)},
        "right",
        "lie on the same side of their boundary 'right': they overlap",
    ),
]

#: Subdomains that do.
JOINED = [
    {"a": Interval(0, 1, ends=("wall", "joint")), "b": Interval(1, 2, ends=("joint", "air"))},
    {
        "a": Interval(0, 1, ends=("wall", "joint")) * TimeInterval(0, 1),
        "b": Interval(1, 2, ends=("joint", "air")) * TimeInterval(0, 1),
    },
    {"a": Rectangle((0, 0), (1, 1), sides={"right": "joint"}), "b": Rectangle((1, 0), (2, 1), sides={"left": "joint"})},
    {"a": Disk((0, 0), 1, name="joint"), "b": Rectangle((-2, -2), (2, 2)) - Disk((0, 0), 1, name="joint")},
    {
        "a": Cuboid((0, 0, 0), (1, 1, 1), sides={"front": "joint"}),
        "b": Cuboid((0, 0, 1), (1, 1, 3), sides={"back": "joint"}),
    },
]


@pytest.mark.parametrize("domain", JOINED)
def test_interfaces_of_boundaries_that_coincide(domain: Any) -> None:
    problem = Problem("p", domain, strong=lambda u, p: laplacian(u), conditions=[Interface("u", on="joint")])
    assert problem.subdomain_groups(problem.conditions[0]) == (("a", "b"),)


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
        *[
            (
                lambda domain=domain, on=on: Problem("p", domain, strong=residual, conditions=[Interface("u", on=on)]),
                message,
            )
            for domain, on, message in APART
        ],
        *[
            (lambda names=names: Problem("p", SQUARE, fields=names, strong=lambda *_: 0), message)
            for names, message in [
                (("u", "u.x"), "cannot be called so"),
                (("u v",), "cannot be called so"),
                (("1u",), "cannot be called so"),
                (("lambda",), "cannot be called so"),
                (("u", "x"), "has the name of a coordinate"),
            ]
        ],
        *[
            (lambda name=name: Problem("p", SQUARE, strong=residual, coefficients={name: 5.0}), message)
            for name, message in [
                ("x", "coefficient 'x' .* has the name of a field or a coordinate"),
                ("u", "has the name of a field or a coordinate"),
                ("n", "p.n means something else"),
                ("weights", "p.weights means something else"),
                ("k v", "or is no name"),
            ]
        ],
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
