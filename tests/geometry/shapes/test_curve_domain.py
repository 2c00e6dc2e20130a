from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from kinn.errors import InputError
from kinn.geometry import CurveDomain, Disk, Ellipse, Rectangle
from tests.geometry.examples import BEAN, STAR


def circle(t: np.ndarray) -> Any:
    return np.cos(t), np.sin(t)


def test_a_circle_and_an_ellipse() -> None:
    points = np.random.default_rng(0).uniform(-2, 2, (500, 2))
    disk = CurveDomain(circle, (0, 2 * math.pi), name="rim")
    assert disk.boundaries == ("rim",)
    assert disk.measure == pytest.approx(math.pi, rel=1e-13)
    assert disk.boundary("rim").measure == pytest.approx(2 * math.pi, rel=1e-13)
    np.testing.assert_allclose(disk.level(points), Disk((0, 0), 1).level(points), atol=1e-12)
    np.testing.assert_allclose(disk.level(np.zeros((1, 2))), -1)
    np.testing.assert_allclose(disk.bounds, [(-1, -1), (1, 1)], atol=1e-12)
    clockwise = CurveDomain(lambda t: np.column_stack([3 * np.sin(t), np.cos(t)]), (0, 2 * math.pi))
    np.testing.assert_allclose(clockwise.level(points), Ellipse((0, 0), (3, 1)).level(points), atol=1e-12)
    samples = clockwise.boundary("curve").sample(20)
    np.testing.assert_allclose(
        samples.normals[:, 0] * samples.points[:, 1] * 9, samples.normals[:, 1] * samples.points[:, 0], atol=1e-11
    )
    assert (np.sum(samples.normals * samples.points, axis=1) > 0).all()


def drop(t: np.ndarray) -> Any:
    """A closed curve with a corner at t = 0."""
    return np.abs(np.sin(math.pi * t)), np.sin(2 * math.pi * t)


@pytest.mark.parametrize("shape", [STAR, BEAN])
def test_against_shapely(shape: CurveDomain) -> None:
    ring = shapely.Polygon(shape.loop(np.linspace(0, 1, 20_000, endpoint=False)))
    assert shape.measure == pytest.approx(ring.area, rel=1e-6)
    assert shape.boundary("curve").measure == pytest.approx(ring.length, rel=1e-6)
    assert np.concatenate(shape.bounds) == pytest.approx(ring.bounds, abs=1e-6)
    lower, upper = shape.bounds
    points = np.random.default_rng(0).uniform(lower - 0.2, upper + 0.2, (500, 2))
    distance = shapely.distance(ring.exterior, shapely.points(points))
    np.testing.assert_allclose(np.abs(shape.level(points)), distance, atol=1e-6)
    clear = distance > 1e-6
    assert np.array_equal(shape.contains(points[clear]), shapely.contains_xy(ring, points[clear]))


def test_points_lie_at_equal_distances_along_the_curve() -> None:
    points = STAR.boundary("curve").sample(2000, method="uniform").points
    apart = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
    assert apart.max() / apart.min() < 1 + 1e-4


def test_a_spline_passes_through_its_points() -> None:
    corners = [(0, 0), (1, -0.4), (2, 0), (1.9, 1), (1, 0.6), (0.2, 0.9)]
    assert np.abs(BEAN.level(np.array(corners, dtype=float))).max() < 1e-13
    turned = CurveDomain.through(corners[::-1])
    assert turned.measure == pytest.approx(BEAN.measure)
    assert turned.loop.reach == pytest.approx(BEAN.loop.reach, rel=1e-2)


def test_the_reach_of_an_ellipse_is_its_least_radius_of_curvature() -> None:
    curve = CurveDomain(lambda t: (2 * np.cos(t), np.sin(t)), (0, 2 * math.pi))
    assert curve.loop.reach == pytest.approx(0.5, rel=1e-3)


def test_cut_at_other_shapes() -> None:
    disk = CurveDomain(circle, (0, 2 * math.pi))
    half = disk & Rectangle((-2, 0), (2, 2))
    assert half.measure == pytest.approx(math.pi / 2, rel=1e-10)
    assert half.boundary("curve").measure == pytest.approx(math.pi, rel=1e-10)
    plate = Rectangle((-2, -2), (2, 2)) - disk
    x = plate.sample(50)
    # within a quarter of the reach the distance is exact
    near = np.abs(disk.level(x)) < 0.2
    np.testing.assert_allclose(plate.boundary("curve").distance(*x.T)[near], disk.level(x)[near], atol=1e-12)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: CurveDomain(circle, (0, 3)), r"must be closed, and this one begins at \(1, .*\) and ends at \(-0.98"),
        (lambda: CurveDomain(lambda t: drop(t - 0.5)), "has a corner near t = 0.5"),
        (lambda: CurveDomain(lambda t: drop(t - 1 / 3)), "has a corner near t = 0.3333"),
        (lambda: CurveDomain(lambda t: (t * (1 - t), t * (1 - t) * (1 - 2 * t))), "corner near t = 0"),
        (lambda: CurveDomain(lambda t: (np.sin(t), np.sin(2 * t)), (0, 2 * math.pi)), "may not cross itself"),
        (lambda: CurveDomain(lambda t: (np.cos(t) ** 3, np.sin(t) ** 3), (0, 2 * math.pi)), "may not stand still"),
        (lambda: CurveDomain(lambda t: (np.cos(t), np.cos(t)), (0, 2 * math.pi)), "may not"),
        (lambda: CurveDomain(lambda t: (0 * t, 0 * t)), "a single point"),
        (lambda: CurveDomain(lambda t: t), r"two columns, got shape \(65,\)"),
        (lambda: CurveDomain(lambda t: (t, t / 0), (0, 1)), "must be finite"),
        (lambda: CurveDomain(lambda t: (t, "a")), "must map parameters"),
        (lambda: CurveDomain(3), "is a function of its parameter, got 3"),  # type: ignore[arg-type]
        (lambda: CurveDomain(circle, (1, 1)), "span of a curve must rise, got 1 and 1"),
        (lambda: CurveDomain.through([(0, 0), (1, 1)]), "at least 3 points, got 2"),
        (lambda: CurveDomain.through([(0, 0), (1, 1), (1, 1), (0, 1)]), "points 1 and the next are equal"),
        (lambda: CurveDomain.through([(0, 0), (1, math.inf), (0, 1)]), "point of a curve must be finite"),
        (lambda: CurveDomain.through([(0, 0), (1, 1), (1, 0), (0, 1)]), "may not cross itself"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_the_last_point_may_repeat_the_first() -> None:
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.column_stack([np.cos(angle), np.sin(angle)])
    closed = CurveDomain.through([*points, points[0]])
    assert closed.measure == pytest.approx(CurveDomain.through(points).measure, rel=1e-14)
