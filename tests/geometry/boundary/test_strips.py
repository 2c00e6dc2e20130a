"""Plane regions in slabs: exact areas and moments, convergence, and what is no region."""

from __future__ import annotations

from math import acos, pi, sqrt

import numpy as np
import pytest

from kinn.geometry import ArcPolygon, CurveDomain, Disk, Ellipse, Extrusion, Geometry, Polygon, Rectangle, Rule
from kinn.geometry.boundary.edges import Segment
from kinn.geometry.boundary.strips import divide_into_strips
from tests.geometry.examples import BEAN, SHAPES, STAR

PLATE = Rectangle((0, 0), (20, 20)) - Disk((0, 0), 5)
LENS = Disk((0, 0), 1) & Disk((1, 0), 1)
FLOWER_CENTRES = 1.37638 * np.exp(1j * np.deg2rad(90 + 72 * np.arange(5)))
EXACT: dict[str, tuple[Geometry, float]] = {
    "plate-hole": (PLATE, 400 - 25 * pi / 4),
    "lens": (LENS, 2 * acos(0.5) - sqrt(3) / 2),
    "lune": (Disk((0, 0), 1) - Disk((1, 0), 1), pi - 2 * acos(0.5) + sqrt(3) / 2),
    "two-disks": (Disk((0, 0), 1) | Disk((1, 0), 1), 2 * pi - 2 * acos(0.5) + sqrt(3) / 2),
    "quarter": (Rectangle((0, 0), (1, 1)) & Disk((0, 0), 1), pi / 4),
    "frame": (Rectangle((0, 0), (3, 2)) - Rectangle((1, 0.5), (2, 1)), 5.5),
    "ring": (Disk((0, 0), 2) - Disk((0, 0), 1), 3 * pi),
    "half-ellipse": (SHAPES["half-ellipse"], pi),
    "stadium": (SHAPES["stadium"], 2 + pi / 4),
    "sector": (ArcPolygon([(0, 0), (1, 0), (0, 1)], [None, (sqrt(0.5), sqrt(0.5)), None]), pi / 4),
    "curved-triangle": (ArcPolygon([(0, 0), (1, 0), (0, 1)], [None, (1 - sqrt(0.5),) * 2, None]), 1 - pi / 4),
    "star": (STAR, pi * 1.02),  # the integral of r^2 / 2 with r = 1 + cos(5 t) / 5
    "holes": (
        Rectangle((-2, -2), (2, 2)) - Disk((-1, 0), 0.5) - Disk((1, 0.3), 0.6) - Ellipse((0, -1.2), (0.5, 0.2)),
        16 - 0.71 * pi,
    ),
    "polygons": (Polygon([(0, 0), (4, 0), (0, 4)]) - Polygon([(1, 1), (2, 1), (1, 2)]), 7.5),
    "touching": (Rectangle((0, 0), (2, 2)) - Disk((1, 1), 1), 4 - pi),
    "turned": ((Rectangle((0, 0), (2, 1)) | Disk((2, 0.5), 0.5)).rotated(0.6), 2 + pi / 8),
}


def moment(rule: Rule, i: int, j: int) -> float:
    return float(rule.weights @ (rule.points[:, 0] ** i * rule.points[:, 1] ** j))


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("seed", [None, 1])
def test_areas_are_exact(name: str, seed: int | None) -> None:
    shape, area = EXACT[name]
    # crossings of boundaries, which trimming finds to 1e-12 of the size, are what limits it
    for order, points in ((1, 10), (4, 1000)):
        rule = shape.quadrature(order, points=points, seed=seed)
        assert rule.measure == pytest.approx(area, rel=2e-12)
        assert shape.contains(rule.points).all()
        assert (rule.weights > 0).all()
    assert shape.measure == pytest.approx(area, rel=2e-12)


def test_straight_combinations_integrate_polynomials() -> None:
    rule = EXACT["polygons"][0].quadrature(4)
    for i in range(5):
        for j in range(5 - i):
            # over the triangle with legs L at the origin: i! j! / (i + j + 2)! L^(i + j + 2); the other one by hand
            outer = Polygon([(0, 0), (4, 0), (0, 4)]).quadrature(4)
            inner = Polygon([(1, 1), (2, 1), (1, 2)]).quadrature(4)
            assert moment(rule, i, j) == pytest.approx(moment(outer, i, j) - moment(inner, i, j), rel=1e-12)


