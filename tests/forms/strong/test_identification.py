from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import kinn
from kinn import MLP, Defaults, Initial, Observation, Problem, TimeInterval, Unknown
from kinn.errors import ProblemWarning
from kinn.forms import ResidualObjective, strong_form
from kinn.forms.strong.identification import Estimate, estimates

TIMES = np.linspace(0.1, 1, 30)
NOISE = 0.05


def measured(noise: float, seed: int = 0, stated: bool = True) -> Observation:
    """Measurements of 2 t."""
    errors = noise * np.random.default_rng(seed).normal(size=len(TIMES))
    return Observation("u", TIMES, 2 * TIMES + errors, noise=noise if stated else None)


def fitted(strong: Any, *observations: Observation, unknowns: Any = None) -> ResidualObjective:
    """A straight line from the origin: whatever the network, least squares has a formula."""
    problem = Problem(
        "line", TimeInterval(0, 1), strong=strong,
        conditions=[Initial("u", 0.0, enforce="hard"), *observations],
        unknowns=unknowns or [Unknown("a", initial=1.0, exact=2.0)],
        defaults=Defaults(points=50, pde_weight=100.0),
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ProblemWarning)
        trial = kinn.solve(problem, MLP((4,)), iterations=30).fields
    return strong_form(trial, points=50)  # type: ignore[arg-type]


def estimate(*observations: Observation) -> Estimate:
    objective = fitted(lambda u, p: u.t - p.a, *observations)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return estimates(objective, objective.start())["a"]


def test_standard_deviation_of_a_slope() -> None:
    found = estimate(measured(NOISE))
    theory = NOISE / np.sqrt((TIMES**2).sum())
    assert found.std == pytest.approx(theory, rel=0.02)
    assert found.value == pytest.approx(2.0, abs=4 * theory)
    assert found.error == pytest.approx(abs(found.value - 2) / 2)


def test_noise_that_is_not_stated_shows_in_the_residuals() -> None:
    observed = measured(NOISE, stated=False)
    slope = (observed.values * TIMES).sum() / (TIMES**2).sum()
    shown = np.sqrt(((observed.values - slope * TIMES) ** 2).sum() / (len(TIMES) - 1))
    assert estimate(observed).std == pytest.approx(shown / np.sqrt((TIMES**2).sum()), rel=0.05)


def test_every_measurement_counts_by_its_precision() -> None:
    coarse, fine = measured(NOISE, 1), measured(NOISE / 10, 2)
    weights = [1 / o.noise**2 for o in (coarse, fine)]  # type: ignore[operator]
    best = sum(w * (o.values * TIMES).sum() for w, o in zip(weights, (coarse, fine), strict=True))
    best /= sum(w * (TIMES**2).sum() for w in weights)
    found = estimate(coarse, fine)
    assert found.std == pytest.approx(1 / np.sqrt(sum(weights) * (TIMES**2).sum()), rel=0.02)
    assert found.value == pytest.approx(best, abs=0.2 * found.std)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("strong", "unknowns", "loose", "fixed"),
    [
        (lambda u, p: u.t - p.a * p.b, "ab", "'a', 'b'", ""),
        (lambda u, p: u.t - p.a + 0 * p.b, "ab", "'b'", "a"),
        (lambda u, p: u.t - p.a - p.b + 0 * p.c, "abc", "'a', 'b', 'c'", ""),
    ],
)
def test_what_is_not_identified_is_named(strong: Any, unknowns: str, loose: str, fixed: str) -> None:
    sought = [Unknown(name, initial=1.0 + n, positive=name == "a") for n, name in enumerate(unknowns)]
    objective = fitted(strong, measured(NOISE), unknowns=sought)
    with pytest.warns(ProblemWarning, match=f"does not identify its unknown {loose}:"):
        found = estimates(objective, objective.start())
    for name in unknowns:
        assert np.isfinite(found[name].std or 0.0) == (name in fixed)


def test_without_measurements_a_constant_is_not_identified() -> None:
    objective = fitted(lambda u, p: u.t - p.a)
    with pytest.warns(ProblemWarning, match="does not identify its unknown 'a'"):
        assert estimates(objective, objective.start())["a"].std == float("inf")
