from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kinn
from kinn import (
    Dirichlet,
    Initial,
    Integral,
    Interface,
    Interval,
    Neumann,
    Observation,
    PointValue,
    Problem,
    Rectangle,
    TimeInterval,
    Unknown,
    UnknownField,
    UnknownTerm,
    exp,
)
from kinn.errors import ProblemWarning
from kinn.forms.diagnostics import well_posedness_issues
from kinn.forms.scale_invariance import scale_invariances

ROD, TIME, SQUARE = Interval(0, 1), TimeInterval(0, 1), Rectangle((0, 0), (1, 1))
X = np.linspace(0.1, 0.9, 9)
SEEN = Observation("u", X, 1 + X)
PREY = Observation("x", X, 1 + X)
K = UnknownField("K", positive=True)
ENDS = Dirichlet("u", 0.0, on="boundary")


def unknowns(names: str) -> list[Unknown]:
    return [Unknown(name, initial=1.0) for name in names]


def invariances(domain: Any, strong: Any, conditions: Any, **options: Any) -> list[dict[str, float]]:
    """Invariances with the first exponent of each made positive."""
    found = scale_invariances(Problem("p", domain, strong=strong, conditions=conditions, **options))
    signs = [np.sign(next(iter(x.values()))) for x in found]
    return [{name: sign * value for name, value in x.items()} for sign, x in zip(signs, found, strict=True)]


@pytest.mark.parametrize(
    ("strong", "conditions", "sought", "expected"),
    [
        (lambda u, p: (p.K * u.x).x, [SEEN], [K], [{"K": 1}]),
        (lambda u, p: (p.K * u.x).x + 1e-6, [SEEN], [K], []),
        (lambda u, p: (p.K * u.x).x, [SEEN, PointValue("K", 2.0, at=0.5)], [K], []),
        (lambda u, p: (p.K * u.x).x, [SEEN, Integral("K", 2.0)], [K], []),
        (lambda u, p: (p.K * u.x).x, [SEEN, Observation(lambda u, p: p.K * u.x, 0.5, 3.0)], [K], []),
        (lambda u, p: (p.K * u.x).x + p.c * u, [SEEN], [K, *unknowns("c")], [{"K": 1, "c": 1}]),
        (lambda u, p: u.xx + p.a * p.b, [SEEN], unknowns("ab"), [{"a": 1, "b": -1}]),
        (lambda u, p: u.xx + p.a * p.b**2, [SEEN], unknowns("ab"), [{"a": 2, "b": -1}]),
        (lambda u, p: u.xx + p.a + p.b, [SEEN], unknowns("ab"), []),
        (lambda u, p: u.xx + p.a * p.b + p.c * p.d, [SEEN], unknowns("abcd"), [{"a": 1, "b": -1}, {"c": 1, "d": -1}]),
        (lambda u, p: u.xx + exp(p.a) * p.b, [SEEN], unknowns("ab"), []),
        (lambda u, p: u.xx + p.E * u, [ENDS, Integral(None, 1.0, of=lambda u, p: u * u)], unknowns("E"), []),
        (
            lambda u, p: u.xx + p.E * u, [ENDS, Integral(None, 1.0, of=lambda u, p: p.A * u * u)], unknowns("EA"),
            [{"u": 1, "A": -2}],
        ),
        (lambda u, p: u.xx, [ENDS], [], []),  # a problem of zeros alone is told elsewhere
        (lambda u, p: 2e11 * u.xx + p.k * u + 7.8e4, [SEEN], unknowns("k"), []),  # units
    ],
)  # fmt: skip
def test_on_a_rod(strong: Any, conditions: Any, sought: Any, expected: list[dict[str, float]]) -> None:
    found = invariances(ROD, strong, conditions, unknowns=sought)
    assert sorted(found, key=str) == [pytest.approx(x) for x in sorted(expected, key=str)]
    assert [sorted(x) for x in sorted(found, key=str)] == [sorted(x) for x in sorted(expected, key=str)]


