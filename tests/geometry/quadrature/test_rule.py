"""Rules on shapes and boundaries: exact where they say so, of the size asked for, and refused where they must be."""

from __future__ import annotations

from itertools import product
from math import gamma, pi, prod

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Ball, Box, Cylinder, Disk, Ellipse, Extrusion, Geometry, Interval, Polygon, Rectangle, Rule
from tests.geometry.examples import ELL

KOCH_SIDE = 3.0


def koch(depth: int) -> Polygon:
    """The snowflake on a triangle of side 3."""
    points = KOCH_SIDE / np.sqrt(3) * np.exp(1j * (pi / 2 - 2 * pi * np.arange(3) / 3))
    for _ in range(depth):
        step = (np.roll(points, -1) - points) / 3
        peak = points + step + step * np.exp(1j * pi / 3)
        points = np.column_stack([points, points + step, peak, points + 2 * step]).ravel()
    return Polygon(np.column_stack([points.real, points.imag]).tolist())


def integral(rule: Rule, powers: tuple[int, ...]) -> float:
    return float(rule.weights @ np.prod(rule.points ** np.array(powers), axis=1))


@pytest.mark.parametrize("seed", [None, 2])
@pytest.mark.parametrize("order", [1, 4, 7])
@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_box_integrates_polynomials(d: int, order: int, seed: int | None) -> None:
    rule = Box((-1.0,) * d, tuple(range(1, d + 1))).quadrature(order, points=50, seed=seed)
    for powers in product(range(order + 1), repeat=d):
        sides = [(b ** (p + 1) - (-1) ** (p + 1)) / (p + 1) for p, b in zip(powers, range(1, d + 1), strict=True)]
        assert integral(rule, powers) == pytest.approx(prod(sides), rel=1e-12, abs=1e-14 * (2.0 * d) ** sum(powers))


@pytest.mark.parametrize("seed", [None, 2])
@pytest.mark.parametrize("order", [2, 5])
@pytest.mark.parametrize("d", [2, 3, 4, 5])
def test_ball_and_sphere_integrate_polynomials(d: int, order: int, seed: int | None) -> None:
    """The integral of a monomial over the sphere: G. B. Folland, American Mathematical Monthly 108 (2001)."""
    ball = Ball((0.0,) * d, 1.5)
    volume, surface = ball.quadrature(order, seed=seed), ball.boundary("ball").quadrature(order, seed=seed)
    assert np.allclose(surface.points, 1.5 * surface.normals)
    for powers in product(range(order + 1), repeat=d):
        degree = sum(powers)
        if degree <= order:
            halves = [(p + 1) / 2 for p in powers]
            unit = 0.0 if any(p % 2 for p in powers) else 2 * prod(map(gamma, halves)) / gamma(sum(halves))
            assert integral(surface, powers) == pytest.approx(unit * 1.5 ** (degree + d - 1), abs=1e-11)
            assert integral(volume, powers) == pytest.approx(unit * 1.5 ** (degree + d) / (degree + d), abs=1e-11)


def test_ellipse_integrates_polynomials() -> None:
    rule = Ellipse((1, 2), (2, 0.5), angle=0.7).quadrature(4)
    assert rule.measure == pytest.approx(pi, rel=1e-13)
    centred = (rule.points - (1, 2)) @ np.array([np.cos(0.7), np.sin(0.7)])
    assert rule.weights @ centred**2 == pytest.approx(pi * 2**3 * 0.5 / 4, rel=1e-13)
    assert rule.weights @ centred**4 == pytest.approx(pi * 2**5 * 0.5 / 8, rel=1e-13)


@pytest.mark.parametrize("seed", [None, 2])
def test_polygon_integrates_polynomials(seed: int | None) -> None:
    rule = ELL.quadrature(5, points=100, seed=seed)
    for i, j in product(range(6), repeat=2):
        if i + j <= 5:
            exact = (2 ** (i + 1) + 2 ** (j + 1) - 1) / ((i + 1) * (j + 1))  # two rectangles less the unit square
            assert integral(rule, (i, j)) == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("depth", [2, 4])
