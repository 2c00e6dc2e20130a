from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn.problems.l_shape_elasticity import MATERIAL, exact, make_problem
from kinn.problems.references import williams


def test_exponent_and_factor_are_as_published() -> None:
    assert pytest.approx(0.544483737, abs=1e-9) == williams.EXPONENT
    assert pytest.approx(0.543075579, abs=1e-9) == williams.FACTOR


def test_mode_opens_the_corner_evenly() -> None:
    upper, lower = (np.concatenate(exact(*np.array(x)[:, None])) for x in ((0.0, 0.5), (0.5, 0.0)))
    np.testing.assert_allclose(upper, lower[::-1])  # mirrored at the diagonal
    assert upper[0] < lower[0]


def test_displacement_goes_as_the_power_of_the_distance() -> None:
    r, t = np.array([1e-6, 1.0]), 4.0
    u, v = exact(r * np.cos(t), r * np.sin(t))
    assert u[0] / u[1] == pytest.approx(1e-6**williams.EXPONENT)
    assert v[0] / v[1] == pytest.approx(1e-6**williams.EXPONENT)


def test_quadrature_gives_the_energy_of_the_mode() -> None:
    problem = make_problem()
    (geometry,) = problem.subdomains.values()

    def energy(n: int) -> float:
        rule = geometry.quadrature(7, points=n, grading=problem.defaults.grading)
        p = problem.points(torch.as_tensor(rule.points))
        return float(torch.as_tensor(rule.weights) @ torch.as_tensor(MATERIAL.energy(exact(*p.coordinates)).value))

    # half the work of the tractions on the given sides
    work = 0.0
    for on in ("top", "left", "bottom", "right"):
        rule = geometry.boundary(on).quadrature(7, points=200)
        p = problem.points(torch.as_tensor(rule.points), torch.as_tensor(rule.normals))
        displacement = exact(*p.coordinates)
        traction = MATERIAL.traction(displacement, p.n)
        density = sum(torch.as_tensor((t * u).value) for t, u in zip(traction, displacement, strict=True))
        work += float(torch.as_tensor(rule.weights) @ density) / 2
    assert energy(5000) == pytest.approx(work, rel=1e-5)
    assert abs(energy(20000) - work) < abs(energy(2000) - work)


def test_networks_see_the_mode_only_where_asked() -> None:
    assert not make_problem().features
    helped = make_problem(features="corner")
    x = np.array([[-0.5, 0.2], [0.3, -0.7]])
    np.testing.assert_allclose([f(*x.T) for f in helped.features_of("domain")], exact(*x.T))
    assert "given" in helped.title
