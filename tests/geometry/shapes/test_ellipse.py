from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ellipe

from kinn.errors import InputError
from kinn.geometry import Disk, Ellipse, Rectangle

axes = st.floats(0.05, 20)


def ring(a: float, b: float, n: int = 4000) -> shapely.Polygon:
    t = np.linspace(0, 2 * math.pi, n, endpoint=False)
    return shapely.Polygon(np.column_stack([a * np.cos(t), b * np.sin(t)]))


@given(a=axes, b=axes, angle=st.floats(-4, 4))
def test_measures(a: float, b: float, angle: float) -> None:
    shape = Ellipse((3, -1), (a, b), angle=angle)
    assert shape.measure == pytest.approx(math.pi * a * b)
    long, short = max(a, b), min(a, b)
    circumference = 4 * long * ellipe(1 - (short / long) ** 2)
    assert shape.boundary("ellipse").measure == pytest.approx(circumference, rel=1e-12)
    samples = shape.boundary("boundary").sample(64, method="uniform")
    assert np.abs(shape.level(samples.points)).max() < 1e-12 * long
    lower, upper = shape.bounds
    assert samples.points.min(axis=0) == pytest.approx(lower, abs=0.2 * long)
    assert (samples.points >= lower - 1e-12).all()
    assert (samples.points <= upper + 1e-12).all()


def test_points_lie_at_equal_distances_along_the_curve() -> None:
    points = Ellipse((0, 0), (5, 1)).boundary("ellipse").sample(2000, method="uniform").points
    apart = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
    assert apart.max() / apart.min() < 1 + 1e-3


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 1), (0.3, 4), (50, 0.5)])
def test_level_is_the_distance(a: float, b: float) -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (400, 2)) * max(a, b)
    inside = np.random.default_rng(1).uniform(-1, 1, (400, 2)) * (a, b)
    on_axes = np.array([(0, 0), (a, 0), (0, b), (a / 2, 0), (0, b / 2), (-a, 0), (2 * a, 0), (0, -3 * b)])
    points = np.concatenate([points, inside, on_axes])
    shape = Ellipse((0, 0), (a, b))
    true = shapely.distance(ring(a, b, 40_000).exterior, shapely.points(points))
    np.testing.assert_allclose(np.abs(shape.level(points)), true, atol=1e-6 * max(a, b))
    outside = (points[:, 0] / a) ** 2 + (points[:, 1] / b) ** 2 > 1
    assert np.array_equal(shape.level(points) > 1e-12, outside & (np.abs(shape.level(points)) > 1e-12))


def test_a_circle_is_a_disk() -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (100, 2))
    ellipse, disk = Ellipse((0.1, 0.2), (0.7, 0.7), angle=1), Disk((0.1, 0.2), 0.7)
    np.testing.assert_allclose(ellipse.level(points), disk.level(points), atol=1e-12)


def test_cut_ellipses_against_shapely() -> None:
    first, second = Ellipse((0, 0), (2, 1)), Ellipse((0, 0), (2, 1), angle=math.pi / 2)
    cross = ring(2, 1).union(shapely.affinity.rotate(ring(2, 1), 90, origin=(0, 0)))
    assert (first | second).measure == pytest.approx(cross.area, rel=1e-5)
    assert (first | second).boundary("boundary").measure == pytest.approx(cross.length, rel=1e-5)
    # the curves cross on the diagonals, by symmetry
    assert (first | second).boundary("ellipse").measure == pytest.approx(cross.length / 2, rel=1e-5)
    half = first - Rectangle((-3, -3), (0, 3))
    assert half.measure == pytest.approx(math.pi, rel=1e-10)
    assert half.boundary("ellipse").measure == pytest.approx(4 * ellipe(0.75), rel=1e-10)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Ellipse((0, 0), (1, 0)), "half-axis of an ellipse must be positive, got 0"),
        (lambda: Ellipse((0, 0), (1, -2)), "half-axis of an ellipse must be positive, got -2"),
        (lambda: Ellipse((0, 0), 1), "half-axes of an ellipse needs 2 coordinates, got 1"),
        (lambda: Ellipse((0, math.inf), (1, 1)), "centre of an ellipse must be finite"),
        (lambda: Ellipse((0, 0), (1, math.nan)), "half-axes of an ellipse must be finite"),
        (lambda: Ellipse((0, 0), (1, 1), angle=math.inf), "angle of an ellipse must be finite"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        make()  # type: ignore[operator]
