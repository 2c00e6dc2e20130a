"""Stages: trial functions are built once, results keep the objective that was trained, a resumption restores it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kinn
from kinn import MLP, InputError, problems
from kinn.forms import DomainTrial
from tests.train.plans.problems import decay, heat

NETWORK = MLP((6,))


@pytest.mark.parametrize(("options", "count"), [({}, 1), ({"time_windows": 3}, 3), ({"ensemble": 2}, 2)])
def test_each_stage_builds_its_trial_functions_once(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], count: int
) -> None:
    built = []
    initialise = DomainTrial.__init__

    def counted(self: DomainTrial, *args: Any, **keywords: Any) -> None:
        initialise(self, *args, **keywords)
        if self.architecture == NETWORK:  # and not the features that the scales are found by
            built.append(self)

    monkeypatch.setattr(DomainTrial, "__init__", counted)
    # estimates build windows again
    kinn.solve(heat(), NETWORK, points=60, iterations=2 * count, estimate=False, **options)
    assert len(built) == count


def test_the_quadrature_check_is_that_of_the_refined_energy(tmp_path: Path) -> None:
    problem, path = problems.get("hyperelastic-beam"), tmp_path / "state.pt"
    options: dict[str, Any] = {"form": "energy", "points": 60, "optimizer": "lm", "budget": 60.0}
    solution = kinn.solve(problem, MLP((4,)), iterations=60, checkpoint=path, **options)
    assert solution.quadrature is not None
    refinement = max(entry.detail["refinement"] for entry in solution.history)
    coarse = kinn.solve(problem, MLP((4,)), iterations=1, **options).quadrature
    assert coarse is not None
    assert (solution.quadrature.points > coarse.points) == (refinement > 1)
    assert kinn.resume(path, problem).quadrature == solution.quadrature


def test_members_that_were_completed_before_a_resumption_are_restored(tmp_path: Path) -> None:
    path, options = tmp_path / "state.pt", {"form": "energy", "points": 100, "ensemble": 2}
    solution = kinn.solve(problems.get("poisson-2d"), NETWORK, iterations=5, checkpoint=path, **options)
    again = kinn.resume(path, problems.get("poisson-2d"))
    assert again.quadrature == solution.quadrature
    assert again.loss == solution.loss
    assert [(e.stage, e.iteration) for e in again.history] == [(e.stage, e.iteration) for e in solution.history]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"callbacks": kinn.Callback()}, "callbacks is a list of kinn.Callback objects, not <"),
        ({"progress": 3}, "progress is a function of a history entry, not 3"),
        ({"weights": kinn.RAD()}, r"RAD\(.*\) is a value of sampling, not of weights"),
        ({"sampling": kinn.NTK()}, r"NTK\(.*\) is a value of weights, not of sampling"),
        ({"causal": kinn.NTK()}, r"NTK\(.*\) is a value of weights, not of causal"),
    ],
)
def test_values_of_another_option_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kinn.solve(problems.get("poisson-2d"), NETWORK, iterations=1, **options)


def test_what_is_no_callback_or_strategy_is_refused() -> None:
    with pytest.raises(InputError, match="callbacks are kinn.Callback objects, not <class"):
        kinn.solve(decay(), NETWORK, callbacks=[kinn.Callback])
    with pytest.raises(InputError, match="weights takes a strategy or the name of one, not 3"):
        kinn.solve(decay(), NETWORK, weights=3)
    with pytest.raises(InputError, match="sampling takes a strategy or the name of one, not <class"):
        kinn.solve(decay(), NETWORK, sampling=kinn.RAD)
    with pytest.raises(InputError, match="causal takes a strategy or the name of one, not 'yes'"):
        kinn.solve(decay(), NETWORK, causal="yes")
