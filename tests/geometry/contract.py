"""What every shape guarantees: the class that the tests of shapes inherit, a user's own shape included."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from kinn.errors import InputError
from kinn.fields import Field, Points
from kinn.geometry import METHODS, Boundary, Geometry


@functools.cache
def candidates(shape: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Random points of the bounding box, and which of them lie inside."""
    box = np.random.default_rng(0).uniform(*shape.bounds, (40_000, shape.dim))
    return box, shape.contains(box)


def boundaries(shape: Geometry) -> list[Boundary]:
    return [shape.boundary(name) for name in (*shape.boundaries, "boundary")]


def on_fields(distance: Any, shape: Geometry, x: np.ndarray) -> Field:
    field = distance(*Points(shape.coordinates, torch.as_tensor(x)).coordinates)
    assert isinstance(field, Field)
    return field


def component(field: Field, n: int, *axes: int) -> np.ndarray:
    index = tuple(axes.count(axis) for axis in range(field.dimension))
    return np.broadcast_to(np.asarray(field[index], dtype=float), (n,))


def gradient(field: Field, n: int) -> np.ndarray:
    return np.column_stack([component(field, n, axis) for axis in range(field.dimension)])


class ShapeContract:
    """Tests of the shapes `shapes`, and of those that `scaled` constructs with all lengths multiplied by a unit."""

    shapes: ClassVar[Mapping[str, Geometry]] = {}
    scaled: ClassVar[Mapping[str, Callable[[float], Geometry]]] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for argument, values in (("shape", self.shapes), ("build", self.scaled)):
            if argument in metafunc.fixturenames:
                metafunc.parametrize(argument, list(values.values()), ids=list(values))

    @pytest.mark.parametrize("method", METHODS)
    def test_samples_lie_inside(self, shape: Geometry, method: str) -> None:
        points = shape.sample(77, method=method)
        assert points.shape == (77, shape.dim)
        assert points.dtype == np.float64
        assert shape.contains(points).all()
        lower, upper = shape.bounds
        assert (points >= lower).all()
        assert (points <= upper).all()

    @pytest.mark.parametrize("method", METHODS)
    def test_samples_fill_the_shape_evenly(self, shape: Geometry, method: str) -> None:
        """The mean of the points tends to the centroid, which a long independent sample estimates."""
        lower, upper = shape.bounds
        box, inside = candidates(shape)
        centroid = box[inside].mean(axis=0)
        mean = shape.sample(1500, method=method).mean(axis=0)
        assert np.allclose((mean - centroid) / (upper - lower), 0, atol=0.03)

    def test_measure_agrees_with_the_share_of_the_bounding_box(self, shape: Geometry) -> None:
        lower, upper = shape.bounds
        box, inside = candidates(shape)
        share = inside.mean()
        deviation = max(np.sqrt(share * (1 - share) / len(box)), 1e-6)
        assert abs(shape.measure / np.prod(upper - lower) - share) < 4 * deviation

    @pytest.mark.parametrize("method", METHODS)
    def test_boundary_points_separate_inside_from_outside(self, shape: Geometry, method: str) -> None:
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

    def test_divergence_theorem(self, shape: Geometry) -> None:
        """The integral of x . n over the whole boundary is d times the measure: no part is missing, none is twice there."""
        total = 0.0
        for name in shape.boundaries:
            boundary = shape.boundary(name)
            samples = boundary.sample(2000)
            total += boundary.measure * np.mean(np.sum(samples.points * samples.normals, axis=1))
        assert total == pytest.approx(shape.dim * shape.measure, rel=1e-2)

    def test_level_never_exceeds_the_distance(self, shape: Geometry) -> None:
        lower, upper = shape.bounds
        a, b = np.random.default_rng(2).uniform(2 * lower - upper, 2 * upper - lower, (2, 2000, shape.dim))
        b = a + (b - a) * np.random.default_rng(3).random((len(a), 1))
        slope = np.abs(shape.level(a) - shape.level(b)) / np.linalg.norm(a - b, axis=1)
        assert slope.max() <= 1 + 1e-9

    @pytest.mark.parametrize("method", METHODS)
    def test_a_seed_gives_the_same_points_and_another_one_others(self, shape: Geometry, method: str) -> None:
        first, again, other = (shape.sample(9, method=method, seed=seed) for seed in (3, 3, 4))
        assert np.array_equal(first, again)
        assert np.array_equal(first, other) == (method == "uniform")
        on = shape.boundary("boundary")
        assert np.array_equal(on.sample(9, method=method, seed=3).points, on.sample(9, method=method, seed=3).points)

    def test_boundary_groups(self, shape: Geometry) -> None:
        everything = [part.name for part in shape.boundary("boundary").parts]
        assert [
            name for name in shape.boundaries if name not in {"initial", "final"} or "x" not in shape.coordinates
        ] == [*dict.fromkeys(everything)]
        assert {part.name for part in shape.boundary("outer").parts} <= set(everything)

    def test_unknown_boundary_names_the_nearest(self, shape: Geometry) -> None:
        wrong = shape.boundaries[0] + "x"
        with pytest.raises(InputError, match=f"no boundary named '{wrong}'; did you mean '{shape.boundaries[0]}'"):
            shape.boundary(wrong)

    def test_bad_requests_are_one_line(self, shape: Geometry) -> None:
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

    def test_a_point_outside_the_bounds_is_outside(self, shape: Geometry) -> None:
        lower, upper = shape.bounds
        outside = np.stack([lower - 0.01, upper + 0.01])
        assert not shape.contains(outside).any()

    @pytest.mark.parametrize("seed", [None, 5])
    def test_rules_lie_inside_and_sum_to_the_measure(self, shape: Geometry, seed: int | None) -> None:
        rule = shape.quadrature(3, points=1500, seed=seed)
        assert len(rule) >= 1500
        assert (rule.weights > 0).all()
        assert shape.contains(rule.points).all()
        assert rule.measure == pytest.approx(shape.measure, rel=1e-12)
        assert rule.normals is None

    def test_boundary_rules_lie_on_it_and_sum_to_its_measure(self, shape: Geometry) -> None:
        for name in shape.boundaries:
            boundary = shape.boundary(name)
            rule = boundary.quadrature(3, points=200)
            assert (rule.weights > 0).all()
            assert np.max(np.abs(shape.level(rule.points))) <= 1e-9
            assert rule.measure == pytest.approx(boundary.measure, rel=1e-12)
            assert rule.normals is not None
            assert np.allclose(np.linalg.norm(rule.normals, axis=1), 1)

    def test_orders_agree_on_the_centroid(self, shape: Geometry) -> None:
        low, high = (shape.quadrature(order, points=1500) for order in (1, 6))
        lower, upper = shape.bounds
        centroids = [rule.weights @ rule.points / rule.measure for rule in (low, high)]
        assert np.max(np.abs(np.subtract(*centroids)) / (upper - lower)) < 1e-3

    def test_boundary_rules_obey_the_divergence_theorem(self, shape: Geometry) -> None:
        total = 0.0
        for name in shape.boundaries:
            rule = shape.boundary(name).quadrature(6, points=1500)
            assert rule.normals is not None
            total += float(rule.weights @ np.sum(rule.points * rule.normals, axis=1))
        assert total == pytest.approx(shape.dim * shape.measure, rel=1e-2)

    def test_parts_belong_to_the_groups_of_their_labels(self, shape: Geometry) -> None:
        assert shape.boundaries == tuple(dict.fromkeys(part.name for part in shape.parts))
        for part in shape.parts:
            assert part in shape.boundary(str(part.label.owner)).parts
            assert part in shape.boundary(part.name).parts
            assert (part in shape.boundary("boundary").parts) == part.label.lateral

    def test_a_translated_copy_keeps_measures_names_and_points(self, shape: Geometry) -> None:
        shift = np.linspace(0.5, 1.5, shape.dim)
        if "t" in shape.coordinates:
            with pytest.raises(InputError, match="only shapes in space are moved"):
                shape.translated(shift.tolist())
            return
        moved = shape.translated(shift.tolist())
        assert moved.measure == shape.measure
        assert moved.boundaries == shape.boundaries
        np.testing.assert_allclose(moved.sample(20), shape.sample(20) + shift, atol=1e-12)
        box, inside = candidates(shape)
        assert (moved.contains(box[:2000] + shift) == inside[:2000]).mean() > 0.999
        there, here = moved.boundary("boundary").sample(20), shape.boundary("boundary").sample(20)
        np.testing.assert_allclose(there.points, here.points + shift, atol=1e-12)
        np.testing.assert_allclose(there.normals, here.normals, atol=1e-12)

    @pytest.mark.parametrize("unit", [2.0**-20, 2.0**10])
    def test_units_do_not_matter(self, build: Callable[[float], Geometry], unit: float) -> None:
        shape, scaled = build(1.0), build(unit)
        assert scaled.measure == pytest.approx(shape.measure * unit**shape.dim, rel=1e-6)
        np.testing.assert_allclose(scaled.bounds, np.multiply(shape.bounds, unit), rtol=1e-12)
        np.testing.assert_allclose(scaled.sample(30), unit * shape.sample(30), rtol=1e-9, atol=1e-9 * unit)
        on, reference = scaled.boundary("boundary").sample(30), shape.boundary("boundary").sample(30)
        np.testing.assert_allclose(on.points, unit * reference.points, rtol=1e-6, atol=1e-6 * unit)
        np.testing.assert_allclose(on.normals, reference.normals, atol=1e-6)
        rule, other = scaled.quadrature(4, points=100), shape.quadrature(4, points=100)
        np.testing.assert_allclose(rule.weights, other.weights * unit**shape.dim, rtol=1e-6)


