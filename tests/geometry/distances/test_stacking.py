from __future__ import annotations

from operator import add

import numpy as np
import pytest
import torch

from kinn import Dirichlet, Points, Problem, laplacian
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.hard.distance_ansatz import _weights
from kinn.forms.strong import strong_form
from kinn.geometry import Geometry, Mesh, Polygon, Rectangle, TimeInterval
from kinn.geometry.distances import stacking
from kinn.geometry.distances.stacking import reduce_balanced
from kinn.networks import MLP


def star(sides: int, depth: float = 0.3) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    radius = 1 + depth * np.cos(5 * angle)
    return Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).tolist())


def derivatives(shape: Geometry, x: np.ndarray) -> list[np.ndarray]:
    p = Points(shape.coordinates, torch.as_tensor(x))
    distance = shape.boundary("boundary").distance(*p.coordinates)
    letters = ["x", "y", "xx", "xy", "yy"]
    return [np.asarray(f.value) for f in (distance, *(distance.derivative(which) for which in letters))]


SHAPES = [
    star(40),
    star(40, 0.0),
    star(24) * TimeInterval(0, 1),
    Rectangle((0, 0), (6, 6)) - star(30).translated((3, 3)),
]


@pytest.mark.parametrize("shape", SHAPES, ids=["star", "convex", "in time", "hole"])
def test_distances_together_are_those_one_by_one(shape: Geometry, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, on = shape.sample(60, seed=1), shape.boundary("boundary").sample(20, seed=2).points
    for x in (inside, np.concatenate([inside, on])):
        together = derivatives(shape, x)
        with monkeypatch.context() as patch:
            patch.setattr(stacking, "FEWEST", 10**9)
            single = derivatives(shape, x)
        for a, b in zip(together, single, strict=True):
            np.testing.assert_allclose(a[:60], b[:60], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(together[0][60:], 0.0, atol=1e-12)
        for a, b in zip(together[1:3], single[1:3], strict=True):
            np.testing.assert_allclose(a[60:], b[60:], atol=1e-6)


def test_distances_to_triangles_together() -> None:
    corners = np.array([[0, 0, 0], [2, 0, 0], [0, 1, 0], [0, 0, 3], [1, 1, 1.5]])
    mesh = Mesh(corners, {"tetra": [[0, 1, 2, 3], [1, 2, 3, 4]]})
    x = mesh.sample(50, seed=3)
    boundary = mesh.boundary("boundary")
    arrays = boundary.distance(*x.T)
    assert np.all(arrays > 0)
    tensors = boundary.distance(*torch.as_tensor(x).T)
    np.testing.assert_allclose(tensors.numpy(), arrays, rtol=1e-12)


@pytest.mark.parametrize("depth", [0.0, 0.3])
def test_a_thousand_sides_have_a_hard_condition(depth: float) -> None:
    condition = Dirichlet("u", 0.0, on="boundary", enforce="hard")
    problem = Problem("sides", star(1000, depth), strong=lambda u, p: laplacian(u) + 1, conditions=[condition])
    objective = strong_form(DomainTrial(problem, MLP((4,))), points=64)
    assert np.isfinite(objective.loss(objective.start()))


def test_weights_of_many_data_are_within_the_depth_of_recursion() -> None:
    x = torch.linspace(0.1, 1.0, 5, dtype=torch.float64)
    p = Points("x", x[:, None])
    weights = _weights([p.x * p.x + n / 300 for n in range(300)])
    distances = x[:, None] ** 2 + torch.arange(300, dtype=torch.float64) / 300
    expected = (1 / distances) / (1 / distances).sum(dim=1, keepdim=True)
    slopes = [torch.as_tensor(weights[n].x.value) for n in (0, 299)]
    np.testing.assert_allclose(weights[7].value, expected[:, 7], rtol=1e-8)
    assert all(bool(torch.isfinite(slope).all()) for slope in slopes)


def test_balanced_sums_nest_as_the_logarithm() -> None:
    def depth(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        return add(a[0], b[0]), 1 + max(a[1], b[1])

    assert reduce_balanced(depth, [(n, 0) for n in range(1001)]) == (500500, 10)
    with pytest.raises(IndexError):
        reduce_balanced(add, list[int]())
