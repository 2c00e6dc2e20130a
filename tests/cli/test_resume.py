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

#: The same run as a study states it.
STUDY = """
[study]
problems = ["poisson-1d"]
networks = [{ name = "mlp", width = 6 }]
seeds = 1
points = 60
iterations = 40

[resources]
workers = 1
"""


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
    assert "resuming an interrupted solve" in err
    (run / "network.safetensors").unlink()
    assert "resuming" not in kinn_command(*SOLVE, "--fresh").err
    (run / "network.safetensors").unlink()
    (run / "state.pt").write_bytes(b"cut")
    status, _, err = kinn_command(*SOLVE)
    assert status == 0
    assert "restarting: " in err


@pytest.mark.parametrize(
    ("arguments", "status", "place"),
    [
        (("resume", "RUN"), 2, "err"),
        (("solve", *SOLVE[1:]), 2, "err"),
        (("solve", *SOLVE[1:], "--fresh"), 2, "err"),
        (("batch", "study.toml", "--out", "runs"), 2, "err"),
        (("batch", "study.toml", "--out", "runs", "--fresh"), 2, "err"),
        (("report", "runs"), 2, "err"),
        (("status", "runs"), 0, "out"),
    ],
)
def test_a_run_of_another_version_is_refused_with_the_version(
    kinn_command: Command, arguments: tuple[str, ...], status: int, place: str
) -> None:
    assert kinn_command(*SOLVE).status == 0
    (run,) = Path("runs/poisson-1d/strong-mlp").iterdir()
    Path("study.toml").write_text(STUDY)
    assert "1 runs, 1 of them done" in kinn_command("batch", "study.toml", "--out", "runs", "--dry-run").out
    file = run / "environment.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"format": "kinn run 7", "kinn": "3.2.1"}))
    before = {p.name: p.read_bytes() for p in run.iterdir()}
    told = kinn_command(*(str(run) if a == "RUN" else a for a in arguments))
    assert told.status == status
    line = next(line for line in getattr(told, place).splitlines() if "3.2.1" in line)
    assert line.endswith(f"{run} was written by KINN 3.2.1 (kinn run 7); this one reads kinn run 1")
    assert "Traceback" not in told.err
    assert {p.name: p.read_bytes() for p in run.iterdir()} == before
    file.write_text(file.read_text().replace("kinn run 7", "kinn run 1"))  # the store is as good as before
    assert "1 of 1 done (1 before)" in kinn_command("batch", "study.toml", "--out", "runs").err


@pytest.mark.parametrize("how", ["truncated", "foreign", "gone", "no run"])
def test_bad_checkpoints_are_one_line_and_status_2(kinn_command: Command, how: str) -> None:
    assert kinn_command(*SOLVE).status == 0
    (run,) = Path("runs/poisson-1d/strong-mlp").iterdir()
    state = run / "state.pt"
    message = {
        "truncated": "is no checkpoint, or a damaged one",
        "foreign": "it comes from something else",
        "gone": "no checkpoint at",
        "no run": "is not a run folder",
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
