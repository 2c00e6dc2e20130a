from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import kinn
from kinn import (
    MLP,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Observation,
    PointValue,
    Problem,
    Rectangle,
    ResidualCondition,
    TimeInterval,
    Unknown,
    exp,
    sin,
)
from kinn.conditions import TimeWindow
from kinn.errors import ProblemWarning
from kinn.forms import DomainTrial, strong_form

SQUARE = Rectangle((0, 0), (1, 1))


def test_an_equation_held_by_its_points() -> None:
    problem = Problem(
        "p", Interval(0, 1), strong=lambda u, p: u.xx + sin(p.x), exact=sin,
        conditions=[PointValue("u", 0.0, at=0.0), PointValue("u", kinn.cos, at=[[0.5]], derivative="x")],
    )  # fmt: skip
    assert kinn.solve(problem, MLP((10,)), iterations=50, pde_weight=1.0).errors["u"].l2 < 1e-6


def test_points_are_kept_as_arrays() -> None:
    assert PointValue("u", 0, at=(1, 2)).locations.tolist() == [[1, 2]]
    assert PointValue("u", 0, at=[(1, 2), (3, 4)]).locations.shape == (2, 2)
    assert Observation("u", [1.0, 2.0], [3.0, 4.0]).locations.shape == (2, 1)  # type: ignore[arg-type]


def test_points_and_values_in_the_shapes_that_come() -> None:
    """A column of values, a list of points in one dimension, one point in two."""
    t = np.linspace(0, 1, 4)
    line = Problem(
        "p", Interval(0, 1),
        conditions=[
            PointValue("u", sin, at=t), Observation("u", t, sin(t)[:, None]), Observation("u", 0.5, 1.0),  # type: ignore[arg-type]
            ResidualCondition(lambda u, p: u.x - 1, at=t), PointValue("u", sin, at=0.5),
        ],
    )  # fmt: skip
    assert [c.locations.tolist() for c in line.conditions] == [t[:, None].tolist()] * 2 + [[[0.5]]] + [  # type: ignore[union-attr]
        t[:, None].tolist(), [[0.5]],
    ]  # fmt: skip
    assert line.conditions[1].observed.tolist() == sin(t).tolist()  # type: ignore[union-attr]
    (one,) = Problem("p", SQUARE, conditions=[Observation("u", (0.2, 0.3), [1.0])]).conditions  # type: ignore[arg-type]
    assert one.locations.tolist() == [[0.2, 0.3]]  # type: ignore[union-attr]


def test_a_sum_of_fields_identifies_the_rates_of_both() -> None:
    """S' = -a S, I' = a S - b I, of which only S + I was measured."""
    a, b, t = 1.0, 3.0, np.linspace(0.05, 2, 25)

    def exact(t: Any) -> Any:
        return exp(-a * t), 0.5 * exp(-b * t) + a / (b - a) * (exp(-a * t) - exp(-b * t))

    problem = Problem(
        "p", TimeInterval(0, 2), fields=("S", "I"), exact=exact,
        strong=lambda S, I, p: (S.t + p.a * S, I.t - p.a * S + p.b * I),
        conditions=[Initial("S", 1.0), Initial("I", 0.5), Observation(lambda S, I, p: S + I, t, sum(exact(t))[:, None])],
        unknowns=[Unknown("a", initial=1.5), Unknown("b", initial=2.0)],
    )  # fmt: skip
    solution = kinn.solve(problem, MLP((10,)), iterations=80, points=60)
    assert solution.unknowns["a"].value == pytest.approx(a, rel=1e-4)
    assert solution.unknowns["b"].value == pytest.approx(b, rel=1e-4)
    assert solution.errors["I"].l2 < 1e-5


