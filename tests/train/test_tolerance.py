"""A tolerance: training ends once the estimated error is below it, the solution says whether it is, and mistakes are named."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kinn
from kinn import (
    KAN,
    MLP,
    Callback,
    Dirichlet,
    InputError,
    Problem,
    Rectangle,
)
from kinn.arguments import LEAST_TOLERANCES
from kinn.cli.tables import print_solution, summary_table
from kinn.train.error_estimate import ErrorEstimate
from kinn.train.state import StopReason, TrainingState
from tests.train.smooth_problems import cubic, oscillator, poisson

PROBLEMS = [poisson, cubic, oscillator]


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
@pytest.mark.parametrize("network", [KAN((6,), grid=5), MLP((10,))], ids=["kan", "mlp"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_training_ends_at_the_tolerance(problem: Callable[[], Problem], network: Any, tolerance: float) -> None:
    solution = kinn.solve(problem(), network, tolerance=tolerance, budget=30, clock="cpu")
    assert solution.stopped == StopReason.TOLERANCE_MET
    assert solution.converged is True
    assert solution.estimate is not None
    for name, error in solution.errors.items():
        assert solution.estimate.l2[name] <= tolerance
        assert error.l2 < 2 * tolerance
    longer = kinn.solve(problem(), network, iterations=solution.iterations + 5)
    assert longer.iterations > solution.iterations  # without a tolerance training goes on


@pytest.mark.parametrize("network", ["kan", "mlp"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_grown_networks_end_at_the_tolerance(problem: Callable[[], Problem], network: str) -> None:
    solution = kinn.solve(problem(), network, tolerance=1e-3, budget=30, clock="cpu")
    assert solution.converged is True
    assert solution.stopped == StopReason.TOLERANCE_MET
    assert max(error.l2 for error in solution.errors.values()) < 2e-3


def test_what_is_not_reached_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    solution = kinn.solve(poisson(), MLP((3,)), tolerance=1e-9, iterations=20)
    assert solution.converged is False
    assert solution.stopped == StopReason.ITERATIONS
    summary = solution.summary()
    assert (summary["converged"], summary["tolerance"]) == (False, 1e-9)
    print_solution(solution, json=True)
    printed = json.loads(capsys.readouterr().out)
    assert (printed["converged"], printed["tolerance"]) == (False, 1e-9)
    assert printed["estimate"]["l2"]["u"] > 1e-9
    line = rows(solution)["tolerance"]
    assert line.startswith("1e-09, NOT MET: the estimated error is ")
    assert float(line.split(" is ")[1].split(",")[0]) == pytest.approx(printed["estimate"]["l2"]["u"], rel=0.1)


def test_a_budget_that_is_used_up_is_not_convergence() -> None:
    solution = kinn.solve(poisson(), KAN((4,)), tolerance=1e-12, budget=0.5, clock="cpu")
    assert (solution.stopped, solution.converged) == (StopReason.BUDGET, False)


def test_the_table_says_that_a_tolerance_is_met() -> None:
    assert rows(kinn.solve(cubic(), KAN((6,)), tolerance=1e-3, budget=20))["tolerance"] == "0.001, met"


def test_without_a_tolerance_nothing_is_said() -> None:
    solution = kinn.solve(cubic(), KAN((6,)), iterations=5)
    assert solution.converged is None
    assert (solution.summary()["tolerance"], solution.summary()["converged"]) == (None, None)
    assert "tolerance" not in rows(solution)


def rows(solution: kinn.Solution) -> dict[str, str]:
    """Lines of the table of a solution."""
    table = summary_table(solution.summary())
    return dict(zip(*(list(column.cells) for column in table.columns), strict=True))  # type: ignore[arg-type]


def test_every_member_of_an_ensemble_ends_at_the_tolerance() -> None:
    solution = kinn.solve(cubic(), MLP((8,)), tolerance=1e-4, budget=20, ensemble=2)
    assert solution.converged is True
    assert solution.stopped == StopReason.TOLERANCE_MET
    assert solution.errors["u"].l2 < 2e-4


class Interruption(Exception):
    """A kill."""


class Kill(Callback):
    """Kills the solve after some steps."""

    def on_step(self, state: TrainingState) -> None:
        if state.iteration == 25:
            raise Interruption


def test_an_interrupted_solve_ends_at_the_tolerance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kinn.train.checkpoint.EVERY", 0.0)
    monkeypatch.setattr("kinn.train.checkpoint.CHECKPOINT_COST_FACTOR", 0.0)
    options: dict[str, Any] = {"tolerance": 1e-8, "iterations": 300}
    uninterrupted = kinn.solve(cubic(), MLP((10,)), **options)
    with pytest.raises(Interruption):
        kinn.solve(cubic(), MLP((10,)), checkpoint=tmp_path / "state.pt", callbacks=[Kill()], **options)
    resumed = kinn.resume(tmp_path / "state.pt", cubic())
    assert (resumed.stopped, resumed.converged) == (StopReason.TOLERANCE_MET, True)
    assert [e.loss for e in resumed.history] == [e.loss for e in uninterrupted.history]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0}, "tolerance is positive and finite, not 0"),
        ({"tolerance": -1e-3}, "tolerance is positive and finite, not -0.001"),
        ({"tolerance": float("nan")}, "tolerance is positive and finite, not nan"),
        ({"tolerance": float("inf")}, "tolerance is positive and finite, not inf"),
        ({"tolerance": "small"}, "tolerance is positive and finite, not 'small'"),
        ({"tolerance": 1e-16}, "tolerance is at least 1e-13 in float64, not 1e-16"),
        (
            {"tolerance": 1e-7, "dtype": "float32"},
            "tolerance is at least 1e-05 in float32, not 1e-07: take dtype='float64'",
        ),
        (
            {"tolerance": 1e-3, "estimate": False},
            "a tolerance is checked by the estimated error: leave out estimate=False",
        ),
        (
            {"tolerance": 1e-3, "time_windows": 2},
            "a tolerance is checked while the network of all time is trained: leave out time_windows or the tolerance",
        ),
    ],
)
def test_mistakes_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        kinn.solve(oscillator(), "kan", **options)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_least_tolerances_are_those_of_rounding() -> None:
    assert set(LEAST_TOLERANCES) == {"float64", "float32"}
    solution = kinn.solve(poisson(), "mlp", tolerance=1e-12, budget=20, clock="cpu")
    assert solution.converged is True


@pytest.mark.parametrize(
    ("ratio", "residual", "error", "uncertainty", "met"),
    [
        (0.1, 1e-3, 0.9e-3, 0.9, True),
        (0.1, 1e-3, 1.1e-3, 0.1, False),
        (0.6, 1e-3, 0.9e-3, 0.9, False),  # not reliable
        (0.6, 1e-3, 3e-5, 0.9, True),  # by a margin of more than 30
        (0.6, 1e-3, 0.9e-3, 0.2, True),  # two spaces and either half of the points tell the same
        (0.95, 1e-3, 1e-6, 0.2, False),  # nothing is explained
        (0.95, 1e-8, 0.9e-3, 0.9, True),  # the residual is negligible
        (1.0, 1e-12, 0.9e-3, math.inf, True),  # the residual is rounding
        (0.6, math.inf, 3e-5, math.inf, False),  # an energy whose multipliers have not converged
    ],
)
def test_estimates_meet_a_tolerance_as_far_as_they_can_be_trusted(
    ratio: float, residual: float, error: float, uncertainty: float, met: bool
) -> None:
    estimate = ErrorEstimate({"u": error, "v": error / 2}, ratio, residual, 0.0, None, uncertainty)  # type: ignore[arg-type]
    assert estimate.meets(1e-3) is met


def test_fields_without_a_scale_are_named() -> None:
    silent = Problem(
        "silent", Rectangle((0, 0), (1, 1)), strong=lambda u, p: u.xx + u.yy,
        conditions=[Dirichlet("u", 0.0, on="boundary")],
    )  # fmt: skip
    with pytest.raises(InputError) as error:
        kinn.solve(silent, "kan", tolerance=1e-3, budget=2)
    assert "the scale of 'u' cannot be told from problem 'silent': all its data are zero" in str(error.value)
    assert "\n" not in str(error.value)
