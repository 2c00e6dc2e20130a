from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry import ArcPolygon, Disk, Polygon, Rectangle

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
WIDE = [(0, 0), (2.5, 0), (2.5, 1), (0, 1)]


def polyline(shape: ArcPolygon, n: int = 2000) -> shapely.Polygon:
    """The region with each edge replaced by n chords, put together from samples of its patches."""
    points = []
    for index, part in enumerate(shape.parts):
        edge = part.patch.at(np.linspace(0, 1, n)[:, None]).points
        start = shape.vertices[index]
        points.append(edge if np.linalg.norm(edge[0] - start) < 1e-9 else edge[::-1])
    return shapely.Polygon(np.concatenate(points))


@st.composite
def regions(draw: st.DrawFn) -> ArcPolygon:
    """Convex polygons whose edges bulge outwards or, mildly, inwards, in either direction."""
    n = draw(st.integers(3, 7))
    shifts = draw(st.lists(st.integers(0, 60), min_size=n, max_size=n))
    angles = (np.arange(n) + 0.01 * np.array(shifts)) * 2 * np.pi / n + 0.1
    corners = np.column_stack([np.cos(angles), np.sin(angles)])
    ends = np.roll(corners, -1, axis=0)
    out = np.column_stack([ends[:, 1] - corners[:, 1], corners[:, 0] - ends[:, 0]])
    bulges = draw(st.lists(st.none() | st.sampled_from([-0.05, -0.02, 0.1, 0.3, 0.45]), min_size=n, max_size=n))
    through = [
        None if bulge is None else tuple((corners[k] + ends[k]) / 2 + bulge * out[k]) for k, bulge in enumerate(bulges)
    ]
    if draw(st.booleans()):
        corners, through = np.roll(corners[::-1], 1, axis=0), through[::-1]
    return ArcPolygon([tuple(corner) for corner in corners], through)


@given(regions())
def test_against_shapely(shape: ArcPolygon) -> None:
    other = polyline(shape)
    assert shape.measure == pytest.approx(other.area, rel=1e-5)
    assert shape.boundary("boundary").measure == pytest.approx(other.length, rel=1e-5)
    assert np.concatenate(shape.bounds) == pytest.approx(other.bounds, abs=1e-5)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (200, 2))
    distance = shapely.distance(other.exterior, shapely.points(points))
    clear = distance > 1e-5
    assert np.array_equal(shape.contains(points[clear]), shapely.contains_xy(other, points[clear]))
    np.testing.assert_allclose(np.abs(shape.level(points)), distance, atol=1e-5)
    samples = shape.boundary("boundary").sample(50)
    assert (shape.level(samples.points + 1e-6 * samples.normals) > 0).all()
    assert (shape.distance(*shape.sample(50).T) > 0).all()


def test_points_level_with_vertices_and_turning_points() -> None:
    """A half-disk whose chord is level with the points, and one whose arc turns at their height."""
    half = ArcPolygon([(1, 0), (-1, 0)], [(0, 1), None])
    assert half.measure == pytest.approx(math.pi / 2)
    assert not half.contains([(-2, 0), (2, 0), (-2, 1), (2, 1), (0, -1e-6), (0, 1 + 1e-6)]).any()
    assert half.contains([(0, 0), (0.5, 0), (0, 1), (0, 0.5)]).all()
    side = ArcPolygon([(0, 1), (0, -1)], [(-1, 0), None])
    for height in (0.0, 1.0, -1.0):
        around = np.nextafter(height, [-2, 2]).tolist()
        assert not side.contains([(x, y) for x in (-2, -1.1, 0.1, 2) for y in (height, *around)]).any()
    assert side.contains([(-0.5, 0), (0, 0), (-1, 0)]).all()


def test_more_than_half_a_circle() -> None:
    keyhole = ArcPolygon([(-0.6, 0.8), (0.6, 0.8), (0.6, 3), (-0.6, 3)], [(0, -1), None, None, None], ["disk", *"abc"])
    whole = Disk((0, 0), 1) | Rectangle((-0.6, 0), (0.6, 3))
    assert keyhole.measure == pytest.approx(whole.measure, rel=1e-9)
    assert keyhole.boundary("disk").measure == pytest.approx(2 * (math.pi - math.atan2(0.6, 0.8)))
    points = np.random.default_rng(0).uniform((-1.2, -1.2), (1.2, 3.2), (500, 2))
    assert np.array_equal(keyhole.contains(points), whole.contains(points))


def test_straight_edges_alone_make_a_polygon() -> None:
    points = np.random.default_rng(0).uniform(-1, 2, (300, 2))
    ours, polygon = ArcPolygon(SQUARE, [None] * 4), Polygon(SQUARE)
    np.testing.assert_allclose(ours.level(points), polygon.level(points))
    assert ours.boundaries == polygon.boundaries


def test_fillets_touch_their_edges_smoothly() -> None:
    r = 0.2
    s = r - r / math.sqrt(2)
    shape = ArcPolygon([(r, 0), (1, 0), (1, 1), (0, 1), (0, r)], [None, None, None, None, (s, s)])
    assert shape.measure == pytest.approx(1 - r * r * (1 - math.pi / 4))
    assert all(part.positive_inside for part in shape.parts[:4])
    corner = np.array([[s, s]])
    assert abs(shape.distance(*corner.T)[0]) < 1e-15


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: ArcPolygon(SQUARE, [None] * 3), "4 edges needs 4 entries in `through`, got 3"),
        (lambda: ArcPolygon([(0, 0)], [None]), "at least 2 vertices, got 1"),
        (lambda: ArcPolygon(SQUARE, [None] * 4, ["a"]), "4 edges needs 4 names"),
        (lambda: ArcPolygon(SQUARE, [(0.5, 0), None, None, None]), "arc of edge 0 passes through a point in line"),
        (lambda: ArcPolygon(SQUARE, [(0, 0), None, None, None]), "arc of edge 0 passes through a point in line"),
        (lambda: ArcPolygon([(0, 0), (0, 0), (1, 1)], [None] * 3), "edge 0 has no length"),
        (lambda: ArcPolygon([(0, 0), (1, 0)], [None, None]), "edges 0 and 1 do"),
        (lambda: ArcPolygon([(0, 0), (1, 0)], [(0.5, 0.5), (0.5, 0.5)]), "edges 0 and 1 do"),
        (lambda: ArcPolygon(SQUARE, [(0.5, 1), None, None, None]), "edges 0 and 1 do"),
        (lambda: ArcPolygon(WIDE, [(1.25, 1), None, None, None]), "edges 0 and 2 do"),
        (lambda: ArcPolygon(WIDE, [(1.25, 0.6), None, (1.25, 0.4), None]), "edges 0 and 2 do"),
        (lambda: ArcPolygon(SQUARE, [(0.5, math.nan), None, None, None]), "point of an arc must be finite"),
        (lambda: ArcPolygon(3, [None]), "must be sequences of points"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