class SmoothDistanceContract(ShapeContract):
    """Tests of shapes that know a smooth distance, too."""

    def test_zero_on_the_boundary_with_the_inward_normal_as_gradient(self, shape: Geometry) -> None:
        for boundary in boundaries(shape):
            samples = boundary.sample(60)
            field = on_fields(boundary.distance, shape, samples.points)
            assert field.value.abs().max() < 1e-13 * max(1, shape.size)
            np.testing.assert_allclose(gradient(field, 60), -samples.normals, atol=1e-9)

    def test_positive_inside_with_finite_second_derivatives(self, shape: Geometry) -> None:
        x = shape.sample(200)
        for distance in [boundary.distance for boundary in boundaries(shape)] + [shape.distance]:
            field = on_fields(distance, shape, x)
            assert field.value.min() > 0
            for i in range(shape.dim):
                for j in range(shape.dim):
                    assert np.isfinite(component(field, 200, i, j)).all()

    def test_jets_agree_with_finite_differences_and_with_autograd(self, shape: Geometry) -> None:
        x, step = shape.sample(60), 1e-5 * shape.size
        for boundary in boundaries(shape):
            # where the boundary is at least 1000 steps away, differences are good to 1e-6
            inside = x[boundary.distance(*x.T) > 0.02 * shape.size]
            field = on_fields(boundary.distance, shape, inside)
            first = gradient(field, len(inside))
            for axis, e in enumerate(np.eye(shape.dim)):
                ahead, behind = (boundary.distance(*(inside + sign * step * e).T) for sign in (1, -1))
                np.testing.assert_allclose(first[:, axis], (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-5)
                second = (ahead - 2 * field.value.numpy() + behind) / step**2
                np.testing.assert_allclose(component(field, len(inside), axis, axis), second, rtol=1e-2, atol=1e-2)
            at = torch.tensor(inside, requires_grad=True)
            (slope,) = torch.autograd.grad(boundary.distance(*at.T).sum(), at)
            np.testing.assert_allclose(slope, first, atol=1e-9)

    def test_of_the_order_of_the_true_distance(self, shape: Geometry) -> None:
        """Not only next to the boundary: the whole distance may neither vanish inside nor run away."""
        if shape.dim > 3:
            pytest.skip("too few points on the boundary to find the nearest one")
        x = shape.sample(300)
        everything = Boundary("everything", shape.parts).sample(4000).points
        true = cKDTree(everything).query(x)[0]
        smooth = shape.distance(*x.T)
        far = true > 0.1 * shape.size  # so that the spacing of the points on the boundary does not matter
        assert (smooth[far] > 0.1 * true[far]).all()
        assert (smooth[far] < 4 * true[far]).all()
