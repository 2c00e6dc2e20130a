"""Quadratures of meshes with many elements: as many points as are asked for, not as elements take."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from kinn.geometry import Mesh, Rectangle
from kinn.geometry.meshes.blocks import neighbour_order

EXACT = (np.e - 1) * np.sin(3) / 3 / 3


def bricks(cells: int, tetrahedra: bool) -> Mesh:
    """Unit cube, elements smaller towards the origin."""
    along = np.linspace(0, 1, cells + 1) ** 2
    points = np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1).reshape(-1, 3)
    place = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    step = np.array([(cells + 1) ** 2, cells + 1, 1])
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    nodes = np.column_stack([(place + corner) @ step for corner in np.array(corners)])
    if not tetrahedra:
        return Mesh(points, {"hexahedron": nodes})
    around = [1, 2, 3, 7, 4, 5, 1]
    return Mesh(points, {"tetra": np.concatenate([nodes[:, [0, a, b, 6]] for a, b in itertools.pairwise(around)])})


def integrand(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(x[:, 0]) * np.cos(3 * x[:, 1]) * x[:, 2] ** 2)


@pytest.mark.parametrize("tetrahedra", [True, False])
@pytest.mark.parametrize("seed", [None, 5])
def test_errors_fall_with_the_points_that_are_allowed(tetrahedra: bool, seed: int | None) -> None:
    mesh = bricks(8, tetrahedra)
    errors = []
    for most in (256, 4096, 200_000):
        rule = mesh.limited_quadrature(7, most, points=100, seed=seed)
        assert len(rule) <= most
        assert rule.measure == pytest.approx(1.0, rel=1e-12)
        assert rule.weights.min() > 0
        errors.append(abs(rule.weights @ integrand(rule.points) - EXACT))
    assert errors[0] < 0.1
    assert errors[1] < 0.01
    assert errors[2] < 1e-6


def test_full_orders_are_kept_where_points_allow_them() -> None:
    mesh = bricks(2, False)
    full, limited = mesh.quadrature(7), mesh.limited_quadrature(7, 1000, points=1)
    np.testing.assert_array_equal(full.points, limited.points)
    shape = Rectangle((0, 0), (1, 2))
    np.testing.assert_array_equal(
        shape.quadrature(7, points=50).points, shape.limited_quadrature(7, 4, points=50).points
    )


def test_neighbours_follow_each_other() -> None:
    points = np.exp(3 * np.random.default_rng(0).random((4000, 2)))
    order = neighbour_order(points)
    assert sorted(order) == list(range(4000))
    along = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert np.mean(along) < 0.1 * np.mean(np.linalg.norm(np.diff(points, axis=0), axis=1))
