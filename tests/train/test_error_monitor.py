"""Errors on the way: those of the parameters at hand, ever more seldom, and without counting as training."""

from __future__ import annotations

import json

import pytest
import torch

import kinn
from kinn import MLP, problems
from kinn.forms import DomainTrial
from kinn.metrics import field_errors
from kinn.train.callbacks import Callback
from kinn.train.error_monitor import INTERVAL_GROWTH, ErrorMonitor


def test_the_errors_are_those_of_the_parameters_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinn.train.error_monitor.MONITOR_COST_FACTOR", 0.0)
    trial = DomainTrial(problems.get("poisson-1d"), MLP((4,)))
    monitor = ErrorMonitor(trial)
    theta = torch.linspace(-1, 1, trial.parameter_count, dtype=torch.float64)
    measured = monitor.measure(theta, 1.0)
    trial.flat.set(theta)
    assert measured == {"u": pytest.approx(field_errors(trial)["u"].l2, rel=1e-12)}
    assert monitor.measure(theta, 1.0 * INTERVAL_GROWTH * 0.99) == {}
    assert monitor.measure(theta, 1.0 * INTERVAL_GROWTH * 1.01) == measured


def test_a_problem_whose_solution_is_unknown_has_none() -> None:
    problem = kinn.Problem(
        "unknown", kinn.Interval(0, 1), strong=lambda u, p: u.xx - u**3 + 1,
        conditions=[kinn.Dirichlet("u", 0.0, on="boundary")],
    )  # fmt: skip
    trial = DomainTrial(problem, MLP((4,)))
    assert ErrorMonitor(trial).measure(trial.flat.get(), 1.0) == {}


def test_a_solve_records_them_and_comes_to_the_same_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problems.get("poisson-1d")
    watched = kinn.solve(problem, MLP((12,)), points=200, iterations=40)
    first = watched.history[0].errors["u"]
    assert 0 < watched.errors["u"].l2 < 0.5 * first
    assert json.loads(json.dumps(watched.history[0].errors)) == {"u": first}
    monkeypatch.setattr("kinn.train.stages.ErrorMonitor", lambda _: Callback())
    alone = kinn.solve(problem, MLP((12,)), points=200, iterations=40)
    assert not any(record.errors for record in alone.history)
    assert torch.equal(alone.fields.flat.get(), watched.fields.flat.get())


def test_windows_have_no_errors_of_the_whole_on_the_way() -> None:
    problem = problems.get("heat-multifrequency")
    sliced = kinn.solve(problem, MLP((4,)), points=60, iterations=4, time_windows=2)
    assert not any(record.errors for record in sliced.history)
