"""Rules on simplices, circles and latitudes."""

from __future__ import annotations

from itertools import product
from math import factorial, gamma, pi, prod

import numpy as np
import pytest

from kinn.geometry.quadrature.reference_cells import Circle, Factor, Latitude, Simplex


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("cuts", [1, 2, 3])
@pytest.mark.parametrize("order", [0, 1, 2, 5])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_simplex_integrates_polynomials(n: int, order: int, cuts: int, seed: int | None) -> None:
    simplex = Simplex(n)
    rng = None if seed is None else np.random.default_rng(seed)
    points, weights = simplex.rule(order, cuts, rng)
    assert len(points) == simplex.size(order, np.array([cuts]), seed is not None)[0]
    assert (weights > 0).all()
    assert (points > 0).all()
    assert (points.sum(axis=1) < 1).all()
    for powers in product(range(order + 1), repeat=n):
        if sum(powers) <= order:
            exact = prod(factorial(p) for p in powers) / factorial(n + sum(powers))  # Dirichlet's integral
            assert weights @ np.prod(points ** np.array(powers), axis=1) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("seed", [None, 1])
def test_circle_integrates_trigonometric_polynomials(seed: int | None) -> None:
    rng = None if seed is None else np.random.default_rng(seed)
    points, weights = Circle().rule(6, 1, rng)
    for k in range(7):
        assert weights @ np.exp(2j * pi * k * points[:, 0]) == pytest.approx(float(k == 0), abs=1e-14)


@pytest.mark.parametrize("n", [3, 4, 5])
def test_latitude_integrates_powers_of_the_height(n: int) -> None:
    points, weights = Latitude(n).rule(5, 2, None)
    for k in range(0, 6, 2):
        exact = gamma((k + 1) / 2) * gamma((n - 1) / 2) / gamma((k + n) / 2)  # the beta function
        assert weights @ points[:, 0] ** k == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("factor", [Simplex(1), Circle(), Latitude(3)])
def test_points_are_elsewhere_for_another_seed(factor: Factor) -> None:
    rules = [factor.rule(3, 2, np.random.default_rng(seed))[0] for seed in (0, 1)]
    assert np.min(np.abs(rules[0] - rules[1].T)) > 1e-6
