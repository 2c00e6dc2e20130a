from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry import Box, Cuboid, Face, Interval, Rectangle, TimeInterval

lengths = st.floats(0.01, 100)
places = st.floats(-100, 100)


@given(x=places, y=places, a=lengths, b=lengths, n=st.integers(20, 200))
def test_rectangle(x: float, y: float, a: float, b: float, n: int) -> None:
    shape = Rectangle((x, y), (x + a, y + b))
    assert shape.measure == pytest.approx(a * b, rel=1e-9)
    assert shape.boundary("boundary").measure == pytest.approx(2 * (a + b), rel=1e-9)
    samples = shape.boundary("rectangle").sample(n)
    on_left = np.sum(samples.normals[:, 0] == -1)
    assert abs(on_left - n * b / (2 * (a + b))) <= 1 + 1e-6


def test_names_and_faces() -> None:
    shape = Box((0, 1, 2), (3, 4, 5))
    assert shape.boundaries == ("left", "right", "bottom", "top", "back", "front")
    assert shape.boundary("left").face == Face(0, 0.0, 0)
    assert shape.boundary("top").face == Face(1, 4.0, 1)
    assert shape.boundary("front").face == Face(2, 5.0, 1)
    assert shape.boundary("boundary").face is None
    assert Rectangle((0, 0), (1, 1), name="plate").boundary("plate").measure == 4
    assert Interval(0, 1).boundaries == ("left", "right")
    assert Box((0,) * 4, (1,) * 4).boundaries[:2] == ("x1-lower", "x1-upper")


def test_sides_take_names() -> None:
    layer = Interval(0, 0.5, ends=("wall", "joint"))
    assert layer.boundaries == ("wall", "joint")
    assert layer.boundary("joint").face == Face(0, 0.5, 1)
    assert repr(layer) == "Interval(0.0, 0.5, ends=('wall', 'joint'), name='interval')"
    assert Interval(0, 1, ends=("left", "joint")).boundaries == ("left", "joint")
    assert Cuboid((0, 0, 0), (1, 1, 1), sides={"back": "floor"}).boundaries[4:] == ("floor", "front")
    assert Rectangle((0, 0), (1, 1), sides={"left": "right", "right": "left"}).boundaries[:2] == ("right", "left")
    tank = Rectangle((0, 0), (2, 1), sides={"left": "wall", "right": "wall"})
    assert tank.boundary("wall").measure == 2
    assert (tank - Rectangle((0.5, 0.2), (1, 0.4))).boundary("wall").measure == 2
    assert (layer * TimeInterval(0, 1)).boundaries == ("wall", "joint", "initial", "final")
    for wrong, message in [
        (lambda: Rectangle((0, 0), (1, 1), sides={"lefft": "wall"}), "did you mean 'left'"),
        (lambda: Rectangle((0, 0), (1, 1), sides={"left": "outer"}), "may not be called 'outer'"),
        (lambda: Rectangle((0, 0), (1, 1), sides={"left": "right"}), "as another side is"),
        (lambda: Interval(0, 1, ends=("wall",)), "two ends to name"),  # type: ignore[arg-type]
        (lambda: Interval(0, 1, ends="ab"), "two ends to name"),  # type: ignore[arg-type]
    ]:
        with pytest.raises(InputError, match=message):
            wrong()


def test_ends_of_an_interval_are_points() -> None:
    shape = Interval(-1, 2)
    samples = shape.boundary("boundary").sample(4)
    assert samples.points[:, 0].tolist() == [-1, -1, 2, 2]
    assert samples.normals[:, 0].tolist() == [-1, -1, 1, 1]
    assert shape.boundary("left").dim == 0
    assert shape.boundary("boundary").measure == 2


def test_uniform_points_of_an_interval_are_cell_centres() -> None:
    assert np.allclose(Interval(0, 1).sample(4, method="uniform")[:, 0], [0.125, 0.375, 0.625, 0.875])
    assert np.allclose(Rectangle((0, 0), (1, 1)).boundary("top").sample(2, method="uniform").points[:, 0], [0.25, 0.75])


def test_closed_up_to_rounding() -> None:
    shape = Rectangle((0, 0), (1, 1))
    assert shape.contains([(0, 0), (1, 1), (1 + 1e-12, 0.5)]).all()
    assert not shape.contains([(1 + 1e-6, 0.5)]).any()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Interval(1, 1), "lower bound of x must be below the upper one, got 1 and 1"),
        (lambda: Interval(2, 1), "lower bound of x"),
        (lambda: Rectangle((0, 2), (1, 1)), "lower bound of y must be below the upper one, got 2 and 1"),
        (lambda: Interval(0, math.inf), "must be finite"),
        (lambda: Rectangle((0, math.nan), (1, 1)), "must be finite"),
        (lambda: Rectangle((0, 0, 0), (1, 1, 1)), "needs 2 coordinates, got 3"),
        (lambda: Box((0, 0), (1, 1, 1)), "needs 2 coordinates, got 3"),
        (lambda: Box((), ()), "needs some coordinates"),
        (lambda: Interval("a", 1), "must be a number, got 'a'"),  # type: ignore[arg-type]
        (lambda: Rectangle(None, (1, 1)), "must be a sequence of numbers"),
        (lambda: Interval(0, 1, name=""), "non-empty string"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()  # type: ignore[operator]
