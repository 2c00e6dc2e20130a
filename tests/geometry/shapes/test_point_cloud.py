from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Box, Disk, PointCloud, Rectangle, TimeInterval
from kinn.geometry.boundary.scattered import point_measures, proportional_indices

PLATE = Rectangle((0, 0), (2, 1)) - Disk((1, 0.5), 0.25)
INSIDE = PLATE.sample(800)
EDGES = {name: PLATE.boundary(name).sample(100) for name in ("left", "disk")}
CLOUD = PointCloud(INSIDE, {name: (edge.points, 3 * edge.normals) for name, edge in EDGES.items()})


def test_samples_are_points_of_the_cloud() -> None:
    drawn = CLOUD.sample(100)
    assert len(np.unique(drawn, axis=0)) == 100
    assert {tuple(point) for point in drawn} <= {tuple(point) for point in INSIDE}
    assert not np.array_equal(drawn, CLOUD.sample(100, seed=1))
    assert np.array_equal(drawn, CLOUD.sample(100))
    _, counts = np.unique(CLOUD.sample(2000), axis=0, return_counts=True)
    assert counts.min() == 2
    assert counts.max() == 3
    assert np.array_equal(CLOUD.sample(800, method="uniform"), INSIDE)


def test_boundaries() -> None:
    assert CLOUD.boundaries == ("left", "disk")
    samples = CLOUD.boundary("disk").sample(60)
    assert np.allclose(np.linalg.norm(samples.points - (1, 0.5), axis=1), 0.25)
    assert np.allclose(samples.normals, (np.array([1, 0.5]) - samples.points) / 0.25)
    assert CLOUD.boundary("left").measure == pytest.approx(1, rel=0.3)
    assert CLOUD.boundary("disk").measure == pytest.approx(math.pi / 2, rel=0.3)
    everything = CLOUD.boundary("boundary").sample(90)
    assert abs(np.sum(everything.points[:, 0] == 0) - 90 / (1 + math.pi / 2)) < 12
    assert CLOUD.boundary("cloud").measure == CLOUD.boundary("boundary").measure
    with pytest.raises(InputError, match="no smooth distance is known for such a boundary"):
        CLOUD.boundary("left").distance(*INSIDE.T)


def test_measure_is_estimated_or_given() -> None:
    assert CLOUD.measure == pytest.approx(PLATE.measure, rel=0.2)
    assert PointCloud(INSIDE, measure=1.8).measure == 1.8


