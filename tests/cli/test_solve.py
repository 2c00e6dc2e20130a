"""`kinn solve`: a JSON line, a run folder, and one line for each kind of bad input."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from kinn.errors import SolveError
from tests.cli.conftest import Command

#: A solve that takes a moment.
QUICK = ("solve", "poisson-1d", "--set", "network.width=4", "--points", "60", "--iterations", "5")

KEYS = (
    "problem",
    "form",
    "network",
    "optimizer",
    "seed",
    "dtype",
    "device",
    "backend",
    "parameters",
    "iterations",
    "seconds",
    "stopped",
    "loss",
    "errors",
    "tolerance",
    "converged",
    "estimate",
    "unknowns",
    "quadrature",
    "bem",
    "run",
)


def test_the_last_line_of_stdout_is_the_summary(kinn_command: Command) -> None:
    status, out, err = kinn_command(*QUICK, "--network", "mlp", "--seed", "3", "--json")
    assert status == 0
    assert "poisson-1d, mlp, seed 3" in err
    summary = json.loads(out.splitlines()[-1])
    assert tuple(summary) == KEYS
    assert (summary["problem"], summary["network"], summary["seed"]) == ("poisson-1d", "mlp", 3)
    assert set(summary["errors"]["u"]) == {"l2", "linf", "h1"}
    run = Path(summary["run"])
    assert json.loads((run / "summary.json").read_text()) == summary
    config = tomllib.loads((run / "config.toml").read_text())
    assert config["network"]["width"] == [4]
    assert config["points"] == 60
    assert config["budget"] > 0
    assert len((run / "metrics.jsonl").read_text().splitlines()) == summary["iterations"]
    assert {p.name for p in run.glob("*.png")} == {"u.png", "u-error-estimate.png", "u-error.png", "convergence.png"}


def test_the_same_configuration_is_the_same_run(kinn_command: Command) -> None:
    summaries = [json.loads(kinn_command(*QUICK, "--json").out.splitlines()[-1]) for _ in range(2)]
    assert summaries[0]["run"] == summaries[1]["run"]
    assert summaries[0]["errors"] == summaries[1]["errors"]
    other = json.loads(kinn_command(*QUICK, "--seed", "1", "--json").out.splitlines()[-1])
    assert other["run"] != summaries[0]["run"]


def test_without_json_the_result_is_for_reading(kinn_command: Command) -> None:
    status, out, _ = kinn_command(*QUICK)
    assert status == 0
    assert "error of u" in out
    assert "runs/poisson-1d/strong-kan/" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["poison-1d"], "no problem named 'poison-1d'; did you mean 'poisson-1d'?"),
        (["poisson-1d", "--network", "kam"], "no network named 'kam'; did you mean 'kan'?"),
        (["poisson-1d", "--optimizer", "lmm"], "no optimizer named 'lmm'; did you mean 'lm'?"),
        (["poisson-1d", "--form", "stron"], "no form named 'stron'; did you mean 'strong'?"),
        (["poisson-1d", "--dtype", "float16"], "no dtype named 'float16'; did you mean 'float64'?"),
        (["poisson-1d", "--set", "network.gird=3"], "no setting named 'gird' in network 'kan'; did you mean 'grid'?"),
        (["poisson-1d", "--set", "network.degree=9"], "network.degree is 1 to 7, not 9"),
        (
            ["poisson-1d", "--optimizer", "lm", "--set", "optimizer.gain_ratio=2"],
            "optimizer.gain_ratio lies between 0 and 1",
        ),
        (["poisson-1d", "--points", "0"], "points must be at least 1, not 0"),
        (["poisson-1d", "--budget", "nan"], "budget is positive and finite, not nan"),
        (["poisson-1d", "--iterations", "0"], "iterations is positive and finite, not 0"),
        (["poisson-1d", "--threads", "0"], "threads is positive and finite, not 0"),
        (["nothing.py"], "no problem script at nothing.py"),
    ],
)
def test_bad_input_is_one_line_and_status_2(kinn_command: Command, arguments: list[str], message: str) -> None:
    status, out, err = kinn_command("solve", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"kinn: error: {message}")
    assert err.count("\n") == 1


def test_an_unwritable_folder_is_found_before_training(kinn_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("taken").write_text("a file stands in the way")
    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: pytest.fail("training started"))
    status, _, err = kinn_command(*QUICK, "--out", "taken")
    assert status == 2
    assert err.startswith("kinn: error: cannot write the run folder taken/")


def test_a_failed_solve_is_status_3_and_keeps_its_folder(
    kinn_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SolveError("the loss is not finite at the start: the PDE")

    monkeypatch.setattr("kinn.runs.execute.solver", lambda _: fail)
    status, out, err = kinn_command(*QUICK)
    assert (status, out) == (3, "")
    assert err.count("\n") == 1
    (run,) = Path("runs/poisson-1d/strong-kan").iterdir()
    assert str(run) in err
    assert "not finite" in json.loads((run / "summary.json").read_text())["stopped"]


def test_a_residual_that_goes_wrong_is_blamed_by_line(kinn_command: Command) -> None:
    Path("mine.py").write_text(
        "from kinn import Dirichlet, Interval, Problem\n"
        "def residual(u, p):\n"
        "    return u.xx + u.zz\n"
        "problem = Problem('mine', Interval(0, 1), strong=residual, conditions=[Dirichlet('u', 0, on='boundary')])\n"
    )
    status, _, err = kinn_command("solve", "mine.py")
    assert status == 2
    assert err.startswith("kinn: error: mine.py:3: ")
    assert err.count("\n") == 1


EVOLVING = ("solve", "heat-multifrequency", "--network", "mlp", "--set", "network.width=6", "--points", "80")


def test_strategies_are_named_and_set(kinn_command: Command) -> None:
    status, out, err = kinn_command(
        *EVOLVING, "--iterations", "6", "--weights", "ntk", "--set", "weights.every=3", "--sampling", "rad",
        "--set", "causal.sharpness=20", "--time-windows", "2", "--pde-weight", "0.5", "--json",
    )  # fmt: skip
    assert (status, "window 2 lm" in err) == (0, True)
    run = Path(json.loads(out.splitlines()[-1])["run"])
    config = tomllib.loads((run / "config.toml").read_text())
    assert config["weights"] == {"name": "ntk", "every": 3}
    assert config["sampling"]["name"] == "rad"
    assert config["causal"]["sharpness"] == 20.0
    assert config["time_windows"] == 2
    assert config["pde_weight"] == 0.5
    (run / "network.safetensors").unlink()
    resumed = json.loads(kinn_command("resume", str(run), "--json").out.splitlines()[-1])
    assert resumed["run"] == str(run)


def test_an_ensemble_is_one_run(kinn_command: Command) -> None:
    status, out, _ = kinn_command(*EVOLVING, "--iterations", "3", "--ensemble", "2", "--json")
    assert status == 0
    assert json.loads(out.splitlines()[-1])["iterations"] == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--weights", "nkt"], "no loss weights named 'nkt'; did you mean 'ntk'?"),
        (["--sampling", "rda"], "no sampling named 'rda'; did you mean 'rad'?"),
        (["--set", "weights.every=3"], "--set weights.every needs --weights NAME"),
        (
            ["--weights", "ntk", "--set", "weights.evry=3"],
            "no setting named 'evry' in weights 'ntk'; did you mean 'every'",
        ),
        (["--pde-weight", "0"], "pde_weight is positive and finite, not 0.0"),
        (["--time-windows", "0"], "time_windows is a whole number of at least 1, not 0"),
        (["--batch", "10"], "mini-batches are for optimizer 'adam', not for 'auto'"),
        (["--curriculum", "nu=1,0.1"], "no coefficient named 'nu' in the curriculum of problem 'heat-multifrequency'"),
        (["--curriculum", "nu"], "--curriculum takes NAME=VALUE,VALUE,..., not 'nu'"),
        (["--ensemble", "-1"], "ensemble is a whole number of at least 1, not -1"),
    ],
)
def test_bad_strategies_are_one_line_and_status_2(kinn_command: Command, arguments: list[str], message: str) -> None:
    status, out, err = kinn_command(*EVOLVING, *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"kinn: error: {message}")
    assert err.count("\n") == 1
