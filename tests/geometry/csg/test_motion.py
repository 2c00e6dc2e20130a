from __future__ import annotations

import math

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Box, Cuboid, Cylinder, Disk, Interval, Polygon, Rectangle, TimeInterval


def test_a_rotated_rectangle_is_the_polygon_of_its_corners() -> None:
    plate = Rectangle((0, 0), (2, 1))
    turned = plate.rotated(0.3, center=(2, 0))
    cos, sin = math.cos(0.3), math.sin(0.3)
    corners = np.array([(0, 0), (2, 0), (2, 1), (0, 1)]) - (2, 0)
    polygon = Polygon(corners @ np.array([[cos, sin], [-sin, cos]]) + (2, 0))
    points = np.random.default_rng(0).uniform(-1, 3, (500, 2))
    np.testing.assert_array_equal(turned.contains(points), polygon.contains(points))
    assert turned.boundaries == plate.boundaries
    samples = turned.boundary("bottom").sample(5)
    np.testing.assert_allclose(samples.normals, [[sin, -cos]] * 5, atol=1e-15)
    np.testing.assert_allclose(turned.distance(*points.T), plate.distance(*turned.motion.inverse(points).T))
    assert turned.boundary("left").face is None
    np.testing.assert_allclose(turned.bounds, polygon.bounds)


def test_rotations_in_space_are_right_handed() -> None:
    block = Cuboid((0, 0, 0), (3, 2, 1))
    lower, upper = block.rotated(math.pi / 2, axis=(0, 0, 5)).bounds
    np.testing.assert_allclose([lower, upper], [(-2, 0, 0), (0, 3, 1)], atol=1e-12)
    lower, upper = block.rotated(math.pi / 2, axis=(1, 0, 0), center=(0, 0, 1)).bounds
    np.testing.assert_allclose([lower, upper], [(0, 0, 1), (3, 1, 3)], atol=1e-12)


def test_shared_edges_of_moved_shapes_are_found() -> None:
    first = Rectangle((0, 0), (1, 1)).rotated(0.4)
    both = first | Rectangle((1, 0), (2, 1)).rotated(0.4)
    assert both.measure == pytest.approx(2)
    assert "right" not in both.boundaries
    middle = Rectangle((0.9, 0.4), (1.1, 0.6)).rotated(0.4).sample(20)
    assert both.distance(*middle.T).min() > 0.2
    blocks = Cuboid((0, 0, 0), (1, 1, 1)).rotated(0.4, axis=(1, 2, 3))
    blocks = blocks | Cuboid((1, 0, 0), (2, 1, 1)).rotated(0.4, axis=(1, 2, 3))
    middle = Cuboid((0.9, 0.4, 0.4), (1.1, 0.6, 0.6)).rotated(0.4, axis=(1, 2, 3)).sample(20)
    assert blocks.distance(*middle.T).min() > 0.1


def test_cylinder() -> None:
    shape = Cylinder((1, 1, 1), (1, 1, 4), 0.5)
    assert shape.boundaries == ("side", "bottom", "top")
    assert shape.measure == pytest.approx(0.75 * math.pi)
    assert shape.boundary("side").measure == pytest.approx(3 * math.pi)
    assert shape.boundary("cylinder").measure == pytest.approx(3.5 * math.pi)
    np.testing.assert_allclose(shape.bounds, [(0.5, 0.5, 1), (1.5, 1.5, 4)])
    tilted = Cylinder((0, 0, 0), (3, 4, 0), 1)
    np.testing.assert_allclose(tilted.boundary("top").sample(3).normals, [[0.6, 0.8, 0]] * 3, atol=1e-15)
    samples = tilted.boundary("side").sample(50)
    np.testing.assert_allclose(samples.normals @ [0.6, 0.8, 0], 0, atol=1e-15)
    np.testing.assert_allclose(
        np.linalg.norm(samples.points - np.outer(samples.points @ [0.6, 0.8, 0], [0.6, 0.8, 0]), axis=1), 1
    )
    assert tilted.bounds[0] == pytest.approx([-0.8, -0.6, -1])


def test_crossed_cylinders_of_equal_radius() -> None:
    """The bicylinder of Steinmetz: volume 16 R^3 / 3, surface 16 R^2."""
    shape = Cylinder((-2, 0, 0), (2, 0, 0), 1) & Cylinder((0, -2, 0), (0, 2, 0), 1)
    assert shape.measure == pytest.approx(16 / 3, rel=2e-3)
    assert shape.boundary("boundary").measure == pytest.approx(16, rel=3e-3)
    assert shape.boundaries == ("side", "side-2")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Cylinder((0, 0, 0), (0, 0, 0), 1), "axis of a cylinder has no length"),
        (lambda: Cylinder((0, 0, 0), (0, 0, 1), -1), "radius of a cylinder must be positive, got -1"),
        (lambda: Cylinder((0, 0), (0, 1), 1), "an end of a cylinder needs 3 coordinates, got 2"),
        (lambda: Cylinder((0, 0, 0), (0, 0, math.inf), 1), "an end of a cylinder must be finite"),
        (lambda: Disk((0, 0), 1).translated((1, 2, 3)), "the shift needs 2 coordinates, got 3"),
        (lambda: Interval(0, 1).rotated(1), "in 2 or 3 dimensions can be rotated, this one has 1"),
        (lambda: Box((0, 0, 0), (1, 1, 1)).rotated(1, axis=(0, 0, 0)), "axis of a rotation has no length"),
        (lambda: Disk((0, 0), 1).rotated(math.nan), "angle of a rotation must be finite"),
        (lambda: (Interval(0, 1) * TimeInterval(0, 1)).rotated(1), "only shapes in space are moved"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
