"""Systems of ordinary differential equations: their references, and what short solves of them reach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.special

import kinn
from kinn.problems import advection, pendulum, robertson, van_der_pol
from kinn.problems.references import trajectories
from kinn.problems.references.series import Series


@pytest.mark.parametrize(
    ("make", "degrees", "tolerance"),
    [
        (lambda n: trajectories.pendulum(2.5, 0.0, 10.0, n), 200, 1e-10),
        (lambda n: trajectories.van_der_pol(3.0, 10.0, n), 400, 1e-7),
        (lambda n: trajectories.lotka_volterra((1.5, 1.0, 3.0, 1.0), (1.0, 1.0), 6.0, n), 200, 1e-7),
        (lambda n: trajectories.robertson(-5.0, 5.0, n), 160, 1e-7),
    ],
)
def test_references_have_converged(make: Callable[[int], Series], degrees: int, tolerance: float) -> None:
    fine, coarse = make(degrees), make(3 * degrees // 4)
    axis = fine.axes[0]
    t = np.linspace(axis.lower, axis.upper, 1001)[:, None]
    assert np.abs(fine(t) - coarse(t)).max() < tolerance


def test_the_pendulum_is_an_elliptic_function() -> None:
    t = np.linspace(0.0, 10.0, 101)
    k = np.sin(2.5 / 2)
    sn, *_ = scipy.special.ellipj(scipy.special.ellipk(k**2) - t, k**2)
    reference = pendulum.make_problem().reference
    assert reference is not None
    np.testing.assert_allclose(reference(t[:, None])[:, 0], 2 * np.arcsin(k * sn), atol=1e-9)


def test_robertson_at_the_times_of_the_literature() -> None:
    """y1 and y2 at times 40, 400, 4000 and 40000 (Hindmarsh 1980, the example of LSODE)."""
    at = np.log10([40.0, 400.0, 4e3, 4e4])[:, None]
    y1, y2, y3 = robertson.reference(at).T
    np.testing.assert_allclose(y1, [7.158e-1, 4.505e-1, 1.832e-1, 3.898e-2], rtol=1e-3)
    np.testing.assert_allclose(1e-4 * y2, [9.185e-6, 3.223e-6, 8.942e-7, 1.622e-7], rtol=1e-3)
    np.testing.assert_allclose(y1 + 1e-4 * y2 + y3, 1.0, atol=1e-9)


def test_a_short_solve_of_the_pendulum() -> None:
    solution = kinn.solve(pendulum.make_problem(), "mlp", budget=30, clock="cpu", iterations=200)
    assert solution.errors["theta"].l2 < 1e-4


def test_a_short_solve_in_the_moving_frame() -> None:
    """The wave passes the domain five times; in its own frame the network learns it at once."""
    problem = advection.make_problem(velocity=30.0, frame="moving")
    solution = kinn.solve(problem, "mlp", budget=30, clock="cpu", iterations=60)
    assert solution.errors["u"].l2 < 1e-4


def test_networks_see_the_moving_frame_and_derivatives_are_those_at_rest() -> None:
    problem = advection.make_problem(velocity=7.0, frame="moving")
    trial = kinn.forms.DomainTrial(problem, kinn.MLP((5,)), seed=1)
    x = np.array([[1.0, 0.2], [4.0, 0.9]])
    along = x + np.array([7.0 * 0.1, 0.1])
    # on a characteristic only the time that the network sees changes
    u, slope = trial.evaluate(x, ["u", "u.x"]).T
    step = 1e-6
    right, left = (trial.evaluate(x + np.array([s, 0.0]), "u") for s in (step, -step))
    np.testing.assert_allclose(slope, (right - left) / (2 * step), atol=1e-8)
    aside = x + np.array([0.7, 0.0])
    assert np.abs(trial.evaluate(along, "u") - u).max() < np.abs(trial.evaluate(aside, "u") - u).max()


def test_a_moving_coordinate_that_is_none_is_named() -> None:
    problem = kinn.Problem(
        "p",
        kinn.Interval(0, 1) * kinn.TimeInterval(0, 1),
        strong=lambda u, p: u.t + u.x,
        features=[kinn.MovingCoordinate("y", lambda x, t: x - t)],
    )
    with pytest.raises(kinn.InputError, match="no coordinate named 'y' in problem 'p'"):
        kinn.forms.DomainTrial(problem, kinn.MLP((5,)))


def test_a_coordinate_may_move_without_a_period() -> None:
    """The box of the inputs holds where the points come to lie in the moving frame."""
    problem = kinn.Problem(
        "p",
        kinn.Interval(0, 1) * kinn.TimeInterval(0, 1),
        strong=lambda u, p: u.t + 3 * u.x,
        features=[kinn.MovingCoordinate("x", lambda x, t: x - 3 * t)],
    )
    (low, _), (high, _) = kinn.forms.input_features.InputFeatures(problem, "domain").bounds
    assert low == pytest.approx(-3, abs=0.2)
    assert high == pytest.approx(1, abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("problem", "field", "error"),
    [(van_der_pol.make_problem(), "x", 1e-4), (robertson.make_problem(), "y2", 1e-3)],
)
def test_stiff_solutions(problem: kinn.Problem, field: str, error: float) -> None:
    solution = kinn.solve(problem, "mlp", clock="cpu")
    assert solution.errors[field].l2 < error