def test_slopes_and_products_at_points_determine_a_solution() -> None:
    """u'' = -sin(x) with u' measured at one point and u (1 + u) stated at another."""
    problem = Problem(
        "p", Interval(0, 1), strong=lambda u, p: u.xx + sin(p.x), exact=sin,
        conditions=[
            Observation("u.x", 0.5, np.cos(0.5)),  # type: ignore[arg-type]
            ResidualCondition(lambda u, p: u * (1 + u) - sin(p.x) * (1 + sin(p.x)), at=1.0),
        ],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error", ProblemWarning)
        assert kinn.solve(problem, MLP((10,)), iterations=60, pde_weight=1.0).errors["u"].l2 < 1e-6


def test_the_unit_of_a_measured_function_changes_nothing() -> None:
    """Measurements weigh by their noise, also those of functions of the fields."""
    x = np.linspace(0.1, 0.9, 9)
    losses = []
    for unit in (1.0, 1e4):
        conditions = [
            Observation("u", x, x, noise=0.01),
            Observation(lambda u, v, p, s=unit: s * (u + v.x), x[:3], unit * x[:3], noise=0.3 * unit),  # type: ignore[misc]
        ]
        problem = Problem(
            "p", Interval(0, 1), fields=("u", "v"), strong=lambda u, v, p: (u.xx, v.xx), conditions=conditions
        )
        objective = strong_form(DomainTrial(problem, MLP((5,)), seed=2), points=20)
        losses.append(objective.loss(objective.start()))
    assert losses[1] == pytest.approx(losses[0], rel=1e-9)


def test_measurements_count_by_their_precision_across_subdomains() -> None:
    """Two sets are split by an interface: each measurement counts as it does without one."""
    x, y = np.linspace(0.05, 0.95, 10), np.linspace(0.1, 0.3, 5)
    conditions = [Observation("u", x, x, noise=0.01), Observation("u", y, y, noise=0.1)]
    halves = {"a": Interval(0, 0.5, name="a"), "b": Interval(0.5, 1, name="b")}
    terms = strong_form(DomainTrial(Problem("p", halves, conditions=conditions), MLP((3,))), points=20).terms
    each = [term.weight * term.factors[0] ** 2 / term.points * term.noise**2 for term in terms]  # type: ignore[operator]
    assert [term.points for term in terms] == [5, 5, 5]
    assert each == pytest.approx([each[0]] * 3, rel=1e-6)


def test_a_window_of_time_keeps_residuals_at_its_points() -> None:
    condition = ResidualCondition(lambda u, p: u, at=[(0, 0.1), (0, 0.5), (0, 1.0)])
    early, late = (TimeWindow(1, span, last) for span, last in (((0.0, 0.5), False), ((0.5, 1.0), True)))
    assert condition.in_window(early).at.tolist() == [[0, 0.1]]  # type: ignore[union-attr]
    assert condition.in_window(late).at.tolist() == [[0, 0.5], [0, 1.0]]  # type: ignore[union-attr]
    assert condition.in_window(TimeWindow(1, (2.0, 3.0), True)) is None


def test_an_energy_refuses_slopes_at_points() -> None:
    problem = Problem(
        "p", SQUARE, energy=lambda u, p: 0.5 * (u.x * u.x + u.y * u.y),
        conditions=[Dirichlet("u", 0.0, on="boundary"), ResidualCondition(lambda u, p: u.x - 1, at=(0.5, 0.5))],
    )  # fmt: skip
    with pytest.raises(
        InputError, match=r"ResidualCondition\(at points\) holds derivatives at a point, which an energy"
    ):
        kinn.solve(problem, MLP((4,)), form="energy", iterations=2, points=50)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PointValue("u", 0, at=(np.inf, 0)), "not finite"),
        (lambda: PointValue("u", 0, at=[]), "given at a point"),
        (lambda: PointValue("u", 0, at=(0, 0), weight=0.0), "weight"),
        (lambda: Problem("p", SQUARE, conditions=[PointValue("u", 0, at=(0, 3))]), r"1 points outside.*\(0, 3\)"),
        (lambda: Problem("p", SQUARE, conditions=[PointValue("u", 0, at=(0, 3, 1))]), "points of 3 coordinates"),
        (lambda: Observation("u", [[0.5]], [1.0], noise=0.0), "noise of Observation"),  # type: ignore[arg-type]
        (lambda: Observation("u", [[0.5]], [1.0], noise=np.inf), "noise of Observation"),  # type: ignore[arg-type]
        (lambda: Observation("u", [[0.5]], [np.nan]), "not finite"),  # type: ignore[arg-type]
        (lambda: Observation("u", [[0.5]], ["a"]), "data that are no numbers"),  # type: ignore[arg-type]
        (lambda: Observation("u", [[0.5, 1.0]], [1.0, 2.0]), r"needs points \(N, d\) and values"),  # type: ignore[arg-type]
        (lambda: Observation(3, [[0.5]], [1.0]), "the name of a field, a derivative such as 'u.x' or a function"),  # type: ignore[arg-type]
        (
            lambda: Problem("p", SQUARE, conditions=[Observation("v.x", (0, 0), [1.0])]),
            "no field named 'v' in Observation.'v.x'.",
        ),  # type: ignore[arg-type]
        (
            lambda: Problem("p", SQUARE, conditions=[Observation(lambda u: u, (0, 0), [1.0])]),  # type: ignore[arg-type]
            "quantity of .*must take u, p in this order",
        ),
        (lambda: ResidualCondition(lambda u, p: u), "give one of them"),
        (lambda: ResidualCondition(lambda u, p: u, on="left", at=(0, 0)), "give one of them"),
        (lambda: Problem("p", SQUARE, conditions=[ResidualCondition(lambda u, p: u, at=(0, 3))]), "points outside"),
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
