"""The matrix: lists are crossed, zip groups are not, exclusions leave out, and every typo is found at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import kinn
from kinn.config import to_plain
from kinn.errors import InputError
from kinn.experiments.reading import validate_study
from kinn.experiments.sweep import Sweep
from kinn.runs.resolved_run import ResolvedRun
from kinn.runs.run_options import RunOptions
from tests.experiments.conftest import TINY, Specs


def settings(cases: Any, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(spec.config["network"].get(name, spec.config.get(name)) for name in names) for spec in cases]


def test_every_case_is_there_once_and_the_first_seed_of_all_comes_first(specs: Specs) -> None:
    planned = specs(problems=["poisson-1d", "poisson-2d"], networks=["kan", "mlp"], seeds=[4, 7])
    assert [spec.config["seed"] for spec in planned] == [4] * 4 + [7] * 4
    assert len({spec.hash for spec in planned}) == 8


def test_lists_are_crossed_and_groups_are_not(specs: Specs) -> None:
    planned = specs(
        {"sweep": {"points": [40, 50]}, "zip": [{"network.width": [[4], [4, 4]], "dtype": ["float64", "float32"]}]},
        networks=["mlp"], seeds=1,
    )  # fmt: skip
    assert settings(planned, "points", "width", "dtype") == [
        (40, [4], "float64"), (40, [4, 4], "float32"), (50, [4], "float64"), (50, [4, 4], "float32"),
    ]  # fmt: skip


def test_a_setting_goes_to_those_that_have_it(specs: Specs) -> None:
    planned = specs({"sweep": {"network.grid": [4, 6]}}, networks=["kan", "mlp"], seeds=1)
    assert sorted(settings(planned, "name", "grid"), key=str) == [("kan", 4), ("kan", 6), ("mlp", None)]


def test_sizes_are_matched_where_that_is_asked_for(specs: Specs) -> None:
    own = settings(specs(networks=["kan", "mlp"], seeds=1), "name", "width")
    matched = settings(specs(networks=["kan", "mlp"], seeds=1, match="parameters"), "name", "width")
    assert own[0] == matched[0]
    assert own[1] != matched[1]
    kan, mlp = (kinn.KAN, kinn.MLP)
    assert mlp((matched[1][1][0],)).parameter_count(1, 1) == pytest.approx(88, rel=0.1)
    assert kan is not mlp


def test_exclusions_leave_out(specs: Specs) -> None:
    tables = {"sweep": {"points": [40, 50]}, "exclude": [{"seed": 1, "points": 50}, {"network": "kan", "points": 40}]}
    planned = specs(tables, networks=["kan", "mlp"])
    assert settings(planned, "name", "points", "seed") == [
        ("mlp", 40, 0), ("kan", 50, 0), ("mlp", 50, 0), ("mlp", 40, 1),
    ]  # fmt: skip


def test_budgets_go_to_those_that_have_all_values_and_the_last_counts(specs: Specs) -> None:
    tables = {
        "sweep": {"points": [40, 50]},
        "budgets": [{"network": "kan", "seconds": 7}, {"network": "kan", "points": 50, "seconds": 9.5}],
    }
    planned = specs(tables, networks=["kan", "mlp"], seeds=1, budget=3)
    assert settings(planned, "name", "points", "budget") == [
        ("kan", 40, 7), ("mlp", 40, 3), ("kan", 50, 9.5), ("mlp", 50, 3),
    ]  # fmt: skip
    stated = specs({"sweep": {"points": [50]}}, networks=["kan"], seeds=1, budget=9.5)
    assert planned[2].hash == stated[0].hash  # as if the study had said so of all
    same = specs({"sweep": {"budget": [1, 2]}, "budgets": [{"network": "mlp", "seconds": 5}]}, seeds=1)
    assert [spec.config["budget"] for spec in same] == [5]


def test_a_case_gives_back_the_solve_that_it_came_from(specs: Specs) -> None:
    (spec,) = specs(
        problems=[{"name": "crack", "features": "tip"}], seeds=1, weights="ntk", time_windows=1, pde_weight=0.3
    )
    work = ResolvedRun.from_config(spec.config, spec.origin, RunOptions.from_config(spec.config, Path(), 1, 10.0))
    assert to_plain(work.config) == spec.config
    assert spec.config["problem"]["settings"]["features"] == "tip"
    assert spec.config["pde_weight"] == 0.3
    assert spec.path(Path("runs")) == Path("runs/crack/strong-mlp") / spec.hash


def test_scripts_are_looked_for_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "from kinn import Dirichlet, Interval, Problem\n"
        "problem = Problem('mine', Interval(0, 1), strong=lambda u, p: u.xx + 1,"
        " conditions=[Dirichlet('u', 0.0, on='boundary')])\n"
    )
    (spec,) = Sweep.from_study(
        validate_study({"study": TINY | {"problems": ["mine.py"], "seeds": 1}}), folder=tmp_path
    ).specs
    assert spec.origin == str(tmp_path / "mine.py")


def test_a_form_that_a_problem_does_not_state_is_left_out(specs: Specs) -> None:
    planned = Sweep.from_study(
        validate_study({"study": TINY | {"forms": ["strong", "energy"], "problems": ["lorenz"]}})
    )
    assert len(planned.specs) == 2
    assert planned.omitted[0].startswith("problem 'lorenz' does not state the energy form")
    with pytest.raises(InputError, match="the study has no runs; problem 'lorenz' does not state the energy form"):
        specs(forms=["energy"], problems=["lorenz"])


@pytest.mark.parametrize(
    ("tables", "other", "message"),
    [
        ({}, {"problems": ["poison-1d"]}, "no problem named 'poison-1d'; did you mean 'poisson-1d'?"),
        ({}, {"networks": ["kam"]}, "no network named 'kam'; did you mean 'kan'?"),
        ({}, {"optimizers": ["lmm"]}, "no optimizer named 'lmm'; did you mean 'lm'?"),
        ({}, {"forms": ["stron"]}, "no form named 'stron'; did you mean 'strong'?"),
        (
            {},
            {"networks": [{"name": "kan", "gird": 3}]},
            "no setting named 'gird' in network 'kan'; did you mean 'grid'",
        ),
        ({"sweep": {"network.gird": [3]}}, {}, "no setting named 'gird' in any network of the study"),
        ({"sweep": {"problem.feature": [3]}}, {"problems": ["crack"]}, "no setting named 'feature' in any problem"),
        (
            {"sweep": {"nettwork.grid": [3]}},
            {},
            "no part named 'nettwork' in the sweep of 'nettwork.grid'; did you mean",
        ),
        ({"sweep": {"point": [3]}}, {}, "no setting named 'point' in a sweep; did you mean 'points'?"),
        ({"sweep": {"points": [3]}, "zip": [{"points": [3]}]}, {}, "points is swept twice"),
        ({"exclude": [{"netwrk": "kan"}]}, {}, r"no key named 'netwrk' in \[\[exclude\]\]; did you mean 'network'?"),
        ({"exclude": [{"network": "kam"}]}, {}, r"\[\[exclude\]\] network = 'kam' matches no run of the study"),
        ({"budgets": [{"form": "energy", "seconds": 3}]}, {}, r"\[\[budgets\]\] form = 'energy' matches no run"),
        ({"budgets": [{"forn": "energy", "seconds": 3}]}, {}, r"no key named 'forn' in \[\[budgets\]\]; did you mean"),
        ({"exclude": [{"problem": "poisson-1d"}]}, {}, "the study has no runs"),
        ({}, {"batch": 10}, "mini-batches are for optimizer 'adam', not for 'auto'"),
    ],
)
def test_bad_input_is_found_before_anything_is_solved(
    specs: Specs, tables: dict[str, Any], other: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        specs(tables, **other)
