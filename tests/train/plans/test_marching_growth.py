"""Growth that turns to windows of time."""

from __future__ import annotations

import numpy as np
import pytest

import kinn
from kinn import KAN, Initial, Observation, Problem, TimeInterval, Unknown, problems
from kinn.forms import DomainTrial, build_trial
from kinn.train.plans import marching_growth
from kinn.train.plans.marching_growth import can_march
from kinn.train.plans.time_marching import TimeMarchingSolution
from tests.train.plans.problems import heat


def logistic() -> Problem:
    """Return u' = 10 u (1 - u), u(0) = 0.01."""
    return Problem(
        "logistic", TimeInterval(0, 1), strong=lambda u, p: u.t - 10 * u * (1 - u),
        conditions=[Initial("u", 0.01, enforce="hard")], exact=lambda t: 1 / (1 + 99 * np.exp(-10 * t)),
    )  # fmt: skip


def quadratic_decay() -> Problem:
    """Return u' = -u^2, u(0) = 1."""
    return Problem(
        "quadratic-decay", TimeInterval(0, 1), strong=lambda u, p: u.t + u**2,
        conditions=[Initial("u", 1.0, enforce="hard")], exact=lambda t: 1 / (1 + t),
    )  # fmt: skip


def decaying(k: float) -> Problem:
    """Return u' = -k u with an unknown k, observed."""
    t = np.linspace(0, 1, 5)
    return Problem(
        "decaying", TimeInterval(0, 1), strong=lambda u, p: u.t + p.k * u,
        conditions=[Initial("u", 1.0), Observation("u", t, np.exp(-k * t))], unknowns=[Unknown("k", initial=1.0)],
    )  # fmt: skip


@pytest.fixture
def small_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Growth without fixed features from the smallest KANs."""
    monkeypatch.setattr("kinn.train.plans.growth.Growth._fixed_features", lambda *_: None)
    monkeypatch.setattr(KAN, "START_SIZES", ({"width": (4,), "grid": 8},))


def levers(solution: kinn.Solution) -> list[str]:
    """Levers of the stages of a solve, in order."""
    return list(dict.fromkeys(entry.stage.rpartition(" ")[0] for entry in solution.history))


@pytest.mark.parametrize(
    ("problem", "marches"),
    [
        (heat("hard"), True),
        (logistic(), True),
        (problems.get("poisson-2d").in_form("strong"), False),
        (decaying(1.0), False),
    ],
    ids=["heat", "logistic", "no-time", "unknowns"],
)
def test_what_can_march(problem: Problem, marches: bool) -> None:
    trial = build_trial(problem, KAN((2,), 2))
    assert isinstance(trial, DomainTrial)
    assert can_march(problem, trial) == marches


@pytest.mark.usefixtures("small_starts")
def test_windows_follow_where_the_forecast_is_poor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marching_growth, "MARCHED_LOSS", 0.0)
    monkeypatch.setattr(marching_growth.MarchingGrowth, "_is_better", lambda *_: True)
    solution = kinn.solve(logistic(), "kan", budget=6.0, clock="cpu", threads=1)
    assert levers(solution) == ["start 1", "train 2", *[f"window {n}" for n in range(3, 7)]]
    assert isinstance(solution.fields, TimeMarchingSolution)
    assert solution.errors["u"].l2 < 1e-4


@pytest.mark.usefixtures("small_starts")
def test_training_goes_on_where_windows_are_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marching_growth, "MARCHED_LOSS", 0.0)
    monkeypatch.setattr(marching_growth.MarchingGrowth, "_is_better", lambda *_: False)
    solution = kinn.solve(quadratic_decay(), "kan", budget=4.0, clock="cpu", threads=1)
    assert levers(solution)[:5] == ["start 1", "train 2", "window 3", "window 4", "train 5"]
    assert isinstance(solution.fields, DomainTrial)
    assert solution.errors["u"].l2 < 1e-3


@pytest.mark.usefixtures("small_starts")
def test_no_windows_follow_where_the_forecast_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marching_growth, "MARCHED_LOSS", 1.0)
    solution = kinn.solve(quadratic_decay(), "kan", budget=4.0, clock="cpu", threads=1)
    assert not any(lever.startswith("window") for lever in levers(solution))
