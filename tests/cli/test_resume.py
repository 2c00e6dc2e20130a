"""`kinn resume`: a solve killed from outside goes on; bad checkpoints are one line and status 2."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.cli.conftest import Command

SOLVE = ("solve", "poisson-1d", "--network", "mlp", "--set", "network.width=6", "--points", "60", "--iterations", "40")


def summary(out: str) -> dict[str, object]:
    return dict(json.loads(out.splitlines()[-1]))


def test_a_killed_solve_is_resumed(kinn_command: Command) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "kinn", *SOLVE[:-1], "1000000", "--budget", "1000", "--checkpoint", "0"],
        env={**os.environ, "PYTHONWARNINGS": "default"},
        stderr=subprocess.DEVNULL,
    ) as process:
        deadline = time.monotonic() + 60
        while not (found := list(Path("runs").glob("*/*/[!.]*/state.pt"))) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
    run = found[0].parent
    reached = len(torch.load(found[0], weights_only=True)["training"]["history"]["loss"])
    status, out, err = kinn_command("resume", str(run), "--iterations", str(reached + 5), "--json")
    assert status == 0
    assert "poisson-1d, mlp, seed 0" in err
    resumed = summary(out)
    assert resumed["iterations"] == reached + 5
    whole = summary(kinn_command(*SOLVE[:-1], str(reached + 5), "--json", "--out", "whole").out)
    assert resumed["errors"] == whole["errors"]
    assert resumed["loss"] == whole["loss"]


def test_the_same_command_goes_on_where_it_was_cut_short(kinn_command: Command) -> None:
    assert kinn_command(*SOLVE, "--json").status == 0
    (run,) = Path("runs/poisson-1d/strong-mlp").iterdir()
    (run / "network.safetensors").unlink()  # as it is before the end
    status, _, err = kinn_command(*SOLVE)
    assert status == 0
    assert "going on where an earlier solve was cut short" in err
    (run / "network.safetensors").unlink()
    assert "going on" not in kinn_command(*SOLVE, "--fresh").err
    (run / "network.safetensors").unlink()
    (run / "state.pt").write_bytes(b"cut")
    status, _, err = kinn_command(*SOLVE)
    assert status == 0
    assert "beginning anew: " in err


@pytest.mark.parametrize("how", ["truncated", "foreign", "gone", "no run"])
def test_bad_checkpoints_are_one_line_and_status_2(kinn_command: Command, how: str) -> None:
    assert kinn_command(*SOLVE).status == 0
    (run,) = Path("runs/poisson-1d/strong-mlp").iterdir()
    state = run / "state.pt"
    message = {
        "truncated": "is no checkpoint, or a damaged one",
        "foreign": "it comes from something else",
        "gone": "no checkpoint at",
        "no run": "is no run folder",
    }[how]
    if how == "truncated":
        state.write_bytes(state.read_bytes()[:1000])
    elif how == "foreign":
        torch.save({"weights": torch.ones(2)}, state)
    elif how == "gone":
        state.unlink()
    else:
        (run / "config.toml").unlink()
    before = {p.name: p.read_bytes() for p in run.iterdir()}
    status, out, err = kinn_command("resume", str(run))
    assert (status, out) == (2, "")
    assert err.startswith("kinn: error: ")
    assert message in err
    assert err.count("\n") == 1
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before
