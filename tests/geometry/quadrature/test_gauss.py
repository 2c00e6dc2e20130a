"""Gauss rules and the rules next to them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import roots_jacobi

from kinn.geometry.quadrature.reference_cells import gauss_count, gauss_jacobi


@pytest.mark.parametrize(("alpha", "beta"), [(0, 0), (1, 0), (2, 0), (0.5, 0.5), (-0.5, -0.5), (1.5, 3)])
@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_is_the_gauss_jacobi_rule(alpha: float, beta: float, n: int) -> None:
    points, weights = gauss_jacobi(n, alpha, beta)
    reference = roots_jacobi(n, alpha, beta)
    assert np.allclose(points, reference[0], atol=1e-13)
    assert np.allclose(weights, reference[1], atol=1e-13)


@pytest.mark.parametrize("shift", [-1.0, -0.4, 0.9])
@pytest.mark.parametrize("n", [1, 2, 3, 9])
@pytest.mark.parametrize("alpha", [0.0, 2.0])
def test_shifted_rules_lose_one_degree_and_nothing_else(shift: float, n: int, alpha: float) -> None:
    points, weights = gauss_jacobi(n, alpha, 0.0, shift)
    fine, shares = roots_jacobi(40, alpha, 0.0)
    assert (weights > 0).all()
    assert (np.abs(points) < 1).all()
    assert np.min(np.abs(points[:, None] - gauss_jacobi(n, alpha, 0.0)[0])) > 1e-3
    for degree in range(2 * n - 1):
        assert weights @ points**degree == pytest.approx(shares @ fine**degree, abs=1e-12)
    assert abs(weights @ points ** (2 * n - 1) - shares @ fine ** (2 * n - 1)) > 1e-12


def test_number_of_points() -> None:
    assert [gauss_count(order, False) for order in range(5)] == [1, 1, 2, 2, 3]
    assert [gauss_count(order, True) for order in range(5)] == [1, 2, 2, 3, 3]
