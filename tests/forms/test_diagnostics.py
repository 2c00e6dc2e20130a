from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kinn
from kinn import (
    MLP,
    Dirichlet,
    Disk,
    Initial,
    Integral,
    Interface,
    Interval,
    Neumann,
    Observation,
    Periodic,
    PointValue,
    Problem,
    Rectangle,
    ResidualCondition,
    TimeInterval,
    Unknown,
    UnknownField,
    grad,
    laplacian,
)
from kinn.errors import ProblemWarning
from kinn.forms.diagnostics import well_posedness_issues

SQUARE = Rectangle((0, 0), (1, 1))
SPACE_TIME = Interval(0, 1) * TimeInterval(0, 1)
RIGHT, TOP = Neumann("u", 0.0, on="right"), Neumann("u", 0.0, on="top")
SEEN = Observation("u", [[0.5, 0.5]], [1.0])  # type: ignore[arg-type]


def found(domain: Any, strong: Any, conditions: Any = (), **options: Any) -> list[str]:
    return list(well_posedness_issues(Problem("p", domain, strong=strong, conditions=conditions, **options)))


def poisson(u: Any, p: Any) -> Any:
    return laplacian(u) + 1


def heat(u: Any, p: Any) -> Any:
    return u.t - u.xx


@pytest.mark.parametrize(
    ("domain", "strong", "conditions", "issue"),
    [
        (SQUARE, poisson, [], "has no boundary condition for 'u'"),
        (SQUARE, poisson, [Dirichlet("u", 0.0, on="left")], "no condition for 'u' on 'right', 'bottom', 'top'"),
        (SPACE_TIME, heat, [Dirichlet("u", 0.0, on="boundary")], "no initial condition for 'u'"),
        (SPACE_TIME, heat, [Initial("u", 0.0), Dirichlet("u", 0.0, on="left")], "no condition for 'u' on 'right'"),
        (
            SPACE_TIME, lambda u, p: u.tt - u.xx, [Initial("u", 0.0), Dirichlet("u", 0.0, on="boundary")],
            "1 condition for 'u' at the start.*order 2",
        ),
        (SPACE_TIME, lambda u, p: u.t + u.x, [Initial("u", 0.0)], "has no boundary condition"),
        (SQUARE, lambda u, p: u.xxxx + u.yyyy, [Dirichlet("u", 0.0, on="boundary")], "fewer than 2 conditions for 'u'"),
        (
            SQUARE, poisson, [Dirichlet("u", 0.0, on="boundary"), Dirichlet("u", 0.0, on="left")],
            "gives 'u' twice on 'left'",
        ),
        (
            SQUARE, poisson, [Dirichlet("u", lambda x: x, on="left"), Dirichlet("u", lambda x: x + 1, on="bottom"), RIGHT, TOP],
            "disagree at x = 0, y = 0: 0 and 1",
        ),
        (SQUARE, lambda u, p: (laplacian(u), u.x - 1), [Dirichlet("u", 0.0, on="boundary")], "over-determined: 2 equa"),
        (
            SQUARE, poisson, [Dirichlet("u", 0.0, on="boundary"), ResidualCondition(lambda u, p: u.x, on="interior")],
            "over-determined: 2 equations for 1 fields",
        ),
    ],
)  # fmt: skip
def test_issues(domain: Any, strong: Any, conditions: Any, issue: str) -> None:
    with pytest.warns(ProblemWarning, match=issue):
        kinn.forms.diagnostics.warn_if_ill_posed(Problem("p", domain, strong=strong, conditions=conditions))


def test_equations_and_fields() -> None:
    conditions = [Dirichlet(f, 0.0, on="boundary") for f in "uv"]
    one = found(SQUARE, lambda u, v, p: laplacian(u) + laplacian(v), conditions, fields=("u", "v"))
    assert one == ["is under-determined: 1 equations for 2 fields"]
    assert not found(SQUARE, lambda u, v, p: (laplacian(u), laplacian(v)), conditions, fields=("u", "v"))


def test_unknowns() -> None:
    conditions = [Dirichlet("u", 0.0, on="boundary")]
    sought = [Unknown("a", initial=1.0), UnknownField("K")]
    issues = found(SQUARE, lambda u, p: laplacian(u) + p.a, conditions, unknowns=sought)
    assert issues == ["never calls its unknown p.K", "has unknowns, and no observations to find them by"]
    assert not found(SQUARE, lambda u, p: (p.K * u.x).x + p.a + 1, [*conditions, SEEN], unknowns=sought)
    (issue,) = found(SQUARE, lambda u, p: (p.K * u.x).x + p.a, [*conditions, SEEN], unknowns=sought)
    assert issue.startswith("leaves a scale free: a times s, K times s satisfy")


ROD = Interval(0, 1)
SEEN_ROD = Observation("u", [0.2, 0.8], [1.8, 1.2])  # type: ignore[arg-type]
H, K = Unknown("h", initial=0.1), Unknown("k", initial=1.0)
ENDS = [Dirichlet("u", 0.0, on="left"), Dirichlet("u", 0.0, on="right")]
NO_DATA = ["has unknowns, and no observations to find them by"]


