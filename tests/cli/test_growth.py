"""A script without settings on the command line: its network grows, until a tolerance is met where one is stated."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kinn.experiments.specification import StudyFile
from kinn.experiments.sweep import Sweep
from kinn.networks import KAN
from kinn.train.plans import growth
from tests.cli.conftest import Command

#: A nonlinear problem as a user states it.
SCRIPT = """
from kinn import Dirichlet, Interval, Problem, sin

problem = Problem(
    "cubic", Interval(0, 2), strong=lambda u, p: u.xx - u**3 + sin(p.x) ** 3 + sin(p.x), exact=sin,
    conditions=[Dirichlet("u", sin, on="boundary")],
)
"""

STUDY = """
[study]
problems = ["cubic.py"]
networks = [{ name = "kan", width = 3 }, "kan", "mlp"]
seeds = 1
iterations = 2
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "cubic.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return str(path)


def last_line(out: str) -> dict[str, Any]:
    return dict(json.loads(out.splitlines()[-1]))


def test_a_script_is_solved_to_a_tolerance(kinn_command: Command, script: str) -> None:
    status, out, _ = kinn_command("solve", script, "--network", "kan", "--tolerance", "1e-4", "--json")
    assert status == 0
    summary = last_line(out)
    assert (summary["stopped"], summary["tolerance"], summary["converged"]) == ("tolerance met", 1e-4, True)
    assert summary["errors"]["u"]["l2"] < 2e-4
    config = tomllib.loads((Path(summary["run"]) / "config.toml").read_text())
    assert (config["growth"], config["tolerance"]) == (True, 1e-4)
    assert "points" not in config  # they grow


def test_a_tolerance_that_is_missed_is_one_line(kinn_command: Command, script: str) -> None:
    options = ("--set", "network.width=2", "--tolerance", "1e-9", "--iterations", "5")
    status, out, _ = kinn_command("solve", script, *options)
    assert status == 0
    (line,) = [line for line in out.splitlines() if "tolerance" in line]
    assert "1e-09, NOT MET: the estimated error is " in line
    assert last_line(kinn_command("solve", script, *options, "--json").out)["converged"] is False


def test_an_interrupted_solve_grows_on(
    kinn_command: Command, script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(KAN, "START_SIZES", ({"width": (2,), "grid": 2}, {"width": (2, 2), "grid": 2}))
    monkeypatch.setattr(growth, "NOMINAL_FLOPS", 1e6)
    monkeypatch.setattr(growth, "FEATURES_SHARE", 0.0)
    monkeypatch.setattr(growth, "FEATURES_ARE_ENOUGH", 0.0)
    short = last_line(kinn_command("solve", script, "--iterations", "9", "--json").out)
    longer = last_line(kinn_command("resume", short["run"], "--iterations", "18", "--json").out)
    whole = last_line(kinn_command("solve", script, "--iterations", "18", "--json", "--out", "whole").out)
    assert (longer["iterations"], longer["errors"], longer["loss"]) == (
        whole["iterations"],
        whole["errors"],
        whole["loss"],
    )
    assert short["iterations"] == 9
    assert Path(longer["run"]).name == Path(whole["run"]).name


def test_growth_can_be_switched_off(kinn_command: Command, script: str) -> None:
    summary = last_line(kinn_command("solve", script, "--no-growth", "--iterations", "3", "--json").out)
    assert summary["parameters"] == KAN().parameter_count(1, 1)
    config = tomllib.loads((Path(summary["run"]) / "config.toml").read_text())
    assert "growth" not in config
    assert config["points"] > 0


def test_growth_replaces_the_settings_of_a_problem(kinn_command: Command) -> None:
    outcome = kinn_command("solve", "poisson-1d", "--growth", "--iterations", "2", "--json")
    assert outcome.status == 0
    config = tomllib.loads((Path(last_line(outcome.out)["run"]) / "config.toml").read_text())
    assert config["network"]["width"] == list(KAN().widths)
    assert config["growth"] is True


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--growth", "--set", "network.width=4"],
            "growth gives the network its size: leave the settings of KAN(width=(4,)",
        ),
        (["--growth", "--form", "energy"], "kinn: error: "),
        (["--tolerance", "0"], "tolerance is positive and finite, not 0.0"),
        (["--tolerance", "-1"], "tolerance is positive and finite, not -1.0"),
        (["--tolerance", "nan"], "tolerance is positive and finite, not nan"),
        (["--tolerance", "1e-8", "--dtype", "float32"], "tolerance is at least 1e-05 in float32, not 1e-08"),
        (["--tolerance", "1e-3", "--no-estimate"], "a tolerance is checked by the estimated error"),
    ],
)
def test_mistakes_are_one_line(kinn_command: Command, script: str, options: list[str], message: str) -> None:
    outcome = kinn_command("solve", script, *options)
    assert outcome.status == 2
    (line,) = outcome.err.strip().splitlines()
    assert message in line
    assert not Path("runs").exists()


def test_networks_without_settings_grow_in_a_study(script: str, tmp_path: Path) -> None:
    study = StudyFile.model_validate(tomllib.loads(STUDY))
    sweep = Sweep.from_study(study, folder=tmp_path)
    grows = {
        (spec.config["network"]["name"], spec.config["network"]["width"] == [3]): spec.config.get("growth")
        for spec in sweep.specs
    }
    assert grows == {("kan", True): None, ("kan", False): True, ("mlp", False): True}


def test_a_study_with_growth_runs(kinn_command: Command, script: str, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY + "\n[resources]\nworkers = 1\n", encoding="utf-8")
    assert kinn_command("batch", "study.toml").status == 0
    configs = [tomllib.loads(path.read_text()) for path in Path("runs").rglob("config.toml")]
    assert sorted((c["network"]["name"], bool(c.get("growth"))) for c in configs) == [
        ("kan", False),
        ("kan", True),
        ("mlp", True),
    ]
    assert {c.get("points") is None for c in configs if c.get("growth")} == {True}


def test_a_study_refuses_tolerances_before_anything_is_solved(
    kinn_command: Command, script: str, tmp_path: Path
) -> None:
    text = STUDY.replace("iterations = 2", 'tolerance = 1e-9\ndtype = "float32"')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    outcome = kinn_command("batch", "study.toml", "--dry-run")
    assert outcome.status == 2
    assert "tolerance is at least 1e-05 in float32, not 1e-09" in outcome.err
