"""The run folder of a solve, written beside its place and moved there in one rename.

runs/<problem>/<form>-<network>/<hash>/
    config.toml         the resolved configuration; its hash names the folder: one configuration, one run
    environment.json    versions, threads, devices
    metrics.jsonl       one history entry per iteration
    summary.json        what `kinn solve --json` prints
    network.safetensors the trained weights
    state.pt            the training state, written periodically and at the end with the weights
    solution.vtu        the fields on a grid
    *.png               solution, error, convergence
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.config import config_hash, nan_to_null, to_plain
from kinn.errors import InputError
from kinn.runs.environment import environment
from kinn.train.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from kinn.solution import Solution

#: The files of a run folder that KINN reads.
CONFIG = "config.toml"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
STATE = "state.pt"
SUMMARY = "summary.json"
WEIGHTS = "network.safetensors"

#: The format of run folders, written into `environment.json`: readers refuse other formats.
FORMAT = "kinn run 1"

#: The prefix, in `summary.json`, of the reason why a solve failed.
FAILED = "failed: "


def slug(name: object) -> str:
    """Folder name for a name, valid on every system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(name)).strip(".-") or "unnamed"


def run_path(root: str | Path, config: Mapping[str, Any]) -> Path:
    """Path of the run folder of a configuration under the folder of all runs."""
    kind = f"{slug(config['form'])}-{slug(config['network']['name'])}"
    return Path(root) / slug(config["problem"]["name"]) / kind / config_hash(config)


def write_text(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it.

    Raises:
        InputError: If it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error


class RunFolder:
    """Run folder of one configuration, checked to be writable before training starts.

    Args:
        root: The folder of all runs, usually `runs`.
        config: The resolved configuration: tables `problem` and `network` with a `name` each, `form`, and everything else
            that decides the result (seed, dtype, points, optimizer, ...); no paths, no dates.
        path: The folder, if it is not in its place under the root (a copy of it, say).

    Raises:
        InputError: If the folder cannot be written, or another version wrote it.
    """

    def __init__(self, root: str | Path, config: Mapping[str, Any], *, path: Path | None = None) -> None:
        self.config: dict[str, Any] = to_plain(config)
        self.path = path or run_path(root, self.config)
        self._started = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            recover(self.path)
            check_version(self.path)
            probe = self._sibling("probe")
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            raise self._unwritable(error) from error

    def checkpoint(self, state: Mapping[str, Any], *, resumed: bool = False) -> None:
        """Write the training state, unless the folder holds a finished run, which is kept.

        The folder is replaced unless training resumed from the checkpoint in it.
        """
        if not self._started and self.finished:
            return

        data = {**state, "config": self.config}

        def fill(folder: Path) -> None:
            self._write_config(folder)
            write_checkpoint(folder / STATE, data)

        if self._started or (resumed and self.path.is_dir()):
            write_checkpoint(self.path / STATE, data)
        else:
            self._replace(fill)
        self._started = True

    def save(self, solution: Solution, state: Mapping[str, Any] | None = None, *, figures: bool = True) -> Path:
        """Write the folder of a successful solve with its final training state, and return the path of the folder."""
        from safetensors.torch import save_file

        def fill(folder: Path) -> None:
            self._write_outcome(folder, solution.history, {**solution.summary(), "run": str(self.path)})
            state_dict = solution.fields.state_dict()
            weights = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state_dict.items()}
            save_file(weights, folder / WEIGHTS, metadata={"config": json.dumps(self.config)})  # for other tools
            write_checkpoint(folder / STATE, {**(state or {}), "weights": weights, "config": self.config})
            solution.save_vtu(folder / "solution.vtu")
            if figures:
                solution.plot(folder)

        self._replace(fill)
        return self.path

    def save_failure(self, message: str, history: Sequence[Any]) -> Path:
        """Write the folder of a solve that failed numerically; a finished run of the same configuration is kept."""
        if not self.finished:
            summary = {"stopped": f"{FAILED}{message}", "iterations": len(history), "run": str(self.path)}
            self._replace(lambda folder: self._write_outcome(folder, history, summary))
        return self.path

    @property
    def finished(self) -> bool:
        """Whether the folder holds a successful solve: its weights exist."""
        return (self.path / WEIGHTS).is_file()

    @property
    def interrupted(self) -> bool:
        """Whether the folder holds an interrupted solve: a checkpoint and no weights."""
        return (self.path / STATE).is_file() and not self.finished

    def _write_outcome(self, folder: Path, history: Iterable[Any], summary: Mapping[str, Any]) -> None:
        """Write the files of every run, failed or not."""
        self._write_config(folder)
        lines = (json.dumps(nan_to_null(dataclasses.asdict(entry)), allow_nan=False) for entry in history)
        (folder / METRICS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        _write_json(folder / SUMMARY, summary)

    def _write_config(self, folder: Path) -> None:
        """Write the configuration and the environment, known before training starts."""
        import tomli_w

        (folder / CONFIG).write_text(tomli_w.dumps(self.config), encoding="utf-8")
        _write_json(folder / ENVIRONMENT, {"format": FORMAT, **environment()})

    def _sibling(self, kind: str) -> Path:
        """A new name beside the folder, on the same file system so that a rename moves it."""
        return self.path.with_name(f".{self.path.name}.{kind}-{uuid.uuid4().hex[:8]}")

    def _replace(self, fill: Callable[[Path], None]) -> None:
        """Fill a temporary sibling and move it into place; after a failure the previous folder remains."""
        new, old = self._sibling("new"), self._sibling("old")
        try:
            new.mkdir()
            fill(new)
            with suppress(FileNotFoundError):
                self.path.rename(old)  # a rename cannot replace a folder that holds files
            new.rename(self.path)
        except OSError as error:  # the disk is full
            raise self._unwritable(error) from error
        finally:
            recover(self.path)
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"cannot write the run folder {self.path}: {error.strerror or error}")


def check_version(path: Path) -> None:
    """Refuse a run folder in the format of another version of KINN.

    Raises:
        InputError: If its format is another, naming that version.
        OSError: If `environment.json` cannot be read.
    """
    try:
        facts = json.loads((path / ENVIRONMENT).read_text(encoding="utf-8"))
        written = facts.get("format", FORMAT)
    except (FileNotFoundError, ValueError, AttributeError):
        return  # missing or damaged
    if written != FORMAT:
        raise InputError(f"{path} was written by KINN {facts.get('kinn')} ({written}); this one reads {FORMAT}")


def recover(path: Path) -> None:
    """Restore the last good state of a run folder after a kill between the two renames."""
    backups = sorted(path.parent.glob(f".{path.name}.old-*"), key=os.path.getmtime)
    if backups and not path.exists():
        backups[-1].rename(path)


def _write_json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(nan_to_null(data), indent=2, allow_nan=False) + "\n", encoding="utf-8")
