"""The strong form of the plate with a hole: where its points are, and what its residual is weighted by."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import kstest

import kinn
from kinn.metrics import exact_values
from kinn.networks import KAN
from kinn.problems.plate_hole import MATERIAL, MEAN_SQUARE, domain, make_problem, residual, strong, towards_the_hole


def test_points_are_even_in_the_angle_and_thin_out_as_the_square_of_the_distance() -> None:
    plate = domain()
    x = towards_the_hole(plate, 4000, 3)
    assert x.shape == (4000, 2)
    assert plate.contains(x).all()
    np.testing.assert_array_equal(x, towards_the_hole(plate, 4000, 3))
    r = np.hypot(*x.T)
    near = r < 20  # beyond, the corner cuts the circles
    assert kstest(np.log(r[near] / 5) / np.log(4), "uniform").pvalue > 0.01
    assert kstest(np.arctan2(*x[near].T) / (np.pi / 2), "uniform").pvalue > 0.01


def test_mean_square_of_the_residual_is_that_over_the_plate() -> None:
    problem = make_problem()
    drawn, rule = towards_the_hole(domain(), 20_000, 0), domain().quadrature(8, points=4000)
    even = rule.weights / rule.weights.sum()

    def squares(at: np.ndarray, function) -> np.ndarray:
        p = problem.points(torch.as_tensor(at))
        return sum(r.value.numpy() ** 2 for r in function(*trial(p), p))

    def trial(p):  # not in balance: the residual varies all over the plate
        s = p.x * p.x + p.y * p.y
        return 1.0 / s, p.x * p.y / s

    weighted = squares(drawn, strong).mean()
    assert weighted == pytest.approx(even @ squares(rule.points, lambda u, v, p: residual(MATERIAL, u, v)), rel=1e-3)
    assert (drawn**2).sum(axis=1).mean() == pytest.approx(MEAN_SQUARE, rel=1e-3)


def test_other_forms_keep_networks_and_spacing_of_their_own() -> None:
    defaults = make_problem().defaults
    assert defaults.networks["kan"] == KAN((12,), 8, 5)
    energy = defaults.of("energy")
    assert energy.networks["kan"] == KAN((8,), 6, 5)
    assert energy.boundary_density == 1.0
    assert energy.points is None


@pytest.mark.slow
def test_displacement_and_stress_are_found() -> None:
    solution = kinn.solve(make_problem(), "kan", clock="cpu", seed=0)
    x = solution.problem.domain.sample(5000, seed=5)
    exact = exact_values(solution.problem, x)
    assert exact is not None
    assert np.linalg.norm(solution(x) - exact) < 5e-4 * np.linalg.norm(exact)
    assert solution.errors["mises"].l2 < 1e-3
