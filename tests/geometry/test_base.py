"""What every shape promises, held for every primitive and for combinations of them."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import METHODS, Geometry
from tests.geometry.examples import SHAPES, SQUARE


@pytest.fixture(params=SHAPES)
def shape(request: pytest.FixtureRequest) -> Geometry:
    return SHAPES[request.param]


@functools.cache
def candidates(shape: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Random points of the bounding box, and which of them lie inside."""
    box = np.random.default_rng(0).uniform(*shape.bounds, (40_000, shape.dim))
    return box, shape.contains(box)


@pytest.mark.parametrize("method", METHODS)
def test_samples_lie_inside(shape: Geometry, method: str) -> None:
    points = shape.sample(77, method=method)
    assert points.shape == (77, shape.dim)
    assert points.dtype == np.float64
    assert shape.contains(points).all()
    lower, upper = shape.bounds
    assert (points >= lower).all()
    assert (points <= upper).all()


@pytest.mark.parametrize("method", METHODS)
def test_samples_fill_the_shape_evenly(shape: Geometry, method: str) -> None:
    """The mean of the points tends to the centroid, which a long independent sample estimates."""
    lower, upper = shape.bounds
    box, inside = candidates(shape)
    centroid = box[inside].mean(axis=0)
    mean = shape.sample(1500, method=method).mean(axis=0)
    assert np.allclose((mean - centroid) / (upper - lower), 0, atol=0.03)


def test_measure_agrees_with_the_share_of_the_bounding_box(shape: Geometry) -> None:
    lower, upper = shape.bounds
    box, inside = candidates(shape)
    share = inside.mean()
    deviation = max(np.sqrt(share * (1 - share) / len(box)), 1e-6)
    assert abs(shape.measure / np.prod(upper - lower) - share) < 4 * deviation


@pytest.mark.parametrize("method", METHODS)
def test_boundary_points_separate_inside_from_outside(shape: Geometry, method: str) -> None:
    for name in shape.boundaries:
        boundary = shape.boundary(name)
        samples = boundary.sample(40, method=method)
        assert len(samples) == 40
        assert samples.points.shape == samples.normals.shape == (40, shape.dim)
        assert np.allclose(np.linalg.norm(samples.normals, axis=1), 1)
        assert np.allclose(shape.level(samples.points), 0, atol=1e-9)
        assert shape.contains(samples.points).all()
        # Next to a corner a step along the normal may cut it: that happens to few points.
        step = 1e-6 * samples.normals
        assert (shape.level(samples.points + step) > 0).mean() >= 0.95
        assert (shape.level(samples.points - step) < 0).mean() >= 0.95


def test_divergence_theorem(shape: Geometry) -> None:
    """The integral of x . n over the whole boundary is d times the measure: no part is missing, none is twice there."""
    total = 0.0
    for name in shape.boundaries:
        boundary = shape.boundary(name)
        samples = boundary.sample(2000)
        total += boundary.measure * np.mean(np.sum(samples.points * samples.normals, axis=1))
    assert total == pytest.approx(shape.dim * shape.measure, rel=1e-2)


def test_level_never_exceeds_the_distance(shape: Geometry) -> None:
    lower, upper = shape.bounds
    a, b = np.random.default_rng(2).uniform(2 * lower - upper, 2 * upper - lower, (2, 2000, shape.dim))
    b = a + (b - a) * np.random.default_rng(3).random((len(a), 1))
    slope = np.abs(shape.level(a) - shape.level(b)) / np.linalg.norm(a - b, axis=1)
    assert slope.max() <= 1 + 1e-9


@pytest.mark.parametrize("method", METHODS)
def test_a_seed_gives_the_same_points_and_another_one_others(shape: Geometry, method: str) -> None:
    first, again, other = (shape.sample(9, method=method, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert np.array_equal(first, other) == (method == "uniform")
    on = shape.boundary("boundary")
    assert np.array_equal(on.sample(9, method=method, seed=3).points, on.sample(9, method=method, seed=3).points)


def test_boundary_groups(shape: Geometry) -> None:
    everything = [part.name for part in shape.boundary("boundary").parts]
    assert [name for name in shape.boundaries if name not in {"initial", "final"} or "x" not in shape.coordinates] == [
        *dict.fromkeys(everything)
    ]
    assert {part.name for part in shape.boundary("outer").parts} <= set(everything)


def test_unknown_boundary_names_the_nearest(shape: Geometry) -> None:
    wrong = shape.boundaries[0] + "x"
    with pytest.raises(InputError, match=f"no boundary named '{wrong}'; did you mean '{shape.boundaries[0]}'"):
        shape.boundary(wrong)


def test_bad_requests_are_one_line(shape: Geometry) -> None:
    for bad in (0, -1, 2.5, True, "3"):
        with pytest.raises(InputError, match="number of points") as caught:
            shape.sample(bad)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
        with pytest.raises(InputError, match="number of points"):
            shape.boundary("boundary").sample(bad)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="did you mean 'sobol'"):
        shape.sample(5, method="sobl")
    with pytest.raises(InputError, match="seed"):
        shape.sample(5, seed=-1)
    with pytest.raises(InputError, match="array"):
        shape.contains(np.zeros((3, shape.dim + 1)))


def test_a_point_outside_the_bounds_is_outside(shape: Geometry) -> None:
    lower, upper = shape.bounds
    outside = np.stack([lower - 0.01, upper + 0.01])
    assert not shape.contains(outside).any()


def test_coordinates() -> None:
    assert SHAPES["interval"].coordinates == ("x",)
    assert SHAPES["polygon"].coordinates == ("x", "y")
    assert SHAPES["box"].coordinates == ("x", "y", "z")
    assert SHAPES["box-4d"].coordinates == ("x1", "x2", "x3", "x4")
    assert SHAPES["difference-time"].coordinates == ("x", "y", "t")
    assert SHAPES["time"].coordinates == ("t",)


def test_only_shapes_combine() -> None:
    for operation in ("__or__", "__and__", "__sub__", "__mul__"):
        assert getattr(SQUARE, operation)(3) is NotImplemented
