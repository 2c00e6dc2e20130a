from __future__ import annotations

import numpy as np
import pytest
import torch

from kinn.mechanics import Solid
from kinn.problem import Problem
from kinn.problems.cantilever_3d import FORCE, SHEAR, YOUNG, make_problem
from kinn.problems.references import flexure


def stress_at(problem: Problem, points: np.ndarray, poisson: float) -> np.ndarray:
    """Return the stress (N, 3, 3) at points (N, 3)."""
    assert problem.exact is not None
    fields = problem.exact(*problem.points(torch.as_tensor(points)).coordinates)
    rows = Solid(YOUNG, poisson).stress(fields)
    columns = [[torch.as_tensor(s.value).expand(len(points)) for s in row] for row in rows]
    return np.moveaxis(np.array([[c.numpy() for c in row] for row in columns]), -1, 0)


def test_harmonic_part_has_its_slopes_on_the_sides() -> None:
    y, z, top, data = flexure.sides(777)
    assert np.abs(flexure.slopes(y, z, top) @ np.concatenate(flexure.coefficients()) - data).max() < flexure.CONVERGED


def test_slopes_are_those_of_the_harmonic_part() -> None:
    y, z = np.array([0.2, -0.4]), np.array([0.1, 0.3])
    step = 1e-6
    along = (flexure.harmonic(y + step, z) - flexure.harmonic(y - step, z)) / (2 * step)
    across = (flexure.harmonic(y, z + step) - flexure.harmonic(y, z - step)) / (2 * step)
    weights = np.concatenate(flexure.coefficients())
    np.testing.assert_allclose(flexure.slopes(y, z, np.array([True, True])) @ weights, along, atol=1e-9)
    np.testing.assert_allclose(flexure.slopes(y, z, np.array([False, False])) @ weights, across, atol=1e-9)


@pytest.mark.parametrize("poisson", [0.0, 0.3])
def test_end_carries_the_force(poisson: float) -> None:
    at, weights = np.polynomial.legendre.leggauss(40)
    y, z = (v.ravel() for v in np.meshgrid(at / 2, at / 2, indexing="ij"))
    stress = stress_at(make_problem(poisson), np.column_stack([np.full_like(y, flexure.LENGTH), y, z]), poisson)
    resultant = np.outer(weights, weights).ravel() / 4 @ stress[:, 0]
    np.testing.assert_allclose(resultant, [0.0, FORCE, 0.0], atol=1e-6)


def test_without_poissons_ratio_the_shear_is_a_parabola() -> None:
    points = np.array([[1.0, y, z] for y in (-0.4, 0.0, 0.25) for z in (-0.3, 0.2)])
    stress = stress_at(make_problem(0.0), points, 0.0)
    np.testing.assert_allclose(stress[:, 0, 1], 1.5 * SHEAR * (1 - 4 * points[:, 1] ** 2), atol=1e-12)
    np.testing.assert_allclose(stress[:, 0, 2], 0.0, atol=1e-12)


def test_shear_is_as_tabulated() -> None:
    # Timoshenko and Goodier, chapter 12: a square section with nu = 1/4, in units of 3 P / (2 A)
    stress = stress_at(make_problem(0.25), np.array([[2.0, 0.0, 0.0], [2.0, 0.0, 0.5]]), 0.25)
    np.testing.assert_allclose(stress[:, 0, 1] / (1.5 * SHEAR), [0.940, 1.126], atol=6e-4)


def test_axis_bends_as_a_beam() -> None:
    exact = make_problem().exact
    assert exact is not None
    tip = exact(*(np.array([v]) for v in (flexure.LENGTH, 0.0, 0.0)))
    assert tip[1][0] == pytest.approx(FORCE * flexure.LENGTH**3 / (3 * YOUNG / 12))
