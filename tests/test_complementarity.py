"""Inequalities as residuals: the function itself, contact at a boundary, and an obstacle against its exact solution."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

import kinn
from kinn import MLP, Dirichlet, Interval, Neumann, Points, Polar, Problem, ResidualCondition, complementarity


def test_zero_where_one_vanishes_and_the_other_is_not_negative() -> None:
    values = np.array([-2.0, -0.5, 0.0, 0.5, 2.0])
    a, b = (x.ravel() for x in np.meshgrid(values, values))
    holds = (a >= 0) & (b >= 0) & (a * b == 0)
    residual = complementarity(a, b)
    np.testing.assert_allclose(residual, a + b - np.hypot(a, b), atol=1e-15)
    np.testing.assert_array_equal(np.abs(residual) < 1e-15, holds)
    np.testing.assert_allclose(complementarity(torch.as_tensor(a), torch.as_tensor(b)), residual, atol=1e-15)
    assert complementarity(3.0, 4.0) == pytest.approx(2.0)


def test_derivatives_are_finite_where_both_vanish() -> None:
    x = torch.tensor([[0.0], [3.0]], dtype=torch.float64)
    p = Points(("x",), x)
    slope = complementarity(p.x, p.x * (4 / 3)).x.value
    torch.testing.assert_close(slope, torch.tensor([7 / 3, 7 / 3 - 5 / 3], dtype=torch.float64))
    a = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(complementarity(a, 0.0 * a).sum(), a)
    assert gradient.item() == 1.0


@pytest.mark.parametrize(("gap", "tip"), [(0.3, 0.3), (0.8, 0.5)])
def test_a_bar_meets_a_wall_or_does_not(gap: float, tip: float) -> None:
    wall = ResidualCondition(lambda u, p: complementarity(gap - u, -u.x), on="right")
    bar = Problem(
        "bar", Interval(0, 1), strong=lambda u, p: u.xx + 1.0, conditions=[Dirichlet("u", 0.0, on="left"), wall]
    )
    solution = kinn.solve(bar, MLP((10,)), iterations=40)
    assert solution.evaluate("u", np.array([[1.0]]))[0] == pytest.approx(tip, abs=1e-3)


def test_a_round_membrane_over_an_obstacle() -> None:
    end = brentq(lambda a: 0.5 - a**2 + 2 * a**2 * np.log(a), 0.05, 0.9)  # of the contact with 1/2 - r^2

    def exact(x: np.ndarray) -> np.ndarray:
        r = x[:, 0]
        return np.where(r < end, 0.5 - r**2, -2 * end**2 * np.log(np.maximum(r, end)))

    problem = Problem(
        "membrane",
        Interval(0, 1).with_coordinates("r"),
        strong=lambda u, p: complementarity(100.0 * (u - 0.5 + p.r**2), -p.r * Polar(p).laplacian(u)),
        conditions=[Dirichlet("u", 0.0, on="right", enforce="hard"), Neumann("u", 0.0, on="left")],
        reference=exact,
    )
    solution = kinn.solve(problem, MLP((12, 12)), points=400, iterations=80)
    assert solution.errors["u"].l2 < 1e-3
