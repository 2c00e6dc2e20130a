from __future__ import annotations

from math import pi

import numpy as np
import pytest
import torch

from kinn.problems.disk_compression import MATERIAL, make_problem


def stress_at(angle: float, points: np.ndarray) -> np.ndarray:
    """Return the stresses xx, yy and xy (3, N) at points (N, 2)."""
    problem = make_problem(angle)
    assert problem.exact is not None
    (xx, xy), (_, yy) = MATERIAL.stress(problem.exact(*problem.points(torch.as_tensor(points)).coordinates))
    return np.array([torch.as_tensor(s.value).numpy() for s in (xx, yy, xy)])


@pytest.mark.parametrize("angle", [0.1, pi / 12, 1.2])
def test_stress_along_the_pressed_diameter_is_hondros(angle: float) -> None:
    r = np.array([0.0, 0.3, 0.8, 0.99])
    share = (1 - r**2) * np.sin(2 * angle) / (1 - 2 * r**2 * np.cos(2 * angle) + r**4)
    turn = np.arctan((1 + r**2) / (1 - r**2) * np.tan(angle))
    xx, yy, xy = stress_at(angle, np.column_stack([0 * r, r]))
    np.testing.assert_allclose(xx, 2 / pi * (share - turn), atol=1e-12)
    np.testing.assert_allclose(yy, -2 / pi * (share + turn), atol=1e-12)
    np.testing.assert_allclose(xy, 0.0, atol=1e-12)


def test_narrow_jaws_split_the_disk_as_two_forces_do() -> None:
    # the force is 2 b p: it pulls with P / pi across the diameter, and presses with 3 P / pi at the centre
    xx, yy, _ = stress_at(0.05, np.zeros((1, 2)))[:, 0]
    assert xx == pytest.approx(2 * 0.05 / pi, rel=1e-2)
    assert yy == pytest.approx(-3 * 2 * 0.05 / pi, rel=1e-2)


def test_domain_is_a_quarter_of_the_disk() -> None:
    problem = make_problem()
    (geometry,) = problem.subdomains.values()
    assert geometry.measure == pytest.approx(pi / 4)
    assert geometry.boundary("jaw").measure == pytest.approx(pi / 12)
