"""Estimated errors against true ones: linear and not, hard and soft conditions, several fields, other units."""

from __future__ import annotations

import json
from dataclasses import replace
from math import pi
from pathlib import Path
from typing import Any

import meshio
import numpy as np
import pytest
import torch

import kinn
from kinn import (
    KAN,
    MLP,
    Dirichlet,
    Initial,
    InputError,
    Interval,
    Observation,
    Problem,
    Solution,
    TimeInterval,
    cos,
    sin,
)
from kinn.cli.tables import summary_table
from kinn.forms import DomainTrial, ResidualObjective, strong_form
from kinn.metrics import evaluation_points, exact_values, field_errors
from kinn.networks.corrected import CorrectionFeatures
from kinn.train.corrections import corrected
from kinn.train.error_estimate import estimate_error
from kinn.train.multi_stage import add_correction
from kinn.train.state import HistoryEntry, StopReason, TrainingResult
from tests.train.smooth_problems import cubic, oscillator, poisson


@pytest.mark.parametrize(
    ("problem", "network", "iterations"),
    [
        (poisson(), MLP((10,)), 40),
        (poisson("hard"), MLP((10,)), 6),
        (poisson(), KAN((4,), grid=4), 15),
        (cubic(), MLP((10,)), 40),
        (oscillator(), MLP((8,)), 20),
    ],
    ids=["soft", "hard", "kan", "nonlinear", "two fields"],
)
def test_the_estimate_is_the_error(problem: Problem, network: Any, iterations: int) -> None:
    solution = kinn.solve(problem, network, iterations=iterations)
    assert solution.estimate is not None
    assert solution.estimate.reliable
    for name, errors in solution.errors.items():
        assert solution.estimate.l2[name] == pytest.approx(errors.l2, rel=0.05)
    x = evaluation_points(problem)[::37]
    exact = exact_values(problem, x)
    assert exact is not None
    error = exact[:, 0] - solution(x)[:, 0]
    estimated = solution.estimate.evaluate("u", x)
    assert np.linalg.norm(estimated - error) < 0.05 * np.linalg.norm(error)


def result(trial: DomainTrial, **weights: float) -> TrainingResult:
    """The end of a training of the present parameters."""
    objective = strong_form(trial, points=300, **weights)
    theta = trial.flat.get()
    loss = objective.loss(theta)
    return TrainingResult(
        theta=theta, loss=loss, validation=loss, initial_validation=loss, stopped=StopReason.BUDGET,
        history=(HistoryEntry("lm", 1, 1.0, loss, detail={"work": 1e10}),), seconds=1.0, strategy_states=[], objective=objective,
    )  # fmt: skip


def test_the_unit_of_the_fields_does_not_matter() -> None:
    found = []
    for scale in (1.0, 1e6):
        trial = DomainTrial(poisson(scale=scale), MLP((10,)), seed=3)
        theta = trial.flat.get()
        theta[trial.last_layer()] *= scale
        trial.flat.set(theta)
        estimate = estimate_error(trial, [result(trial)], work=1e10, seed=0, now=lambda: 0.0)
        assert estimate is not None
        assert estimate.l2["u"] == pytest.approx(field_errors(trial)["u"].l2, rel=0.05)
        found.append(estimate.l2["u"])
    assert found[1] == pytest.approx(found[0], rel=1e-3)