def uneven(d: int, n: int) -> PointCloud:
    """Return a cloud in the unit cube whose points crowd towards the origin."""
    rng = np.random.default_rng(0)
    box = Box((0.0,) * d, (1.0,) * d)
    edges = {}
    for name in box.boundaries:
        sides = box.boundary(name).sample(max(1, n // 8) if d > 1 else 1)
        edges[name] = (sides.points**2, sides.normals)
    corners = np.array(list(product((0.0, 1.0), repeat=d)))
    edges[box.boundaries[0]] = tuple(
        np.concatenate(pair) for pair in zip(edges[box.boundaries[0]], (corners, corners * 2 - 1), strict=True)
    )
    return PointCloud(rng.random((n, d)) ** 2, edges)


@pytest.mark.parametrize(("d", "n", "rel"), [(1, 60, 1e-9), (2, 600, 3e-3), (3, 3000, 2e-2)])
def test_integrals_do_not_depend_on_how_densely_points_lie(d: int, n: int, rel: float) -> None:
    cloud = uneven(d, n)
    assert cloud.measure == pytest.approx(1.0, rel=rel)
    for seed in (None, 1):
        rule = cloud.quadrature(5, points=500, seed=seed)
        assert rule.measure == pytest.approx(1.0, rel=rel)
        assert rule.weights @ rule.points[:, 0] ** 2 == pytest.approx(1 / 3, rel=2 * rel)
        assert len(rule) >= 500


def test_integrals_over_a_cloud_with_a_hole() -> None:
    rule = CLOUD.quadrature(3)
    exact = PLATE.quadrature(9, points=4000)
    assert rule.measure == pytest.approx(PLATE.measure, rel=0.03)
    assert rule.weights @ rule.points[:, 0] ** 2 == pytest.approx(exact.weights @ exact.points[:, 0] ** 2, rel=0.04)
    alone = PointCloud(np.random.default_rng(0).random((4000, 2)) ** 2, measure=1.0).quadrature(3)
    assert alone.weights @ alone.points[:, 0] == pytest.approx(0.5, rel=0.1)  # 1/3 where all points weigh the same


def test_points_among_those_of_the_cloud_belong_to_it() -> None:
    assert CLOUD.contains(INSIDE).all()
    assert CLOUD.contains(EDGES["disk"].points).all()
    assert CLOUD.contains(PLATE.sample(500, seed=3)).mean() > 0.99
    assert not CLOUD.contains([(1, 0.5), (1.05, 0.55), (3, 0.5), (-0.3, 0)]).any()


def test_over_time_and_in_one_dimension() -> None:
    shape = CLOUD * TimeInterval(0, 2)
    points = shape.sample(300)
    assert {tuple(point) for point in points[:, :2]} <= {tuple(point) for point in INSIDE}
    assert points[:, 2].max() > 1.9
    assert shape.contains(points).all()
    assert shape.boundary("left").sample(20).normals[:, 0] == pytest.approx(-1)
    assert len(shape.boundary("initial").sample(30)) == 30
    line = PointCloud(np.linspace(0.05, 0.95, 10)[:, None], {"ends": ([[0.0], [1.0]], [[-1.0], [1.0]])})
    assert line.coordinates == ("x",)
    assert line.boundary("ends").measure == 2
    assert line.boundary("ends").sample(4).points[:, 0].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(("dim", "size"), [(1, 7.0), (2, 0.5), (3, 2.0)])
def test_cell_sizes_add_up_to_the_measure(dim: int, size: float) -> None:
    """On regular grids, without their edges."""
    n = {1: 200, 2: 40, 3: 14}[dim]
    grid = np.stack(np.meshgrid(*[np.arange(n) * size / n] * dim), axis=-1).reshape(-1, dim)
    inner = ((grid > 0.2 * size) & (grid < 0.8 * size)).all(axis=1)
    assert point_measures(grid, dim)[inner].mean() == pytest.approx((size / n) ** dim, rel=0.35)


def test_picks_follow_sizes() -> None:
    sizes = np.array([1.0, 2.0, 5.0])
    assert np.bincount(proportional_indices(80, sizes, "sobol", 0)).tolist() == [10, 20, 50]
    assert proportional_indices(8, sizes, "uniform", 0).tolist() == [0, 1, 1, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PointCloud([]), r"points of a cloud must be an \(N, d\) array"),
        (lambda: PointCloud(np.zeros((0, 2))), r"N and d at least 1, got shape \(0, 2\)"),
        (lambda: PointCloud([[0, math.nan]]), "points of a cloud must be finite"),
        (lambda: PointCloud([["a", "b"]]), "array of numbers"),
        (lambda: PointCloud(INSIDE, {"left": INSIDE}), "boundary 'left' of a cloud needs a pair"),
        (
            lambda: PointCloud(INSIDE, {"left": (INSIDE, INSIDE[:5])}),
            r"points of shape \(800, 2\) and normals of shape",
        ),
        (lambda: PointCloud(INSIDE, {"a": (np.ones((2, 3)), np.ones((2, 3)))}), "cloud in 2 dimensions"),
        (lambda: PointCloud(INSIDE, {"a": ([[0, 0]], [[0, 0]])}), "normal of no length, at point 0"),
        (lambda: PointCloud(INSIDE, {"": ([[0, 0]], [[0, 1]])}), "name of a boundary must be a non-empty"),
        (lambda: PointCloud(INSIDE, measure=-1), "measure of a cloud must be positive"),
        (lambda: (CLOUD | PLATE).boundaries, "cannot be combined with other shapes"),
        (lambda: CLOUD.boundary("right"), "no boundary named 'right'"),
    ],
)
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
