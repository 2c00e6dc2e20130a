"""Rules that crowd towards corners: right for singular integrands, inside, of the measure, and refused elsewhere."""

from __future__ import annotations

from math import asinh, log

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Disk, Grading, Interval, Polygon, Rectangle
from tests.geometry.examples import ELL

HALF = Polygon([(-1, 0), (0, 0), (1, 0), (1, 1), (-1, 1)])
TIP = (0.0, 0.0)


@pytest.mark.parametrize("sides", [False, True])
@pytest.mark.parametrize("seed", [None, 4])
def test_energy_of_a_crack_is_right(sides: bool, seed: int | None) -> None:
    # |grad u|^2 / 2 = 1 / (8 r) of r^(1/2) sin(theta / 2); the integral of 1 / r over the half square is 4 log(1 + 2^(1/2))
    rule = HALF.quadrature(7, points=2000, seed=seed, grading=Grading([TIP], 0.5, sides))
    plain = HALF.quadrature(7, points=2000, seed=seed)
    exact = 4 * log(1 + 2**0.5) / 8
    error, other = (abs(r.weights @ (1 / np.hypot(*r.points.T)) / 8 / exact - 1) for r in (rule, plain))
    assert error < 1e-6
    assert other > 1e-3


@pytest.mark.parametrize("sides", [False, True])
@pytest.mark.parametrize("seed", [None, 4])
@pytest.mark.parametrize("shape", [HALF, ELL, Rectangle((0.0, 0.0), (3.0, 2.0))], ids=repr)
def test_rules_lie_inside_and_sum_to_the_measure(shape: Polygon | Rectangle, sides: bool, seed: int | None) -> None:
    rule = shape.quadrature(5, points=700, seed=seed, grading=Grading([TIP], 0.6, sides))
    assert len(rule) >= 700
    assert (rule.weights > 0).all()
    assert shape.contains(rule.points).all()
    assert rule.measure == pytest.approx(shape.measure, rel=1e-13)
    assert rule.weights @ rule.points[:, 0] ** 2 == pytest.approx(
        shape.quadrature(5).weights @ shape.quadrature(5).points[:, 0] ** 2, rel=1e-3
    )


def test_several_corners_share_what_is_between_them() -> None:
    box = Rectangle((0.0, 0.0), (4.0, 1.0))
    rule = box.quadrature(7, points=4000, grading=Grading([(0.0, 0.0), (0.0, 1.0)], 0.7))
    lower, upper = (rule.weights @ np.hypot(rule.points[:, 0], rule.points[:, 1] - y) ** -0.6 for y in (0.0, 1.0))
    assert lower == pytest.approx(upper, rel=1e-12)
    fine = Polygon([(0, 0), (4, 0), (4, 1), (0, 1)]).quadrature(
        7, points=60000, grading=Grading([(0.0, 0.0), (0.0, 1.0)], 0.5)
    )
    assert lower == pytest.approx(fine.weights @ np.hypot(*fine.points.T) ** -0.6, rel=2e-4)
    four = box.quadrature(7, points=400, grading=Grading([(x, y) for x in (0.0, 4.0) for y in (0.0, 1.0)], 0.7))
    assert four.measure == pytest.approx(4.0, rel=1e-13)
    np.testing.assert_allclose(four.points.mean(axis=0), [2.0, 0.5])


def test_points_of_a_triangle_between_three_corners() -> None:
    corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)]
    rule = Polygon(corners).quadrature(7, points=500, grading=Grading(corners, 0.5))
    assert rule.measure == pytest.approx(0.5, rel=1e-13)
    for corner in corners:
        assert np.linalg.norm(rule.points - corner, axis=1).min() < 1e-3


@pytest.mark.parametrize("exponent", [0.5, 0.7, 1.0])
def test_boundaries_crowd_towards_the_corners_that_they_end_at(exponent: float) -> None:
    grading = Grading([(0.0, 0.0), (0.0, 1.0)], exponent)
    box = Rectangle((0.0, 0.0), (4.0, 1.0))
    for name, length in (("left", 1.0), ("bottom", 4.0), ("right", 1.0), ("boundary", 10.0)):
        rule = box.boundary(name).quadrature(7, points=60, grading=grading)
        assert rule.measure == pytest.approx(length, rel=1e-12)
        assert rule.normals is not None
    flux = box.boundary("bottom").quadrature(7, points=60, grading=Grading([(0.0, 0.0)], 0.5))
    assert flux.weights @ flux.points[:, 0] ** -0.5 == pytest.approx(4.0, rel=1e-12)
    both = box.boundary("left").quadrature(7, points=60, grading=Grading([(0.0, 0.0), (0.0, 1.0)], 0.5))
    assert both.weights @ (both.points[:, 1] * (1 - both.points[:, 1])) ** -0.5 == pytest.approx(np.pi, rel=1e-3)


def test_sides_take_points_where_layers_would_be() -> None:
    # the layer exp(-y / e) at the side y = 0, thinner than the spacing
    e = 1e-3
    exact = 2 * e
    rules = [HALF.quadrature(7, points=20000, grading=Grading([TIP], 0.5, sides)) for sides in (False, True)]
    plain, crowded = (abs(r.weights @ np.exp(-r.points[:, 1] / e) / exact - 1) for r in rules)
    assert crowded < 0.01
    assert plain > 0.5


@pytest.mark.parametrize(
    ("towards", "exponent", "message"),
    [
        ([], 0.5, "at least one corner"),
        ([(0.0, 0.0, 0.0)], 0.5, "a corner that a quadrature is graded towards"),
        ([TIP], 0.01, "0.1 to 1, not 0.01"),
        ([TIP], 1.5, "0.1 to 1, not 1.5"),
    ],
)
def test_gradings_that_cannot_be(towards: list[tuple[float, float]], exponent: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Grading(towards, exponent)


@pytest.mark.parametrize("shape", [HALF, Rectangle((-1.0, -1.0), (1.0, 1.0))], ids=repr)
def test_corners_that_are_none_are_refused(shape: Polygon | Rectangle) -> None:
    with pytest.raises(InputError, match=r"\(0.5, 0.0\) is no vertex"):
        shape.quadrature(7, grading=Grading([(0.5, 0.0)], 0.5))


@pytest.mark.parametrize("shape", [Disk((0.0, 0.0), 1.0), Interval(0.0, 1.0)], ids=repr)
def test_other_shapes_are_refused(shape: Disk | Interval) -> None:
    with pytest.raises(InputError, match="polygons and of rectangles alone"):
        shape.quadrature(7, grading=Grading([TIP], 0.5))


def test_exponent_one_is_the_plain_distance() -> None:
    # 1 / r over the unit square, 2 asinh 1, is smooth in triangles around the corner
    rule = Polygon([(0, 0), (1, 0), (1, 1), (0, 1)]).quadrature(7, points=300, grading=Grading([TIP], 1.0))
    assert rule.weights @ (1 / np.hypot(*rule.points.T)) == pytest.approx(2 * asinh(1), rel=1e-8)