def test_a_correction_keeps_the_fields_and_their_hard_conditions() -> None:
    trial = DomainTrial(poisson("hard"), KAN((4,), grid=4), seed=2)
    once = corrected(trial, CorrectionFeatures(20), seed=1, composed=True)
    once.flat.set(torch.randn(once.flat.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    twice = corrected(once, MLP((6,)), seed=2)
    x = evaluation_points(trial.problem)[::97]
    expressions = ["u", "u.x", "u.yy"]
    start = corrected(trial, CorrectionFeatures(20), seed=1, composed=True)
    np.testing.assert_allclose(start.evaluate(x, expressions), trial.evaluate(x, expressions), rtol=1e-12)
    np.testing.assert_allclose(twice.evaluate(x, expressions), once.evaluate(x, expressions), rtol=1e-12)
    assert np.abs(twice.evaluate(x, "u") - trial.evaluate(x, "u")).max() > 1e-2
    edge = np.array([[0.0, 0.3], [1.0, 0.6], [0.2, 1.0]])
    np.testing.assert_allclose(twice.evaluate(edge, "u"), np.sin(2 * edge[:, 0]) * np.sin(3 * edge[:, 1]), atol=1e-13)
    again = corrected(corrected(trial, CorrectionFeatures(20), composed=True), MLP((6,)))
    again.load_state_dict(twice.state_dict())
    np.testing.assert_allclose(again.evaluate(x, expressions), twice.evaluate(x, expressions), rtol=1e-12)


def test_corrections_are_added_while_they_gain() -> None:
    trial = DomainTrial(cubic(), MLP((10,)), seed=3)
    objective = result(trial).objective
    assert isinstance(objective, ResidualObjective)
    errors = [field_errors(trial)["u"].l2]
    for seed in range(4):
        after = add_correction(objective, 40, seed=seed)
        if after is None:
            break
        objective = after
        errors.append(field_errors(objective.trial)["u"].l2)
    assert after is None
    assert errors[0] > 0.1
    assert errors[1] < 1e-6
    assert errors[-1] < 1e-9


def test_the_estimate_is_in_the_summary_the_table_the_figures_and_the_file(tmp_path: Path) -> None:
    solution = kinn.solve(replace(poisson(), exact=None), MLP((6,)), iterations=5)
    assert solution.estimate is not None
    summary = json.loads(json.dumps(solution.summary()))
    assert summary["estimate"]["l2"] == solution.estimate.l2
    cells = [cell for column in summary_table(summary).columns for cell in column.cells]
    assert any(f"l2 estimated {solution.estimate.l2['u']:.2e}" in cell for cell in cells)
    assert {"u", "u-error-estimate"} <= set(solution.plot())
    solution.save_vtu(tmp_path / "u.vtu")
    mesh = meshio.read(tmp_path / "u.vtu")
    expected = np.abs(solution.estimate.evaluate("u", mesh.points[:, :2]))
    inside = np.isfinite(expected)
    np.testing.assert_allclose(mesh.point_data["u error estimate"][inside], expected[inside], rtol=1e-6, atol=1e-9)


def without_estimate(solution: Solution, folder: Path) -> None:
    assert solution.estimate is None
    assert solution.summary()["estimate"] is None
    summary_table(solution.summary())
    assert "u-error-estimate" not in solution.plot()
    solution.save_vtu(folder / "u.vtu")
    assert "u error estimate" not in meshio.read(folder / "u.vtu").point_data


def test_solutions_without_an_estimate(tmp_path: Path) -> None:
    without_estimate(kinn.solve(poisson(), MLP((4,)), iterations=2, estimate=False), tmp_path)
    with pytest.raises(InputError, match="estimate is True or False, not 3"):
        kinn.solve(poisson(), MLP((4,)), estimate=3)


def hard_oscillator() -> Problem:
    return replace(oscillator(), conditions=[Initial("u", 0.0, enforce="hard"), Initial("v", 1.0, enforce="hard")])


def wave() -> Problem:
    """A standing wave, whose initial velocity is zero."""
    return Problem(
        "wave", Interval(0, pi) * TimeInterval(0, 2), strong=lambda u, p: u.tt - u.xx, exact=lambda x, t: sin(x) * cos(t),
        conditions=[
            Initial("u", lambda x, t: sin(x)), Initial("u", 0.0, derivative="t"), Dirichlet("u", 0.0, on="left"), Dirichlet("u", 0.0, on="right"),
        ],
    )  # fmt: skip


@pytest.mark.parametrize("problem", [oscillator(), hard_oscillator(), wave()], ids=["soft", "hard", "wave"])
def test_errors_of_time_windows_propagate(problem: Problem) -> None:
    solution = kinn.solve(problem, MLP((8,)), iterations=15, time_windows=3)
    assert solution.estimate is not None
    for name, errors in solution.errors.items():
        assert solution.estimate.l2[name] == pytest.approx(errors.l2, rel=0.3)
    x = evaluation_points(problem)[::11]
    exact = exact_values(problem, x)
    assert exact is not None
    error = exact[:, 0] - solution(x)[:, 0]
    estimated = solution.estimate.evaluate("u", x)
    assert np.linalg.norm(estimated - error) < 0.1 * np.linalg.norm(error)


def test_oscillations_of_the_fields_are_found() -> None:
    smooth = kinn.solve(poisson(), MLP((10,)), iterations=20).fields
    assert isinstance(smooth, DomainTrial)
    trial = corrected(smooth, CorrectionFeatures(200, frequency=150.0, share=0.0), seed=1, composed=True)
    noise = torch.randn(trial.flat.size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    trial.flat.set(5e-4 * noise)
    estimate = estimate_error(trial, [result(trial)], work=1e12, seed=0, now=lambda: 0.0)
    error = field_errors(trial)["u"].l2
    assert estimate is not None
    assert error > 1.05 * field_errors(smooth)["u"].l2
    assert estimate.l2["u"] == pytest.approx(error, rel=0.05)


def test_the_estimate_of_an_ensemble_is_that_of_the_mean() -> None:
    solution = kinn.solve(poisson(), MLP((8,)), iterations=15, ensemble=2)
    assert solution.estimate is not None
    assert solution.estimate.l2["u"] == pytest.approx(solution.errors["u"].l2, rel=0.05)


def test_a_solve_adds_corrections() -> None:
    plain = kinn.solve(poisson(), MLP((8,)), iterations=30)
    solution = kinn.solve(poisson(), MLP((8,)), iterations=30, corrections=3)
    assert solution.errors["u"].l2 < 1e-4 * plain.errors["u"].l2
    assert solution.parameters > plain.parameters
    assert solution.estimate is not None
    assert solution.loss < 1e-6 * plain.loss
    saved = solution.fields.state_dict()
    assert {name for name in saved if ".frozen." in name}


@pytest.mark.parametrize(("stated", "most"), [({}, [2]), ({"corrections": 0}, []), ({"corrections": 1}, [1])])
def test_a_grown_network_is_corrected_unless_told_otherwise(
    stated: dict[str, int], most: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def recorded(fields: Any, results: Any, count: int, **_: Any) -> tuple[Any, Any]:
        asked.append(count)
        return fields, results

    monkeypatch.setattr("kinn.train.multi_stage.add_corrections", recorded)
    kinn.solve(poisson(), "kan", iterations=1, **stated)
    assert asked == most


def test_a_number_of_corrections_is_not_negative() -> None:
    with pytest.raises(InputError, match="corrections is a whole number of at least 0, not -1"):
        kinn.solve(poisson(), "kan", corrections=-1)


def test_data_alone_have_no_estimate() -> None:
    x = np.linspace(0.0, 1.0, 21)
    problem = Problem("data", Interval(0.0, 1.0), conditions=[Observation("u", x[:, None], np.sin(x))])
    assert kinn.solve(problem, MLP((5,)), iterations=3).estimate is None
