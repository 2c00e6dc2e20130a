"""Results of runs, read from their run folders: configuration, status, errors during and after training."""

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

#: Statuses of a run; only the store, which knows the locks, tells "running" from "interrupted".
DONE, FAILURE, INTERRUPTED, RUNNING = "done", "failed", "interrupted", "running"


@dataclass(frozen=True)
class RunResult:
    """Result of a run.

    Attributes:
        path: The run folder.
        config: The resolved configuration.
        status: "done", "failed", "interrupted" or "running".
        summary: What `kinn solve --json` prints; only the reason for a failed run, nothing for an interrupted one.
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
        """Whether a baseline discretised the problem and no network was trained."""
        return discretised(self.config)

    @property
    def reason(self) -> str:
        """The reason of a failure, "" without one."""
        return str(self.summary.get("stopped", "")).removeprefix(FAILED) if self.status == FAILURE else ""

    @property
    def errors(self) -> dict[str, dict[str, float]]:
        """The known relative errors by field and norm; empty for a failed run."""
        errors = self.summary.get("errors", {})
        return {field: {n: e for n, e in norms.items() if e is not None} for field, norms in errors.items()}

    @property
    def error(self) -> float:
        """The error of the run: the largest relative L2 error of its fields and unknown constants.

        Infinite for a run without a result, and for a problem without a reference solution.
        """
        constants = [unknown["error"] for unknown in self.summary.get("unknowns", {}).values()]
        known = [e["l2"] for e in self.errors.values() if "l2" in e] + [e for e in constants if e is not None]
        return max(known) if self.status == DONE and known else inf

    def value(self, name: str) -> float:
        """A number of the summary (seconds, iterations, parameters, loss); infinite if it is missing."""
        number = self.summary.get(name)
        return inf if number is None else float(number)

    def history(self) -> list[dict[str, Any]]:
        """The history entries of training; empty if there are none."""
        try:
            text = (self.path / METRICS).read_text(encoding="utf-8")
        except OSError:
            return []
        return [json.loads(line) for line in text.splitlines()]

    def error_history(self) -> list[tuple[float, float]]:
        """Seconds of training and the largest relative L2 error of the fields at that time; the last at the end."""
        history = [(r["seconds"], max(r["errors"].values())) for r in self.history() if r.get("errors")]
        if self.status == DONE and self.errors:
            history.append((self.value("seconds"), max(e["l2"] for e in self.errors.values())))
        return history


def read_result(path: Path) -> RunResult | None:
    """Result of a run folder, or None if it is none, or not complete yet.

    Raises:
        InputError: If it has the format of another version of KINN, or is damaged.
    """
    try:
        config = tomllib.loads((path / CONFIG).read_text(encoding="utf-8"))
        _read_json(path / ENVIRONMENT)
        check_version(path)
        finished = (path / WEIGHTS).is_file()
        summary = _read_json(path / SUMMARY) if (path / SUMMARY).is_file() else {}
    except FileNotFoundError:
        return None
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"the run folder {path} cannot be read: {error}") from error
    if not (finished or summary or (path / STATE).is_file()):
        return None
    return RunResult(path, config, DONE if finished else FAILURE if summary else INTERRUPTED, summary)


def _read_json(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise InputError(f"{path} is not a JSON object")
    return data
