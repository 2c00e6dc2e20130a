"""The run folder: identity, contents, atomic replacement, and what happens where it cannot be written."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from kinn.config import config_hash, to_plain
from kinn.errors import InputError
from kinn.runs.folder import RunFolder

CONFIG: dict[str, Any] = {
    "problem": {"name": "a problem", "settings": {"nu": 0.1}},
    "form": "strong",
    "network": {"name": "kan", "width": (8, 8)},
    "seed": 0,
    "budget": None,
}


@dataclass(frozen=True)
class Record:
    iteration: int
    loss: float
    validation: float | None = None


class Trial:
    def state_dict(self) -> dict[str, torch.Tensor]:
        return {"u.weight": torch.arange(6, dtype=torch.float64).reshape(2, 3).T}


@dataclass
class Result:
    loss: float = 0.5
    plot_fails: bool = False
    history: tuple[Record, ...] = (Record(0, 1.0), Record(1, math.nan))
    fields: Trial = field(default_factory=Trial)

    def summary(self) -> dict[str, Any]:
        return {"problem": "a problem", "loss": self.loss, "run": None}

    def save_vtu(self, path: Path) -> None:
        path.write_text("vtu")

    def plot(self, path: Path) -> None:
        if self.plot_fails:
            raise RuntimeError("no plot")
        (path / "solution.png").write_bytes(b"png")


def test_the_folder_holds_all_that_the_design_names(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "runs", CONFIG).save(Result())
    assert run.parts[-3:-1] == ("a-problem", "strong-kan")
    assert {p.name for p in run.iterdir()} == {
        "config.toml",
        "environment.json",
        "metrics.jsonl",
        "summary.json",
        "network.safetensors",
        "state.pt",
        "solution.vtu",
        "solution.png",
    }
    config = tomllib.loads((run / "config.toml").read_text())
    assert config["network"] == {"name": "kan", "width": [8, 8]}
    assert "budget" not in config
    assert json.loads((run / "summary.json").read_text())["run"] == str(run)
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert records == [
        {"iteration": 0, "loss": 1.0, "validation": None},
        {"iteration": 1, "loss": None, "validation": None},
    ]
    weight = Trial().state_dict()["u.weight"]
    assert torch.equal(load_file(run / "network.safetensors")["u.weight"], weight)
    state = torch.load(run / "state.pt", weights_only=True)
    assert torch.equal(state["weights"]["u.weight"], weight)
    assert state["config"]["seed"] == 0
    assert json.loads((run / "environment.json").read_text())["packages"]["torch"]


def test_the_hash_knows_the_configuration_and_nothing_else() -> None:
    reordered = dict(reversed(CONFIG.items()))
    assert config_hash(reordered) == config_hash(CONFIG)
    assert config_hash({**CONFIG, "seed": np.int64(0)}) == config_hash(CONFIG)
    assert config_hash({**CONFIG, "seed": 1}) != config_hash(CONFIG)


def test_plain_data_keeps_numbers_and_drops_nothing_but_none() -> None:
    @dataclass
    class Specification:
        width: tuple[int, ...]
        rate: float | None

    data = to_plain({"network": Specification((1, 2), None), "dtype": torch.float64, "x": np.float64(0.5)})
    assert data == {"network": {"width": [1, 2]}, "dtype": "torch.float64", "x": 0.5}
    assert type(data["x"]) is float


def test_a_second_run_replaces_the_first_and_leaves_no_litter(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, CONFIG).save(Result(loss=0.5))
    assert RunFolder(tmp_path, CONFIG).save(Result(loss=0.25)) == run
    assert json.loads((run / "summary.json").read_text())["loss"] == 0.25
    assert [p.name for p in run.parent.iterdir()] == [run.name]


def test_a_failure_while_writing_leaves_the_last_good_state(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, CONFIG).save(Result(loss=0.5))
    with pytest.raises(RuntimeError, match="no plot"):
        RunFolder(tmp_path, CONFIG).save(Result(loss=0.25, plot_fails=True))
    assert json.loads((run / "summary.json").read_text())["loss"] == 0.5
    assert [p.name for p in run.parent.iterdir()] == [run.name]


def test_a_kill_between_the_renames_is_mended_by_the_next_run(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, CONFIG).save(Result())
    run.rename(run.with_name(f".{run.name}.old-12345678"))
    assert RunFolder(tmp_path, CONFIG).finished
    assert (run / "summary.json").is_file()


def test_a_failed_solve_keeps_its_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path, CONFIG)
    run = folder.save_failure("the residual is not finite", [Record(0, 1.0)])
    assert not folder.finished
    assert json.loads((run / "summary.json").read_text())["stopped"] == "failed: the residual is not finite"
    assert (run / "metrics.jsonl").read_text().count("\n") == 1


def test_a_failed_solve_does_not_replace_a_finished_one(tmp_path: Path) -> None:
    run = RunFolder(tmp_path, CONFIG).save(Result(loss=0.5))
    RunFolder(tmp_path, CONFIG).save_failure("the residual is not finite", [])
    assert json.loads((run / "summary.json").read_text())["loss"] == 0.5


def test_an_unwritable_folder_is_an_error_before_training(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file stands in the way")
    with pytest.raises(InputError, match=r"cannot write the run folder .*runs"):
        RunFolder(tmp_path / "runs", CONFIG)
