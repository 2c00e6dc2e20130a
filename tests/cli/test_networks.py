"""Every network on the command line: solve with settings, compare, kill and resume; bad names and settings are one line."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from kinn.networks import NETWORKS
from tests.cli.conftest import Command

FEW = ("--points", "60", "--iterations", "4")

#: The setting of the size where it is no width.
SIZES = {"random-features": "features=20", "tensor-splines": "grid=4"}

#: Another setting of each network.
SETTINGS = {
    "kan": "grid=4",
    "mlp": "activation=sin",
    "resnet": "gate=highway",
    "residual-kan": "streams=2",
    "modified-mlp": "depth=2",
    "pirate-net": "layers_per_block=1",
    "neural-ode": "gradient_checkpoints=1",
    "kan-ode": "method=euler",
    "random-features": "activation=tanh",
    "tensor-splines": "degree=5",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_solve_and_resume(name: str, kinn_command: Command) -> None:
    solve = ("solve", "poisson-1d", "--network", name)
    solve = (*solve, "--set", f"network.{SIZES.get(name, 'width=4')}")
    solve = (*solve, "--set", f"network.{SETTINGS[name]}", *FEW, "--json")
    status, out, err = kinn_command(*solve)
    assert status == 0, err
    summary = json.loads(out.splitlines()[-1])
    assert summary["network"] == name
    assert math.isfinite(summary["errors"]["u"]["l2"])
    status, out, err = kinn_command("resume", summary["run"], "--iterations", "6", "--json")
    assert status == 0, err
    resumed = json.loads(out.splitlines()[-1])
    whole = json.loads(kinn_command(*solve[:-2], "6", "--json", "--out", "whole").out.splitlines()[-1])
    assert resumed["errors"] == whole["errors"]
    assert {p.name for p in Path(resumed["run"]).glob("*.png")} >= {"u.png", "u-error.png", "convergence.png"}


def test_compare_matches_sizes(kinn_command: Command) -> None:
    names = ("mlp", "resnet", "neural-ode")
    asked = [part for name in names for part in ("--network", name)]
    status, out, err = kinn_command(
        "compare", "poisson-1d", *asked, "--seeds", "1", "--iterations", "2", "--points", "60"
    )
    assert status == 0, err
    for name in names:
        assert name in out
    configs = [json.loads(p.read_text()) for p in Path("runs").rglob("summary.json")]
    counts = [config["parameters"] for config in configs]
    assert len(counts) == 3
    assert max(counts) < 1.2 * min(counts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--network", "resnett"), "no network named 'resnett'; did you mean 'resnet'?"),
        (
            ("--network", "neural-ode", "--set", "network.step=3"),
            "no setting named 'step' in network 'neural-ode'; did",
        ),
        (("--network", "resnet", "--set", "network.depth=0"), "network.depth is a whole number of at least 1, not 0"),
        (
            ("--network", "neural-ode", "--set", "network.width=-2"),
            "network.width is a whole number of at least 1, not -2",
        ),
        (
            ("--network", "kan-ode", "--set", "network.method=rk5"),
            "no value of network.method named 'rk5'; did you mean",
        ),
        (
            ("--network", "random-features", "--set", "network.spread=-1"),
            "network.spread is 'auto' or positive and finite",
        ),
        (("--network", "random-features", "--set", "network.spread=1,2"), "network.spread is one number or 1, one per"),
        (("--network", "random-features", "--set", "network.activation=tan"), "did you mean 'tanh'?"),
        (("--network", "resnet", "--set", "network.depth=two"), "depth of network 'resnet' cannot be 'two'"),
    ],
)
def test_bad_input_is_one_line(arguments: tuple[str, ...], message: str, kinn_command: Command) -> None:
    status, out, err = kinn_command("solve", "poisson-1d", *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
