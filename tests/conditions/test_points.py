from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kinn
from kinn import MLP, InputError, Interval, Observation, PointValue, Problem, Rectangle, sin

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
    ],
)
def test_mistakes_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