def test_snowflake(depth: int) -> None:
    """Area of the snowflake after n steps: (8 - 3 (4/9)^n) / 5 times that of the triangle."""
    area = np.sqrt(3) / 4 * KOCH_SIDE**2 * (8 - 3 * (4 / 9) ** depth) / 5
    snowflake = koch(depth)
    rule = snowflake.quadrature(2, points=3000)
    assert rule.measure == pytest.approx(area, rel=1e-12)
    assert integral(rule, (1, 0)) == pytest.approx(0, abs=1e-12)
    # it has the symmetry of the triangle, so that its moments of inertia are those of a disk
    assert integral(rule, (2, 0)) == pytest.approx(integral(rule, (0, 2)), rel=1e-12)
    around = snowflake.boundary("boundary").quadrature(1, points=100)
    assert around.measure == pytest.approx(3 * KOCH_SIDE * (4 / 3) ** depth, rel=1e-12)
    assert around.normals is not None
    assert around.weights @ np.sum(around.points * around.normals, axis=1) == pytest.approx(2 * area, rel=1e-12)


def test_extrusion_and_cylinder_integrate_polynomials() -> None:
    block = Extrusion(ELL, (-1, 2)).quadrature(3)
    assert integral(block, (1, 1, 2)) == pytest.approx((4 + 4 - 1) / 4 * 3, rel=1e-13)
    rod = Cylinder((0, 0, 0), (0, 0, 3), 0.5).quadrature(2)
    assert rod.measure == pytest.approx(pi * 0.75, rel=1e-13)
    assert integral(rod, (2, 0, 0)) == pytest.approx(pi * 0.5**4 / 4 * 3, rel=1e-13)
    side = Cylinder((0, 0, 0), (0, 0, 3), 0.5).boundary("side").quadrature(2)
    assert integral(side, (0, 2, 0)) == pytest.approx(pi * 0.5**3 * 3, rel=1e-13)


def test_ends_of_an_interval_have_weight_one() -> None:
    rule = Interval(-1, 2).boundary("boundary").quadrature(3)
    assert rule.points.ravel().tolist() == [-1, 2]
    assert rule.weights.tolist() == [1, 1]
    assert rule.normals is not None
    assert rule.normals.ravel().tolist() == [-1, 1]


def test_the_error_falls_as_the_order_says() -> None:
    """Composite rules of degree 3 have an error of order h^4."""

    def error(points: int) -> float:
        rule = Disk((0, 0), 1).quadrature(3, points=points)
        # the mean of exp(k x) over the disk is 2 I_1(k) / k
        return abs(float(rule.weights @ np.exp(2 * rule.points[:, 0])) - pi * 1.5906368546373291)

    assert error(4 * 4000) < error(4000) / 12


def test_rules_of_different_seeds_share_no_points() -> None:
    disk = Disk((0, 0), 1)
    rules = [disk.quadrature(3, points=400, seed=seed) for seed in (None, 0, 1)]
    again = disk.quadrature(3, points=400, seed=1)
    assert np.array_equal(rules[2].points, again.points)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        apart = np.linalg.norm(rules[first].points[:, None] - rules[second].points, axis=2)
        assert np.min(apart) > 1e-6


def test_bad_input_is_refused() -> None:
    square = Rectangle((0, 0), (1, 1))
    with pytest.raises(InputError, match="the order of a quadrature must be at least 0, got -1"):
        square.quadrature(-1)
    with pytest.raises(InputError, match=r"the order of a quadrature must be an integer, got 2\.5"):
        square.quadrature(2.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="an order of 60 at most, got 99"):
        square.quadrature(99)
    with pytest.raises(InputError, match="the number of quadrature points must be at least 1, got 0"):
        square.boundary("left").quadrature(2, points=0)
    with pytest.raises(InputError, match="the seed must be at least 0"):
        square.quadrature(2, seed=-3)


@pytest.mark.parametrize("shape", [Rectangle((0, 0), (3, 1)), Disk((0, 0), 1), ELL, koch(2)], ids=repr)
@pytest.mark.parametrize("points", [700, 5000])
def test_as_many_points_as_asked_for_spread_evenly(shape: Geometry, points: int) -> None:
    rule = shape.quadrature(3, points=points)
    assert points <= len(rule) <= 1.2 * points
    # of cells a fifth of the box wide, those inside hold their share of the points
    lower, upper = shape.bounds
    cell = np.floor(5 * (rule.points - lower) / (upper - lower)).astype(int) @ (1, 5)
    count, weight = np.bincount(cell), np.bincount(cell, rule.weights)
    full = weight > 0.98 * np.prod((upper - lower) / 5)
    assert full.any()
    density = count[full] / weight[full] / (len(rule) / rule.measure)
    assert density.min() > 0.6
    assert density.max() < 1.7
