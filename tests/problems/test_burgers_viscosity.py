from __future__ import annotations

import numpy as np
import pytest

from kinn.conditions import Observation
from kinn.problems.burgers_viscosity import TRUE, make_problem, measured_at
from kinn.problems.references import cole_hopf


def least_deviation(x: np.ndarray, t: np.ndarray, noise: float = 0.01) -> float:
    """Return the bound of Cramer and Rao for the relative standard deviation of the viscosity."""
    step = 1e-3 * TRUE
    slope = (cole_hopf.burgers(x, t, TRUE + step) - cole_hopf.burgers(x, t, TRUE - step)) / (2 * step)
    deviation = noise * np.sqrt(np.mean(cole_hopf.burgers(x, t, TRUE) ** 2))
    return float(deviation / np.linalg.norm(slope) / TRUE)


def test_measurements_tell_the_viscosity_as_well_as_is_said() -> None:
    assert least_deviation(*measured_at(500).T) == pytest.approx(0.0024, abs=1e-4)
    x, t = np.random.default_rng(0).uniform([-1, 0], [1, 1], (500, 2)).T
    assert least_deviation(x, t) == pytest.approx(0.01, abs=2e-3)


def test_noise_is_what_is_said_and_another_draw_is_another() -> None:
    first, second = (
        next(c for c in make_problem(draw=draw).conditions if isinstance(c, Observation)) for draw in (0, 1)
    )
    true = cole_hopf.burgers(first.points[:, 0], first.points[:, 1], TRUE)
    assert first.noise == pytest.approx(0.01 * np.sqrt(np.mean(true**2)))
    assert np.std(first.values - true) == pytest.approx(first.noise, rel=0.1)
    assert np.abs(first.values - second.values).max() > first.noise
    clean = next(c for c in make_problem(noise=0.0).conditions if isinstance(c, Observation))
    np.testing.assert_array_equal(clean.values, true)
    assert clean.noise is None
