"""What a run folder says: the configuration, how the solve ended, and its errors on the way."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from kinn.baselines import discretised
from kinn.errors import InputError
from kinn.runs.folder import CONFIG, ENVIRONMENT, FAILED, METRICS, STATE, SUMMARY, WEIGHTS, check_version

#: How a run stands. "running" is for the store to say, which knows who is at work.
DONE, FAILURE, INTERRUPTED, RUNNING = "done", "failed", "interrupted", "running"


@dataclass(frozen=True)
class RunResult:
    """A run as its folder tells it.

    Attributes:
        path: The run folder.
        config: The resolved configuration.
        status: "done", "failed" or "interrupted".
        summary: What `kinn solve --json` prints; of a failed run only how it failed, of an interrupted one nothing.
    """

    path: Path
    config: Mapping[str, Any]
    status: str
    summary: Mapping[str, Any]

    @property
    def seed(self) -> int:
        """The seed."""
        return int(self.config["seed"])

    @property
    def discretised(self) -> bool:
        """Whether it is no network that was trained, but a discretisation for comparison."""
        return discretised(self.config)

    @property
    def reason(self) -> str:
        """Why the run failed, "" where it did not."""
        return str(self.summary.get("stopped", "")).removeprefix(FAILED) if self.status == FAILURE else ""

    @property
    def errors(self) -> dict[str, dict[str, float]]:
        """The relative errors by field and norm, without those that nothing is known of; empty where it failed."""
        found = self.summary.get("errors", {})
        return {field: {n: e for n, e in norms.items() if e is not None} for field, norms in found.items()}

    @property
    def error(self) -> float:
        """The figure that stands for the run: the largest relative L2 error of its fields and unknown constants.

        Infinite where the run did not end well, and where no solution is known.
        """
        constants = [found["error"] for found in self.summary.get("unknowns", {}).values()]
        known = [e["l2"] for e in self.errors.values() if "l2" in e] + [e for e in constants if e is not None]
        return max(known) if self.status == DONE and known else inf

    def figure(self, name: str) -> float:
        """Return a figure of the summary (seconds, iterations, parameters, loss); infinite where there is none."""
        value = self.summary.get(name)
        return inf if value is None else float(value)

    def history(self) -> list[dict[str, Any]]:
        """Return the records of training; none where the run has left none."""
        try:
            text = (self.path / METRICS).read_text(encoding="utf-8")
        except OSError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def trace(self) -> list[tuple[float, float]]:
        """Return seconds of training and the largest relative L2 error of the fields then, the last being at the end."""
        measured = [(r["seconds"], max(r["errors"].values())) for r in self.history() if r.get("errors")]
        if self.status == DONE and self.errors:
            measured.append((self.figure("seconds"), max(e["l2"] for e in self.errors.values())))
        return measured


def read(path: Path) -> RunResult | None:
    """Return what a run folder holds, or None where it is none, or not yet one.

    Raises:
        InputError: If it was written by a version of KINN whose run folders this one does not read, or it is damaged.
    """
    try:
        config = tomllib.loads((path / CONFIG).read_text(encoding="utf-8"))
        _json(path / ENVIRONMENT)
        check_version(path)
        finished = (path / WEIGHTS).is_file()
        summary = _json(path / SUMMARY) if (path / SUMMARY).is_file() else {}
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"the run folder {path} cannot be read: {error}") from error
    if finished:
        status = DONE
    elif summary:
        status = FAILURE
    elif (path / STATE).is_file():
        status = INTERRUPTED
    else:
        return None
    return RunResult(path, config, status, summary)


def _json(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise InputError(f"{path} holds no table")
    return data
