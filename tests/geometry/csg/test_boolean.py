from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry import Box, Disk, Face, Geometry, Interval, Polygon, Rectangle

SQUARE = Rectangle((0, 0), (1, 1))
RIGHT = Rectangle((1, 0.5), (2, 1.5))


def measures(shape: Geometry) -> dict[str, float]:
    return {name: shape.boundary(name).measure for name in shape.boundaries}


def test_square_minus_four_disks_counts_follow_true_lengths() -> None:
    """DeepXDE's CSG draws 5.7% of the points on 61% of such a boundary."""
    shape: Geometry = Rectangle((-1, -1), (1, 1))
    for center in ((-1, -1), (1, 1), (0, 0), (0, 1)):
        shape = shape - Disk(center, 0.4)
    arcs, straight = 0.4 * math.pi * (0.5 + 0.5 + 2 + 1), 8 - 4 * 0.4 - 2 * 0.4
    true = {"disk": 0.2 * math.pi, "disk-2": 0.2 * math.pi, "disk-3": 0.8 * math.pi, "disk-4": 0.4 * math.pi}
    true |= {"left": 1.6, "right": 1.6, "bottom": 1.6, "top": 2 - 0.8 - 0.4}
    assert measures(shape) == pytest.approx(true, rel=1e-10)
    assert shape.measure == pytest.approx(4 - 0.16 * math.pi * 2, rel=1e-12)
    everything = shape.boundary("boundary")
    assert everything.measure == pytest.approx(arcs + straight, rel=1e-10)
    for method in ("sobol", "random", "uniform"):
        points = everything.sample(5000, method=method).points
        for name, length in true.items():
            if not name.startswith("disk"):
                continue
            center = {"disk": (-1, -1), "disk-2": (1, 1), "disk-3": (0, 0), "disk-4": (0, 1)}[name]
            count = np.sum(np.abs(np.linalg.norm(points - center, axis=1) - 0.4) < 1e-9)
            share = length / (arcs + straight)
            assert abs(count - 5000 * share) < 3 * math.sqrt(5000 * share * (1 - share))
    samples = shape.boundary("disk-3").sample(20)
    assert np.allclose(samples.normals, -samples.points / 0.4)  # out of the domain, into the hole
    assert shape.boundary("outer").measure == pytest.approx(straight, rel=1e-10)
    assert shape.boundary("rectangle").measure == pytest.approx(straight, rel=1e-10)


def test_crossings_of_curves_are_found_to_rounding() -> None:
    lens = Disk((0, 0), 1) & Disk((1, 0), 1)
    assert measures(lens) == pytest.approx({"disk": 2 * math.pi / 3, "disk-2": 2 * math.pi / 3}, rel=1e-11)
    assert lens.measure == pytest.approx(2 * math.pi / 3 - math.sqrt(3) / 2, rel=1e-11)
    union = Disk((0, 0), 1) | Disk((1, 0), 1)
    assert union.measure == pytest.approx(2 * math.pi - lens.measure, rel=1e-11)


def test_a_tiny_hole_on_an_edge_is_not_missed() -> None:
    shape = SQUARE - Disk((0.123456, 0), 1e-5)
    assert shape.boundary("bottom").measure == pytest.approx(1 - 2e-5, abs=1e-11)
    assert shape.boundary("disk").measure == pytest.approx(1e-5 * math.pi, rel=1e-6)


def test_small_features_of_large_shapes_and_large_offsets() -> None:
    plate = Rectangle((0, 0), (1000, 1000)) - Rectangle((500, 0), (500.001, 0.001))
    assert plate.boundary("bottom").measure == pytest.approx(999.999, abs=1e-9)
    assert plate.boundary("top-2").measure == pytest.approx(0.001, abs=1e-9)
    far = Rectangle((1e6, 1e6), (1e6 + 1, 1e6 + 1)) - Disk((1e6, 1e6), 0.25) - Rectangle((1e6 + 0.5, 1e6), (2e6, 2e6))
    assert far.measure == pytest.approx(0.5 - math.pi / 64, abs=1e-7)
    assert far.boundary("left").measure == pytest.approx(0.75, abs=1e-7)
    assert far.contains(far.boundary("boundary").sample(100).points).all()


@pytest.mark.parametrize(
    ("shape", "area", "lengths"),
    [
        (SQUARE | RIGHT, 2, {"left": 1, "right": 0.5, "bottom": 1, "top": 1, "left-2": 0.5, "right-2": 1}),
        (SQUARE - RIGHT, 1, {"left": 1, "right": 1, "bottom": 1, "top": 1}),
        (SQUARE | SQUARE, 1, {"left": 1, "right": 1, "bottom": 1, "top": 1}),
        (SQUARE & SQUARE, 1, {"left": 1, "right": 1, "bottom": 1, "top": 1}),
        (SQUARE - Rectangle((0.5, 0), (1, 0.5)), 0.75, {"right": 0.5, "bottom": 0.5, "left-2": 0.5, "top-2": 0.5}),
        (SQUARE & Rectangle((0, 0), (1, 0.5)), 0.5, {"left": 0.5, "right": 0.5, "bottom": 1, "top-2": 1}),
        ((SQUARE - Disk((0.5, 0.5), 0.25)) | Disk((0.5, 0.5), 0.25), 1, {"left": 1, "top": 1}),
    ],
)
def test_shared_edges(shape: Geometry, area: float, lengths: dict[str, float]) -> None:
    found = measures(shape)
    assert {name: found[name] for name in lengths} == pytest.approx(lengths, rel=1e-9)
    assert shape.measure == pytest.approx(area, rel=1e-9)
    assert "disk" not in found


