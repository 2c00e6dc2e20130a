"""Collocation points of meshes follow the density of the elements, and their weights make up for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn import Dirichlet, Neumann, Problem, laplacian
from kinn.forms.domain_trial import DomainTrial
from kinn.forms.strong import strong_form
from kinn.geometry import Mesh, Rectangle, TimeInterval
from kinn.networks import MLP

FAR = 100.0


def ring(around: int = 24, layers: int = 16) -> Mesh:
    """Annulus from radius 1 to `FAR`, each layer of triangles larger than the one inside by the same factor."""
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    radius = FAR ** np.linspace(0, 1, layers + 1)
    points = np.concatenate([np.column_stack([r * np.cos(angle), r * np.sin(angle)]) for r in radius])
    i, first = np.arange(around), np.arange(layers)[:, None] * around
    a, b = (first + i).ravel(), (first + (i + 1) % around).ravel()
    triangles = np.concatenate([np.column_stack([a, b, b + around]), np.column_stack([a, b + around, a + around])])
    inner = np.column_stack([i, (i + 1) % around])
    return Mesh(points, {"triangle": triangles}, {"wall": inner, "far": inner + layers * around})


@pytest.mark.parametrize("shape", [ring(), ring() * TimeInterval(0, 2)], ids=["plane", "in time"])
def test_weights_make_integrals_of_points_that_follow_the_elements(shape: Mesh) -> None:
    rule = shape.collocation(2**13, seed=1)
    r = np.hypot(*rule.points[:, :2].T)
    assert rule.measure == pytest.approx(shape.measure, rel=1e-12)
    assert shape.contains(rule.points).all()
    # half of the layers lie within the tenth part of the radius, a hundredth of the area
    assert np.mean(r < 10) == pytest.approx(0.8 * 0.5 + 0.2 * 0.01, abs=0.01)
    exact = shape.quadrature(20)
    for f in (lambda q: 1 / q**2, lambda q: q**2, np.log):
        integral = exact.weights @ f(np.hypot(*exact.points[:, :2].T))
        assert rule.weights @ f(r) == pytest.approx(integral, rel=5e-3)
    assert np.max(rule.weights) / np.mean(rule.weights) < 5.0


def test_points_of_walls_follow_the_faces() -> None:
    mesh = ring()
    rule = mesh.boundary("boundary").collocation(4096, seed=2)
    near = np.hypot(*rule.points.T) < 2
    assert np.mean(near) == pytest.approx(0.5, abs=0.01)
    assert rule.weights[near].sum() == pytest.approx(mesh.boundary("wall").measure, rel=1e-9)
    assert rule.weights[~near].sum() == pytest.approx(mesh.boundary("far").measure, rel=1e-9)
    np.testing.assert_allclose(rule.weights[near] @ rule.normals[near], 0.0, atol=0.02)


def test_the_loss_stays_the_integral() -> None:
    conditions = [Dirichlet("u", lambda x, y: x * x, on="wall"), Neumann("u", lambda x, y: y, on="far")]
    problem = Problem("ring", ring(), strong=lambda u, p: laplacian(u) - 2 + u.x * 0, conditions=conditions)
    trial = DomainTrial(problem, MLP((4,)), seed=2)
    objective = strong_form(trial, points=2**13, pde_weight=1.0)
    assert len(objective.terms[1].blocks[0]) >= 8 * 8  # the wall is a hundredth part of the boundary
    theta = objective.start()
    (squares, *_), factor = objective.squared_residuals(theta), objective.terms[0].factors[0]
    trial.flat.set(theta)
    rule = problem.subdomains["domain"].quadrature(20)
    lap = trial.evaluate(torch.as_tensor(rule.points).numpy(), ["u.xx", "u.yy"]).sum(axis=1)
    integral = rule.weights @ (factor * (lap - 2)) ** 2 / rule.measure
    assert float(squares.mean()) == pytest.approx(integral, rel=2e-2)
    parts = objective.minibatches(4, seed=1)
    assert np.mean([part.value(theta) for part in parts]) == pytest.approx(objective.value(theta), rel=1e-12)


def test_shapes_have_points_of_one_weight() -> None:
    shape = Rectangle((0, 0), (2, 1))
    rule = shape.collocation(50, seed=4)
    np.testing.assert_array_equal(rule.points, shape.sample(50, seed=4))
    np.testing.assert_allclose(rule.weights, 2 / 50)
    along = shape.boundary("boundary").collocation(30, seed=4)
    np.testing.assert_array_equal(along.points, shape.boundary("boundary").sample(30, seed=4).points)
    np.testing.assert_allclose(along.weights, 6 / 30)