@pytest.mark.parametrize("order", [3, 5])
def test_moments_of_the_plate_converge(order: int) -> None:
    exact = 20**4 / 3 - pi * 5**4 / 16
    errors = [abs(moment(PLATE.quadrature(order, points=n), 2, 0) / exact - 1) for n in (200, 3200)]
    assert errors[0] < 1e-3
    assert errors[1] < 2 * errors[0] / 4 ** (order + 1) + 1e-11


def test_the_divergence_theorem_holds_with_the_rules_of_both() -> None:
    """The integral of div F over the shape is that of F . n over its boundary, F = (x^2 y, sin y)."""
    for shape in (PLATE, LENS, BEAN, EXACT["holes"][0]):
        inside = shape.quadrature(7, points=4000)
        around = shape.boundary("boundary").quadrature(7, points=1000)
        x, y = inside.points.T
        assert around.normals is not None
        u, v = around.points.T
        flux = around.weights @ (u**2 * v * around.normals[:, 0] + np.sin(v) * around.normals[:, 1])
        size = inside.weights @ (np.abs(2 * x * y) + 1)
        assert inside.weights @ (2 * x * y + np.cos(y)) == pytest.approx(flux, abs=1e-6 * size)


def test_a_plate_with_a_hole_extruded() -> None:
    solid = Extrusion(PLATE, (0, 2))  # the plate has a boundary called top
    assert solid.quadrature(2, points=500).measure == pytest.approx(800 - 12.5 * pi, rel=1e-12)
    assert solid.boundary("disk").quadrature(2).measure == pytest.approx(5 * pi, rel=1e-12)
    assert solid.boundary("top-2").quadrature(2).measure == pytest.approx(400 - 25 * pi / 4, rel=1e-12)


def test_points_are_spread_evenly_over_the_plate() -> None:
    rule = PLATE.quadrature(3, points=4000)
    assert 4000 <= len(rule) <= 4400
    assert np.max(rule.weights) < 4 * np.mean(rule.weights)


def test_curves_whose_ends_do_not_meet_bound_no_region() -> None:
    assert divide_into_strips([Segment((0, 0), (1, 0), (0, -1)), Segment((0, 1), (0.5, 1), (0, 1))], 1e-12) is None


def test_a_curve_as_a_function_and_through_points() -> None:
    """A circle through 40 points is a spline, whose area differs from that of the circle in the sixth digit."""
    t = 2 * pi * np.arange(40) / 40
    spline = CurveDomain.through(np.column_stack([np.cos(t), np.sin(t)]).tolist())
    rule = spline.quadrature(5, points=2000)
    assert rule.measure == pytest.approx(spline.loop.area, rel=1e-12)
    assert rule.measure == pytest.approx(pi, rel=1e-5)


def airfoil(points: int, angle: float, thickness: float = 0.12, gap: float = 0.0) -> CurveDomain:
    """Spline through a NACA section, whose trailing edge it rounds with a radius far below the spacing of the points."""
    x = (1 - np.cos(np.linspace(0, np.pi, points))) / 2
    series = 0.2969 * np.sqrt(x) - 0.126 * x - 0.3516 * x**2 + 0.2843 * x**3 - 0.1036 * x**4
    y = 5 * thickness * series + gap * x
    outline = np.concatenate([np.column_stack([x, y])[::-1], np.column_stack([x, -y])[1 : None if gap else -1]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return CurveDomain.through((outline @ turn.T).tolist())


@pytest.mark.parametrize("size", [2.0, 200.0, 2e4])
@pytest.mark.parametrize(("points", "angle", "gap"), [(20, 0.0, 0.0), (50, 0.1, 0.0), (40, 0.05, 1e-5)])
def test_a_sharp_edge_costs_no_area_however_far_the_box(size: float, points: int, angle: float, gap: float) -> None:
    foil = airfoil(points, angle, gap=gap)
    box = Rectangle((-size, -size), (size, 1.1 * size))
    assert (box - foil).measure == pytest.approx(box.measure - foil.measure, rel=1e-13)
    assert (foil & box).measure == pytest.approx(foil.measure, rel=1e-11)
