from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn.problems.biharmonic_plate import LOAD, STIFFNESS, energy, exact, make_problem


def test_deflection_and_moments_of_the_middle_are_as_tabulated() -> None:
    # Timoshenko and Woinowsky-Krieger, table 8: 0.00406 q / D, and 0.0479 q with nu = 0.3
    middle = np.array([0.5]), np.array([0.5])
    assert exact(*middle)[0] == pytest.approx(0.00406235 * LOAD / STIFFNESS, rel=1e-6)
    problem = make_problem()
    p = problem.points(torch.as_tensor([[0.5, 0.5]], dtype=torch.float64))
    for name in ("mxx", "myy"):
        moment = float(torch.as_tensor(problem.derived[name](exact(*p.coordinates), p).value))
        assert moment == pytest.approx(0.0479 * LOAD, rel=1e-3)


def test_corners_are_held_down() -> None:
    # the force 2 m_xy in a corner is 0.065 q
    problem = make_problem()
    p = problem.points(torch.as_tensor([[1.0, 1.0]], dtype=torch.float64))
    moment = float(torch.as_tensor(problem.derived["mxy"](exact(*p.coordinates), p).value))
    assert abs(2 * moment) == pytest.approx(0.065 * LOAD, rel=1e-2)


def test_deflection_is_symmetric() -> None:
    x, y = np.random.default_rng(0).uniform(size=(2, 50))
    for other in (exact(y, x), exact(1 - x, y), exact(x, 1 - y)):
        np.testing.assert_allclose(exact(x, y), other, atol=1e-7)


def test_energy_is_half_the_work_of_the_load() -> None:
    problem = make_problem()
    (geometry,) = problem.subdomains.values()
    rule = geometry.quadrature(9, points=900)
    p = problem.points(torch.as_tensor(rule.points))
    w = exact(*p.coordinates)
    weights = torch.as_tensor(rule.weights)
    stored = float(weights @ torch.as_tensor(energy(w, p).value))
    assert stored == pytest.approx(float(weights @ torch.as_tensor(w.value)) * LOAD / 2, rel=1e-5)
