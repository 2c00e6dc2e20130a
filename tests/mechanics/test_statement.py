"""Loads and supports that contradict one another, say too little, or leave a body free: found before any training."""

from __future__ import annotations

from typing import Any

import pytest

import kinn
from kinn import MLP, Dirichlet, InputError, PointValue, Problem, Rectangle
from kinn.forms.diagnostics import well_posedness_issues
from kinn.mechanics import NeoHookean, PlaneStress, Traction, symmetry

STEEL = PlaneStress(100.0, 0.3)
HELD = [Dirichlet(name, 0.0, on="left", enforce="hard") for name in ("u", "v")]


def load(on: str, *value: Any) -> Traction:
    return Traction(on=on, material=STEEL, value=value)


def plate(conditions: list[Any], **options: Any) -> Problem:
    given = {"strong": lambda u, v, p: STEEL.residual((u, v)), "energy": lambda u, v, p: STEEL.energy((u, v))}
    return Problem("plate", Rectangle((0, 0), (2, 1)), fields=("u", "v"), conditions=conditions, **(given | options))


FREE = [load("bottom", 0.0, 0.0), load("top", 0.0, 0.0), load("right", 1.0, 0.0)]


@pytest.mark.parametrize("on", ["left", "rectangle"])
def test_a_traction_where_the_displacement_is_given_is_refused(on: str) -> None:
    with pytest.raises(
        InputError,
        match=r"gives the traction along 'u' on 'left', where Dirichlet\('u', on='left'\) gives 'u' itself: ",
    ):
        plate([*HELD, load(on, 1.0, 0.0)])
    plate([symmetry("left", "u"), load("left", None, 0.0), *FREE])  # along what is free it may act


def test_a_load_that_the_energy_is_not_told_of_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"Traction\(on='right'\) of problem 'plate' is a natural condition, and work= says nothing"
    ):
        kinn.solve(plate([*HELD, *FREE]), MLP((4,)), form="energy", iterations=1)


@pytest.mark.parametrize(
    ("conditions", "which"),
    [
        ([load("left", 0.0, 0.0), *FREE], "'u', 'v' may be shifted"),
        ([symmetry("left", "u"), load("left", None, 0.0), *FREE], "'v' may be shifted"),
        (
            [PointValue(name, 0.0, at=(0.0, 0.0)) for name in ("u", "v")] + [load("left", 0.0, 0.0), *FREE],
            "may be turned",
        ),
    ],
)
def test_bodies_that_tractions_leave_free_are_doubted(conditions: list[Any], which: str) -> None:
    found = [issue for issue in well_posedness_issues(plate(conditions)) if "leaves a motion free" in issue]
    assert len(found) == 1
    assert which in found[0]
    assert "hold it by a Dirichlet condition, or at a point by PointValue" in found[0]


def test_bodies_that_are_held_are_not_doubted() -> None:
    assert not [d for d in well_posedness_issues(plate([*HELD, *FREE])) if "motion" in d]
    three = [("u", (0.0, 0.0)), ("v", (0.0, 0.0)), ("v", (2.0, 0.0))]
    points = [PointValue(name, 0.0, at=at) for name, at in three]
    assert not [d for d in well_posedness_issues(plate([*points, load("left", 0.0, 0.0), *FREE])) if "motion" in d]
    rubber = NeoHookean(1000.0, 0.3)
    end = Traction(on="right", material=rubber, value=(0.0, -5.0), scale=5.0)
    bent = plate([*HELD, end], strong=lambda u, v, p: rubber.residual((u, v)))
    assert not [d for d in well_posedness_issues(bent) if "motion" in d]
