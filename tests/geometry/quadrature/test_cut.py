"""Boxes cut by level functions: volumes of combinations in space against exact ones."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from kinn.geometry import Cuboid, Cylinder, Geometry, Sphere
from kinn.geometry.quadrature.cut import box_grid, classify_boxes, line_rule, volumes

UNIT = Sphere((0, 0, 0), 1)
EXACT: dict[str, tuple[Geometry, float]] = {
    "cube-minus-octant": (Cuboid((0, 0, 0), (1, 1, 1)) - Sphere((0, 0, 0), 0.5), 1 - pi / 48),
    "lens": (UNIT & Sphere((1, 0, 0), 1), 5 * pi / 12),
    "two-spheres": (UNIT | Sphere((1, 0, 0), 1), 8 * pi / 3 - 5 * pi / 12),
    # what a drill leaves of a sphere depends on the height that is left alone
    "napkin-ring": (UNIT - Cylinder((0, 0, -2), (0, 0, 2), 0.5), 4 * pi / 3 * 0.75**1.5),
    "two-cylinders": (Cylinder((-1, 0, 0), (1, 0, 0), 0.5) & Cylinder((0, -1, 0), (0, 1, 0), 0.5), 16 / 3 * 0.5**3),
    "corner": (Cuboid((0, 0, 0), (1, 1, 1)) - Cuboid((0.51, 0.52, 0.53), (2, 2, 2)), 1 - 0.49 * 0.48 * 0.47),
}


@pytest.mark.parametrize("name", EXACT)
def test_volumes(name: str) -> None:
    shape, volume = EXACT[name]
    box = np.prod(np.subtract(*shape.bounds[::-1]))
    assert shape.measure == pytest.approx(volume, abs=3e-5 * box)


@pytest.mark.parametrize("seed", [None, 4])
def test_rules_of_the_size_asked_for(seed: int | None) -> None:
    shape, volume = EXACT["cube-minus-octant"]
    rule = shape.quadrature(3, points=10_000, seed=seed)
    assert 10_000 <= len(rule) <= 20_000
    assert (rule.weights > 0).all()
    assert shape.contains(rule.points).all()
    assert rule.measure == pytest.approx(volume, rel=1e-6)
    # moments of the cube less those of the octant of the ball
    assert rule.weights @ rule.points[:, 2] == pytest.approx(1 / 2 - pi * 0.5**4 / 16, rel=1e-3)
    assert rule.weights @ rule.points[:, 0] ** 2 == pytest.approx(1 / 3 - pi * 0.5**5 / 30, rel=1e-3)


def test_more_lines_across_meet_a_smooth_boundary_better() -> None:
    """Without halving: what is left is where the sphere leaves a box by two of its sides."""
    boxes = box_grid(*UNIT.bounds, 12)
    inside, cut = classify_boxes(UNIT.level, boxes)
    errors = []
    for nodes in (2, 4):
        _, points, weights = line_rule(UNIT.level, boxes[cut], nodes, nodes)
        assert UNIT.contains(points).all()
        errors.append(abs(np.sum(boxes.volumes[inside]) + np.sum(weights) - 4 * pi / 3))
    assert errors[1] < 1e-4 * 4 * pi / 3
    assert errors[1] < errors[0] / 3


def test_boxes_that_agree_are_not_halved() -> None:
    """A plane across boxes is exact on lines along its normal, whatever the depth."""
    boxes = box_grid(np.zeros(3), np.ones(3), 3)
    level = lambda x: x[:, 0] - 0.4
    assert np.sum(volumes(level, boxes, 0)) == pytest.approx(0.4, rel=1e-12)
    inside, cut = classify_boxes(level, boxes)
    assert (len(inside), len(cut)) == (0, 27 - 9)
