"""Smooth distances: zero on their boundary, normalised there, positive inside, carried by jets."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.fields import Points
from kinn.geometry import Box, Disk, Ellipse, Geometry, Polygon, Rectangle, TimeInterval
from tests.geometry.contract import boundaries, component, gradient, on_fields
from tests.geometry.examples import SHAPES, SQUARE


def test_a_side_that_is_whole_is_a_polynomial() -> None:
    field = on_fields(SQUARE.boundary("right").distance, SQUARE, np.array([[0.25, 0.5]]))
    assert field.value.tolist() == [0.75]
    shape = SQUARE - Disk((0.5, 0.5), 0.25)
    x = shape.sample(50)
    hole = shape.boundary("disk").distance(*x.T)
    np.testing.assert_allclose(hole, 2 * np.sum((x - 0.5) ** 2, axis=1) - 0.125)


def test_a_seam_is_no_boundary() -> None:
    """R-functions of the shapes would vanish where they touch; the trimmed boundary does not lie there."""
    plane = SQUARE | Rectangle((1, 0.25), (2, 0.75))
    seam = np.column_stack([np.ones(30), np.linspace(0.26, 0.74, 30)])
    assert plane.distance(*seam.T).min() > 5e-3
    solid = Box((0, 0, 0), (1, 1, 1)) | Box((1, 0.25, 0), (2, 0.75, 1))
    seam = np.column_stack([seam, np.linspace(0.1, 0.9, 30)])
    for name in ("boundary", "right"):
        field = on_fields(solid.boundary(name).distance, solid, seam)
        assert field.value.min() > 1e-3
        assert np.isfinite(component(field, 30, 0, 0)).all()
    samples = solid.boundary("right").sample(50)
    assert np.abs(solid.boundary("right").distance(*samples.points.T)).max() < 1e-13
    both = (SQUARE * TimeInterval(0, 1)) | (Rectangle((1, 0), (2, 1)) * TimeInterval(0, 1))
    assert both.boundary("boundary").distance(1.0, 0.5, 0.5) > 0.1


operations = st.sampled_from([operator.or_, operator.and_, operator.sub])
places = st.tuples(*[st.integers(-4, 4).map(lambda k: k / 4)] * 2)
sizes = st.tuples(*[st.integers(1, 4).map(lambda k: k / 4)] * 2)


@settings(max_examples=30)
@given(first=places, steps=st.lists(st.tuples(operations, places, sizes, st.integers(0, 3)), min_size=1, max_size=3))
def test_combinations_on_a_grid(first: tuple[float, float], steps: list[tuple[Any, Any, Any, int]]) -> None:
    """On a coarse grid shapes share edges, touch, and cross in corners all the time."""
    shape: Geometry = Rectangle(first, (first[0] + 1, first[1] + 1))
    try:
        for operation, (x, y), (a, b), kind in steps:
            other = (
                Rectangle((x, y), (x + a, y + b)),
                Disk((x, y), a),
                Ellipse((x, y), (a, b)),
                Polygon([(x, y), (x + 1, y), (x + 1, y + 0.5), (x + 0.5, y + 0.5), (x + 0.5, y + 1), (x, y + 1)]),
            )[kind]
            shape = operation(shape, other)
        x, parts = shape.sample(100), boundaries(shape)
    except InputError:  # an empty domain
        return
    for boundary in parts:
        assert boundary.distance(*x.T).min() > 0
        samples = boundary.sample(40)
        field = on_fields(boundary.distance, shape, samples.points)
        assert field.value.abs().max() < 1e-12
        np.testing.assert_allclose(gradient(field, 40), -samples.normals, atol=1e-6)


def test_edges_in_line_of_different_shapes_stay_apart() -> None:
    """Part of the lower edge of the result belongs to either shape; neither name may vanish on the other's."""
    first = Disk((0.5, 0), 0.5) | Rectangle((1.25, 0), (2, 1))
    shape = first & Rectangle((-1, 0), (3, 0.75))
    assert shape.boundary("bottom").measure == pytest.approx(0.75)
    assert shape.boundary("bottom-2").measure == pytest.approx(1)
    mine, others = shape.boundary("bottom-2").sample(20).points, shape.boundary("bottom").sample(20).points
    assert np.abs(shape.boundary("bottom-2").distance(*mine.T)).max() < 1e-13
    assert shape.boundary("bottom-2").distance(*others.T).min() > 0.1
    field = on_fields(shape.distance, shape, others)
    np.testing.assert_allclose(gradient(field, 20), [[0, 1]] * 20, atol=1e-9)


def test_a_curve_cut_where_its_parameter_begins_has_no_corner_there() -> None:
    shape = Disk((0, 0), 1) | Rectangle((-2, -0.5), (0, 0.5))
    samples = shape.boundary("disk").sample(4)
    start = np.array([[1.0, 0.0]])
    field = on_fields(shape.distance, shape, start)
    np.testing.assert_allclose(gradient(field, 1), [[-1, 0]], atol=1e-9)
    assert len(samples) == 4


def test_corners_are_finite() -> None:
    shape = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])
    corners = np.array(shape.vertices)
    field = on_fields(shape.distance, shape, corners)
    assert field.value.abs().max() < 1e-15
    assert np.isfinite(gradient(field, len(corners))).all()
    assert np.isfinite(component(field, len(corners), 0, 0)).all()


@pytest.mark.parametrize("name", ["polygon", "nested", "union-3d", "star-and-bean", "extrusion"])
def test_single_precision(name: str) -> None:
    shape = SHAPES[name]
    x, samples = shape.sample(100), shape.boundary("boundary").sample(100)
    tensors = [torch.as_tensor(c, dtype=torch.float32) for c in x.T]
    values = shape.distance(*tensors)
    assert values.dtype == torch.float32
    np.testing.assert_allclose(values, shape.distance(*x.T), atol=1e-5)
    points = torch.as_tensor(samples.points, dtype=torch.float32)
    field = shape.distance(*Points(shape.coordinates, points).coordinates)
    assert field.value.abs().max() < 1e-5
    np.testing.assert_allclose(gradient(field, 100), -samples.normals, atol=2e-2)


def test_the_number_of_coordinates_is_checked() -> None:
    with pytest.raises(InputError, match="takes 2 coordinates, got 1"):
        SQUARE.distance(np.zeros(3))
    with pytest.raises(InputError, match="takes 2 coordinates, got 3"):
        SQUARE.boundary("left").distance(0.0, 0.0, 0.0)
