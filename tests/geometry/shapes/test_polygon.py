from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry import Polygon
from kinn.geometry.triangulation import signed_area, touching_edges, triangulate

ELL = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]


@st.composite
def stars(draw: st.DrawFn) -> np.ndarray:
    """Polygons around a centre, with spikes, in either direction."""
    radii = draw(st.lists(st.floats(0.1, 1), min_size=3, max_size=24))
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    vertices = np.column_stack([radii * np.cos(angles), radii * np.sin(angles)])
    return vertices[::-1] if draw(st.booleans()) else vertices


@given(stars())
def test_against_shapely(vertices: np.ndarray) -> None:
    shape, other = Polygon(vertices), shapely.Polygon(vertices)
    assert shape.measure == pytest.approx(other.area)
    assert shape.boundary("boundary").measure == pytest.approx(other.length)
    points = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    assert np.array_equal(shape.contains(points), shapely.intersects_xy(other, points))
    distance = shapely.distance(other.exterior, shapely.points(points))
    assert np.allclose(np.abs(shape.level(points)), distance)


@given(stars())
def test_triangles_make_up_the_polygon(vertices: np.ndarray) -> None:
    shape = Polygon(vertices)
    areas = np.array([signed_area(triangle) for triangle in shape.triangles])
    assert len(areas) == len(vertices) - 2
    assert np.all(areas > 0)
    assert np.sum(areas) == pytest.approx(shape.measure)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7, unique=True))
def test_only_simple_polygons_are_accepted(vertices: list[tuple[int, int]]) -> None:
    """On small integer grids vertices often touch other edges, or lie in line with them."""
    ring = shapely.LinearRing(vertices)
    assume(np.linalg.matrix_rank(np.array(vertices) - vertices[0]) == 2)
    if ring.is_simple:
        shape = Polygon(vertices)
        assert shape.measure == pytest.approx(shapely.Polygon(vertices).area)
        assert np.sum([signed_area(triangle) for triangle in shape.triangles]) == pytest.approx(shape.measure)
    else:
        with pytest.raises(InputError, match="may not cross or touch itself"):
            Polygon(vertices)


def test_points_in_each_triangle_follow_its_area() -> None:
    shape = Polygon(ELL)
    points = shape.sample(3000)
    corner = np.sum((points[:, 0] < 1) & (points[:, 1] < 1))
    assert abs(corner - 1000) < 30


def test_edges_keep_their_names_in_either_direction() -> None:
    names = ["bottom", "right", "step", "step", "top", "left"]
    forward = Polygon(ELL, names)
    backward = Polygon(ELL[::-1], [*names[-2::-1], names[-1]])
    for shape in (forward, backward):
        assert set(shape.boundaries) == set(names)
        assert shape.boundary("step").measure == 2
        samples = shape.boundary("bottom").sample(5)
        assert np.allclose(samples.points[:, 1], 0)
        assert np.allclose(samples.normals, [0, -1])
        assert shape.boundary("polygon").measure == 8
        assert shape.boundary("left").face is None
    assert Polygon(ELL).boundaries == tuple(f"edge-{edge}" for edge in range(6))


def test_a_straight_side_may_be_split() -> None:
    shape = Polygon([(0, 0), (1, 0), (2, 0), (2, 1), (0, 1)], ["inlet", "wall", "wall", "wall", "wall"])
    assert shape.boundary("inlet").measure == 1
    assert shape.measure == 2
    assert shape.contains(shape.sample(50)).all()


def test_points_level_with_a_vertex_up_to_rounding() -> None:
    shape = Polygon([(0.25, 0.375), (0.375, 0.375), (0.375, 0.875), (0.25, 0.875)])
    for height in (0.375, 0.875):
        around = np.nextafter(height, [0, 1]).tolist()
        assert not shape.contains([(x, y) for x in (0.1, 0.2, 0.6) for y in (height, *around)]).any()


def test_many_vertices() -> None:
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    radius = 1 + 0.3 * np.cos(9 * angle)
    vertices = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    assert touching_edges(vertices) is None
    assert len(triangulate(vertices)) == 298


@pytest.mark.parametrize(
    ("vertices", "says"),
    [
        ([(0, 0), (1, 1)], "at least 3 vertices, got 2"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "edges 0 and 2 do"),
        ([(0, 0), (2, 0), (2, 2), (1, 0), (0, 2)], "cross or touch"),
        ([(0, 0), (2, 0), (1, 0), (1, 1)], "cross or touch"),
        ([(0, 0), (1, 0), (1, 0), (0, 1)], "edge 1 has no length"),
        ([(0, 0), (1, 0), (2, 0)], "all its vertices lie on one line"),
        ([(0, 0), (1, 0), (0, math.nan)], "must be finite"),
        ([(0, 0), (1, 0), (0, 1, 2)], "needs 2 coordinates, got 3"),
        ([0, 1, 2], "needs 2 coordinates, got 1"),
        (3, "must be a sequence of points"),
    ],
)
def test_rejected(vertices: list[tuple[float, float]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Polygon(vertices)


@pytest.mark.parametrize("edges", [["a", "b"], "abc", ["a", "b", ""], ["a", "b", 3]])
def test_rejected_names(edges: list[str]) -> None:
    with pytest.raises(InputError, match="name"):
        Polygon([(0, 0), (1, 0), (0, 1)], edges)


def test_the_last_vertex_may_repeat_the_first() -> None:
    """As files of airfoils and of maps write closed lines."""
    corners = [(0, 0), (2, 0), (2, 1), (0, 1)]
    closed = Polygon([*corners, corners[0]], edges=["low", "right", "top", "left"])
    assert closed.vertices == Polygon(corners).vertices
    assert closed.boundary("left").measure == pytest.approx(1)
    with pytest.raises(InputError, match="may not repeat a vertex, and edge 3 has no length"):
        Polygon([*corners, corners[3], corners[0]])
    with pytest.raises(InputError, match="a polygon of 4 vertices needs 4 names of edges"):
        Polygon([*corners, corners[0]], edges=["low", "right", "top", "left", "none"])