def test_a_seam_is_inside_a_union() -> None:
    shape = Rectangle((0, 0), (1, 1)) | Rectangle((1, 0), (2, 1))
    assert shape.contains([(1, 0.5)]).all()
    cut = shape & Rectangle((1, -1), (3, 3))  # a shape with an edge along the seam
    assert cut.measure == pytest.approx(1, rel=1e-9)
    assert cut.boundary("boundary").measure == pytest.approx(4, rel=1e-9)


def test_tangent_disks() -> None:
    inside, outside = Disk((0.5, 0.5), 0.5), Disk((1.5, 0.5), 0.5)
    assert measures(SQUARE - inside) == pytest.approx({"left": 1, "right": 1, "bottom": 1, "top": 1, "disk": math.pi})
    assert (SQUARE - inside).measure == pytest.approx(1 - math.pi / 4, rel=1e-9)
    assert measures(SQUARE | inside) == pytest.approx({"left": 1, "right": 1, "bottom": 1, "top": 1})
    assert measures(SQUARE & inside) == pytest.approx({"disk": math.pi})
    assert (SQUARE | outside).boundary("boundary").measure == pytest.approx(4 + math.pi)
    assert measures(SQUARE - outside) == pytest.approx({"left": 1, "right": 1, "bottom": 1, "top": 1})
    assert measures(inside | outside) == pytest.approx({"disk": math.pi, "disk-2": math.pi})


spans = st.lists(st.integers(0, 8), min_size=2, max_size=2, unique=True).map(lambda pair: [k / 8 for k in sorted(pair)])
rectangles = st.tuples(spans, spans)
places = st.integers(-100, 100).map(lambda k: k / 100)
operations = st.sampled_from([operator.or_, operator.and_, operator.sub])
Oracle = shapely.Geometry


def assert_agree(make: Callable[[], Geometry], steps: list[Oracle], tolerance: float, length_tolerance: float) -> None:
    expected = steps[-1]
    if not all(step.area for step in steps):
        with pytest.raises(InputError, match="empty domain"):
            _ = make().measure
        return
    shape = make()
    assert shape.measure == pytest.approx(expected.area, abs=tolerance)
    # Where shapes only touch, shapely keeps the lines and points that they share.
    solid = shapely.union_all([part for part in shapely.get_parts(expected) if part.area])
    assert shape.boundary("boundary").measure == pytest.approx(solid.length, abs=length_tolerance)


@given(
    rectangles,
    st.lists(st.tuples(operations, rectangles), min_size=1, max_size=3),
    st.just(0.0) | st.floats(1e-6, math.pi),
)
def test_rectangles_against_shapely(
    base: tuple[list[float], list[float]],
    more: list[tuple[Callable[..., Any], tuple[list[float], list[float]]]],
    angle: float,
) -> None:
    """Rectangles on a coarse grid share edges and corners all the time; the rotation brings rounding into it."""
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])

    def rotate(rectangle: tuple[list[float], list[float]]) -> Geometry:
        (a, b), (c, d) = rectangle
        return Polygon(np.array([(a, c), (b, c), (b, d), (a, d)]) @ turn)  # type: ignore[arg-type]

    def exact(rectangle: tuple[list[float], list[float]]) -> Oracle:
        (a, b), (c, d) = rectangle
        return shapely.box(a, c, b, d)  # on the grid itself

    def make() -> Geometry:
        return functools.reduce(lambda shape, step: step[0](shape, rotate(step[1])), more, rotate(base))

    results = itertools.accumulate(more, lambda shape, step: step[0](shape, exact(step[1])), initial=exact(base))
    assert_agree(make, list(results), 1e-8, 1e-7)