def predators(*conditions: Any) -> list[dict[str, float]]:
    return invariances(
        TIME, lambda x, y, p: (x.t - p.a * x + p.b * x * y, y.t + p.c * y - p.d * x * y), [PREY, *conditions],
        fields=("x", "y"), unknowns=unknowns("abcd"),
    )  # fmt: skip


def test_of_a_field_that_nobody_measured() -> None:
    assert predators() == [pytest.approx({"y": 1, "b": -1})]
    assert predators(Initial("y", 0.0)) == [pytest.approx({"y": 1, "b": -1})]
    assert predators(Initial("y", 0.5)) == []
    assert predators(Initial("y", 0.5, enforce="hard")) == []


def test_of_an_epidemic_of_which_an_unknown_share_is_reported() -> None:
    def found(*conditions: Any) -> list[dict[str, float]]:
        reported = Observation(lambda S, I, p: p.share * I, X, 1 + X)
        return invariances(
            TIME, lambda S, I, p: (S.t + p.b * S * I, I.t - p.b * S * I + p.g * I), [reported, *conditions],
            fields=("S", "I"), unknowns=[*unknowns("bg"), Unknown("share", initial=0.5)],
        )  # fmt: skip

    assert found() == [pytest.approx({"S": 1, "I": 1, "b": -1, "share": -1})]
    assert found(Initial("S", 1.0)) == []


def test_of_two_fields_and_of_a_learnt_term() -> None:
    assert invariances(ROD, lambda u, v, p: u * v - 1, [], fields=("u", "v")) == [pytest.approx({"u": 1, "v": -1})]
    term = UnknownTerm("g", arguments="u", within=[(0, 2)])
    assert invariances(TIME, lambda u, p: u.t - p.c * p.g, [SEEN], unknowns=[*unknowns("c"), term]) == [
        pytest.approx({"c": 1, "g": -1})
    ]


def test_in_the_plane_and_across_an_interface() -> None:
    """A flow through one side is what fixes a conductivity that all else only multiplies."""
    low = Rectangle((0, 0), (1, 1), sides={"top": "joint"})
    halves = {"low": low, "high": Rectangle((0, 1), (1, 2), sides={"bottom": "joint"})}

    def strong(u: Any, p: Any) -> Any:
        return (p.K * u.x).x + (p.K * u.y).y

    jump = Interface("u", on="joint")
    seen = Observation("u", [(0.5, 0.5), (0.5, 1.5)], [1.0, 2.0])  # type: ignore[arg-type]
    assert invariances(halves, strong, [jump, seen], unknowns=[K]) == [{"K": 1}]
    flow = Integral(None, 1.0, over="top", of=lambda u, p: p.K * u.y)
    assert invariances(halves, strong, [jump, seen, flow], unknowns=[K]) == []


def test_a_warning_names_the_factors() -> None:
    problem = Problem(
        "p", ROD, strong=lambda u, p: (p.K * u.x).x + p.c * u, conditions=[SEEN, Neumann("u", 0.0, on="left")],
        unknowns=[K, *unknowns("c")],
    )  # fmt: skip
    (issue,) = well_posedness_issues(problem)
    assert issue.startswith("leaves a scale free: K times s, c times s satisfy all it states too")
    with pytest.warns(ProblemWarning, match="'p' leaves a scale free: K times s, c times s"):
        kinn.solve(problem, kinn.MLP((3,)), iterations=1, points=20)


def test_powers_in_the_warning() -> None:
    problem = Problem("p", ROD, strong=lambda u, p: u.xx + p.a * p.b**2, conditions=[SEEN], unknowns=unknowns("ab"))
    (issue,) = well_posedness_issues(problem)
    assert "a times 1/s^2, b times s satisfy" in issue or "a times s^2, b times 1/s satisfy" in issue
