from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kinn
from kinn import MLP, Dirichlet, Interval, Observation, Problem, TimeInterval, Unknown
from kinn.errors import ProblemWarning
from kinn.forms import strong_form
from kinn.forms.strong.identification import estimates

T = np.linspace(0, 1, 20)
X = np.linspace(0.1, 0.9, 9)


def solved(problem: Problem, network: Any = None, **options: Any) -> Any:
    return kinn.solve(problem, network or MLP((6,)), points=40, optimizer="lm", estimate=False, **options)


def noisy(values: Any, noise: float) -> Any:
    return values + noise * np.random.default_rng(0).standard_normal(len(values))


def decay(values: Any, noise: float | None, **unknown: Any) -> Problem:
    return Problem(
        "decay", TimeInterval(0, 1), fields="y", strong=lambda y, p: y.t + p.k * y,
        conditions=[Observation("y", T, values, noise=noise)],
        unknowns=[Unknown("k", **{"initial": 0.45, "positive": True, **unknown})],
    )  # fmt: skip


def pulled_rod(stiffness: float, noise: float | None) -> Problem:
    """-E u'' = f with the largest displacement 1, measured with noise of 1 %."""
    force = 8 * stiffness
    return Problem(
        "rod", Interval(0, 1), strong=lambda u, p: p.E * u.xx + force,
        conditions=[
            Dirichlet("u", 0.0, on="boundary"), Observation("u", X, noisy(4 * X * (1 - X), 0.01), noise=noise),
        ],
        unknowns=[Unknown("E", initial=1.0, positive=True)],
    )  # fmt: skip


@pytest.mark.parametrize("size", [1.0, 100.0])
def test_a_constant_that_is_fitted_is_within_its_deviation(size: float) -> None:
    found = solved(decay(size * noisy(np.exp(-1.5 * T), 0.005), 0.005 * size), iterations=60).unknowns["k"]
    assert found.issue is None
    assert abs(found.value - 1.5) < 3 * found.std
    assert found.std < 0.02


@pytest.mark.parametrize(
    ("problem", "issue"),
    [
        (decay(noisy(np.exp(-1.5 * T) + 0.5 * np.sin(6 * T), 0.005), 0.005), "times their stated noise"),
        (decay(noisy(np.exp(-1.5 * T) + 0.5 * np.sin(6 * T), 0.005), None), "neighbouring residuals agree"),
        (decay(noisy(np.exp(-1.5 * T), 0.005), 0.005, bounds=(0, 1)), "times their stated noise"),
        (pulled_rod(7.8e8, 0.01), "times their stated noise"),
        (pulled_rod(7.8e8, None), "neighbouring residuals agree"),
    ],
    ids=["another equation", "unstated noise", "bounds", "far start", "far start, unstated noise"],
)
def test_a_fit_that_misses_the_observations_has_no_deviation(problem: Problem, issue: str) -> None:
    with pytest.warns(ProblemWarning, match=f"gives no standard deviation of its unknown.*{issue}"):
        (found,) = solved(problem, iterations=60).unknowns.values()
    assert found.std == np.inf
    assert issue in found.issue


def test_neither_has_one_that_is_not_at_the_minimum() -> None:
    trial = solved(decay(noisy(np.exp(-1.5 * T), 0.005), 0.005), iterations=60).fields
    objective = strong_form(trial, points=40)
    theta = objective.start()
    assert estimates(objective, theta)["k"].issue is None
    free = trial.flat.slices[trial.unknowns.free]
    theta[free] += np.log(1.03)  # the constant itself is off by 3 %, four standard deviations
    with pytest.warns(ProblemWarning, match="'k': training ended before the minimum"):
        found = estimates(objective, theta)["k"]
    assert found.std == np.inf


def test_neither_has_one_whose_equation_is_not_met() -> None:
    problem = decay(noisy(np.exp(-1.5 * T), 0.05), None)
    with pytest.warns(ProblemWarning, match="'k': the PDE is not met, its residual at validation points"):
        found = solved(problem, MLP((20,)), pde_weight=1e-5, iterations=60).unknowns["k"]
    assert found.std == np.inf


def test_errors_of_training_are_included() -> None:
    """Without noise the deviation of the residuals is far smaller than the error."""
    found = solved(decay(np.exp(-1.5 * T), None), iterations=20).unknowns["k"]
    assert abs(found.value - 1.5) < 3 * found.std
    assert found.std < 1e-2


@pytest.mark.filterwarnings("ignore:.*no observations to find them by")
@pytest.mark.parametrize(
    ("network", "value", "enforce"),
    [(MLP((4,)), 0.0, "soft"), (MLP((6,)), 0.0, "hard"), (MLP((4,)), lambda x: 1 + x, "soft")],
)
def test_collapsed_networks_compensate_no_constant(network: Any, value: Any, enforce: str) -> None:
    """u'' = k on an interval with both ends fixed holds for every k, and where u vanishes the network has no features."""
    problem = Problem(
        "pull", Interval(0, 1), strong=lambda u, p: u.xx - p.k,
        conditions=[Dirichlet("u", value, on="boundary", enforce=enforce)], unknowns=[Unknown("k", initial=1.0)],
    )  # fmt: skip
    with pytest.warns(ProblemWarning, match="does not identify its unknown 'k'"):
        found = solved(problem, network, iterations=60).unknowns["k"]
    assert found.std == np.inf