@given(
    st.lists(
        st.tuples(operations, places, places, st.integers(20, 100).map(lambda k: k / 100), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_disks_and_squares_against_shapely(steps: list[tuple[Callable[..., Any], float, float, float, bool]]) -> None:
    def exact(x: float, y: float, r: float, disk: bool) -> Oracle:
        return shapely.Point(x, y).buffer(r, quad_segs=500) if disk else shapely.box(x, y, x + r, y + r)

    def ours(x: float, y: float, r: float, disk: bool) -> Geometry:
        return Disk((x, y), r) if disk else Rectangle((x, y), (x + r, y + r))

    def make() -> Geometry:
        return functools.reduce(lambda shape, step: step[0](shape, ours(*step[1:])), steps, Disk((0, 0), 1))

    results = itertools.accumulate(
        steps, lambda shape, step: step[0](shape, exact(*step[1:])), initial=exact(0, 0, 1, True)
    )
    expected = list(results)
    assume(not any(0 < step.area < 1e-4 for step in expected))  # that may be what a polygon is short of a disk
    # A polygon of 2,000 corners is 1e-6 short of its circle, and crosses a line that grazes it 1.5e-3 away.
    assert_agree(make, expected, 1e-4, 1e-2)


def test_a_curve_that_was_cut_is_cut_again_at_its_ends() -> None:
    shape = Disk((0, 0), 1) | Disk((0.5, 0), 1) | Rectangle((0, 0.75), (0.375, 1.125))
    arc = 2 * math.pi - 2 * math.acos(0.25)
    assert shape.boundary("disk").measure == pytest.approx(arc - math.asin(0.25), rel=1e-10)
    assert shape.boundary("disk-2").measure == pytest.approx(arc - math.asin(0.25) + math.asin(0.125), rel=1e-10)


def test_names_are_numbered() -> None:
    holes = SQUARE - Disk((0.2, 0.2), 0.1) - Disk((0.8, 0.2), 0.1) - Disk((0.5, 0.8), 0.1, name="big")
    assert holes.boundaries == ("left", "right", "bottom", "top", "disk", "disk-2", "big")
    right_first = Disk((0, 0), 1) | (Disk((3, 0), 1) | Disk((6, 0), 1))
    assert right_first.boundaries == ("disk", "disk-2", "disk-3")
    plates = SQUARE | Rectangle((2, 0), (3, 1)) | Rectangle((4, 0), (5, 1), name="plate")
    assert plates.boundary("rectangle-2").sample(8).points[:, 0].min() == 2
    assert {part.name for part in plates.boundary("plate").parts} == {"left-3", "right-3", "bottom-3", "top-3"}


def test_names_given_by_the_user_win() -> None:
    ring = Disk((0, 0), 2, name="outer") - Disk((0, 0), 1, name="inner")
    assert ring.boundary("outer").measure == pytest.approx(4 * math.pi)
    assert ring.boundary("boundary").measure == pytest.approx(6 * math.pi)


def test_a_boundary_that_is_gone_is_no_name() -> None:
    shape = SQUARE - Rectangle((-1, -1), (0.5, 2))
    assert shape.boundaries == ("right", "bottom", "top", "right-2")
    for gone in ("left", "top-2"):
        with pytest.raises(InputError, match=f"boundary '{gone}' bounds nothing any more"):
            shape.boundary(gone)
    # Numbers depend on what was combined, not on what is left of it.
    assert (shape | Rectangle((0.8, 0.8), (2, 2))).boundaries[-4:] == ("left-3", "right-3", "bottom-3", "top-3")


def test_faces_are_kept_only_where_hard_conditions_may_use_them() -> None:
    hole = SQUARE - Disk((0.5, 0.5), 0.25)
    assert hole.boundary("left").face == Face(0, 0.0, 0)
    assert (SQUARE - Disk((0, 0), 0.25)).boundary("left").face is None  # not whole
    assert (SQUARE - Rectangle((0.4, 0.4), (0.6, 0.6))).boundary("left-2").face is None  # of a hole
    union = SQUARE | RIGHT
    assert union.boundary("left").face == Face(0, 0.0, 0)
    assert union.boundary("top").face is None  # the plane cuts the other shape
    beside = SQUARE | Rectangle((1, 0), (2, 1))
    assert beside.boundary("bottom").face is None  # the plane holds another boundary too


def test_three_dimensions() -> None:
    shape = Box((0, 0, 0), (1, 1, 1)) - Box((0.5, 0.5, 0.5), (2, 2, 2))
    assert shape.measure == pytest.approx(0.875, abs=1e-3)
    assert shape.boundary("right").measure == pytest.approx(0.75, abs=2e-3)
    assert shape.boundary("left-2").measure == pytest.approx(0.25, abs=2e-3)
    assert np.all(shape.boundary("left-2").sample(9).normals == [1, 0, 0])
    assert shape.boundary("bottom").face == Face(1, 0.0, 0)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SQUARE & RIGHT,
        lambda: SQUARE & Rectangle((3, 3), (4, 4)),
        lambda: (SQUARE - SQUARE).measure,
        lambda: (SQUARE - Disk((0.5, 0.5), 2)).sample(4),
        lambda: (SQUARE - Disk((0.5, 0.5), 2)).boundary("left"),
        lambda: (Interval(0, 1) - Interval(-1, 3)).boundaries,
        lambda: (Disk((0, 0), 1) & Disk((1.5, 1.5), 1)).measure,
    ],
)
def test_empty_domains(make: object) -> None:
    with pytest.raises(InputError, match="is an empty domain") as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_different_coordinates() -> None:
    with pytest.raises(InputError, match=r"different coordinates: \(x, y\) - \(x\)"):
        _ = SQUARE - Interval(0, 1)