@pytest.mark.parametrize(
    ("strong", "conditions", "unknowns", "expected"),
    [
        (
            lambda u, p: u.xx,
            [SEEN_ROD, ENDS[0], ResidualCondition(lambda u, p: u.x + p.h * u, on="right")],
            [H],
            [],
        ),
        (
            lambda u, p: u.xx,
            [SEEN_ROD, *ENDS, Integral(None, 1.0, of=lambda u, p: p.h * u)],
            [H],
            [],
        ),
        (lambda u, p: u.xx, [SEEN_ROD, *ENDS], [H], ["never calls its unknown p.h"]),
        (lambda u, p: u.xx - p.k, ENDS, [K], NO_DATA),
        (lambda u, p: u.xx - p.k, [*ENDS, Neumann("u", 1.0, on="left")], [K], []),
        (lambda u, p: u.xx - p.k, [*ENDS, PointValue("u", 1.0, at=0.5)], [K], []),
        (lambda u, p: u.xx - p.k, [*ENDS, Integral("u", 1.0)], [K], []),
        (lambda u, p: (u.xx - p.k, u.x - 2 * p.x + 1), ENDS, [K], []),
    ],
)
def test_unknowns_of_a_rod(strong: Any, conditions: Any, unknowns: Any, expected: list[str]) -> None:
    assert found(ROD, strong, conditions, unknowns=unknowns) == expected


def test_unknowns_that_conditions_determine_in_space() -> None:
    surplus = [Dirichlet("u", 0.0, on="boundary"), Neumann("u", 1.0, on="left")]
    assert not found(SQUARE, lambda u, p: laplacian(u) - p.k, surplus, unknowns=[K])
    assert found(SQUARE, lambda u, p: laplacian(u) - p.k, surplus[:1], unknowns=[K]) == NO_DATA
    start = [Initial("u", 0.0), Initial("u", 1.0, on="final")]
    assert not found(TimeInterval(0, 1), lambda u, p: u.t - p.k, start, unknowns=[K])
    assert found(TimeInterval(0, 1), lambda u, p: u.t - p.k, start[:1], unknowns=[K]) == NO_DATA


def test_coordinates_without_derivatives_take_no_conditions() -> None:
    def family(u: Any, p: Any) -> Any:  # of rods, y is their conductivity
        return p.y * u.xx + 1

    sides = [Dirichlet("u", 0.0, on="left"), Dirichlet("u", 0.0, on="right")]
    assert not found(Rectangle((0, 1), (1, 2)), family, sides)
    assert found(Rectangle((0, 1), (1, 2)), family, sides[:1]) == ["has no condition for 'u' on 'right'"]
    assert found(Rectangle((0, 1), (1, 2)), family, [RIGHT.__class__("u", 0.0, on="top")]) == [
        "has no boundary condition for 'u'"
    ]
    tube = Rectangle((0, 1), (1, 2)) * TimeInterval(0, 1)
    assert not found(tube, lambda u, p: u.t - p.y * u.xx, [Initial("u", 0.0), *sides])
    marched = [Dirichlet("u", 0.0, on=side) for side in ("left", "bottom", "top")]  # u flows out at the right
    assert not found(SQUARE, lambda u, p: u.x - u.yy, marched)


@pytest.mark.parametrize(
    ("domain", "strong", "conditions"),
    [
        (SQUARE, poisson, [Neumann("u", 0.0, on="boundary")]),
        (SQUARE, poisson, [ResidualCondition(lambda u, p: u - 1, on="boundary")]),
        (SPACE_TIME, heat, [Initial("u", 0.0), Periodic("u", on=("left", "right"))]),
        (SPACE_TIME, lambda u, p: u.t + u.x, [Initial("u", 0.0), Dirichlet("u", 0.0, on="left")]),  # flows out
        (
            SPACE_TIME, lambda u, p: u.t + u.xxxx,
            [Initial("u", 0.0), Periodic("u", on=("left", "right"), enforce="hard")],
        ),
        (TimeInterval(0, 1), lambda u, p: u.tt + u, [PointValue("u", 1.0, at=0), PointValue("u", 0.0, at=0.5)]),
        (SQUARE, poisson, [SEEN]),
        (SQUARE, None, [SEEN]),
        (SQUARE, lambda u, p: u - p.x, []),
        (Disk((0, 0), 1), lambda u, p: grad(u) @ grad(u) - 1, [Dirichlet("u", 0.0, on="disk")]),
        (
            {"low": SQUARE, "high": Rectangle((0, 1), (1, 2), name="upper")}, poisson,
            [Dirichlet("u", 0.0, on="rectangle"), Dirichlet("u", 0.0, on="upper")],
        ),
    ],
)  # fmt: skip
def test_nothing_is_doubtful(domain: Any, strong: Any, conditions: Any) -> None:
    assert not found(domain, strong, conditions)


def test_issues_name_the_subdomain() -> None:
    halves = {"low": SQUARE, "high": Rectangle((0, 1), (1, 2))}
    issues = found(halves, poisson, [Dirichlet("u", 0.0, on="left")])
    assert issues[0].endswith("in its subdomain 'low'")
    assert Interface("u", on="seam").field_names == ("u",)


def test_data_that_jump_at_the_boundary_are_taken_from_inside() -> None:
    def angle(x: Any, y: Any) -> Any:  # jumps across y = 0, x < 0, where the domain below begins
        return kinn.arctan2(y, x)

    below = Rectangle((-1, -1), (1, 0))
    conditions = [Dirichlet("u", angle, on=side) for side in ("left", "right", "bottom")]
    conditions.append(Dirichlet("u", lambda x, y: -np.pi / 2 * (1 - kinn.sign(x)), on="top"))
    assert not found(below, poisson, conditions)


def test_solve_warns_before_it_trains() -> None:
    problem = Problem("p", SQUARE, strong=poisson, conditions=[Dirichlet("u", 0.0, on="left")])
    with pytest.warns(ProblemWarning, match="problem 'p' has no condition for 'u' on 'right'"):
        kinn.solve(problem, MLP((3,)), iterations=1)
