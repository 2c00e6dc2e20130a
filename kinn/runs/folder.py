"""The run folder: everything a solve leaves behind, written beside its place and moved there in one rename.

runs/<problem>/<form>-<network>/<hash>/
    config.toml         the resolved configuration; its hash names the folder, so the same configuration is the same run
    environment.json    versions, threads, devices
    metrics.jsonl       one record an iteration
    summary.json        what `kinn solve --json` prints
    network.safetensors the trained weights
    state.pt            where training stands, written now and then while it lasts; at its end with the same weights
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
from typing import TYPE_CHECKING, Any, Protocol

from kinn.config import config_hash, nan_to_null, to_plain
from kinn.errors import InputError
from kinn.runs.environment import environment
from kinn.train.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from torch import Tensor


#: The files of a run folder that are read again.
CONFIG = "config.toml"
ENVIRONMENT = "environment.json"
METRICS = "metrics.jsonl"
STATE = "state.pt"
SUMMARY = "summary.json"
WEIGHTS = "network.safetensors"

#: The format of run folders, written into `environment.json`: what reads them refuses later ones.
FORMAT = "kinn run 1"

#: What `summary.json` says in front of the reason why a solve failed.
FAILED = "failed: "


class TrainedFields(Protocol):
    """What the weights come from."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the weights by name."""


class SavableSolution(Protocol):
    """What the run folder asks of a solution."""

    @property
    def history(self) -> Sequence[Any]:
        """The records of training, dataclasses."""

    @property
    def fields(self) -> TrainedFields:
        """The trained fields."""

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""

    def save_vtu(self, path: Path, /) -> object:
        """Write the fields on a grid."""

    def plot(self, folder: Path, /) -> object:
        """Write the figures into a folder."""


def slug(name: object) -> str:
    """Return a name that is safe as a folder on every system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(name)).strip(".-") or "unnamed"


def place(root: str | Path, config: Mapping[str, Any]) -> Path:
    """Return where the run folder of a configuration is under the folder of all runs."""
    kind = f"{slug(config['form'])}-{slug(config['network']['name'])}"
    return Path(root) / slug(config["problem"]["name"]) / kind / config_hash(config)


class RunFolder:
    """The folder of one configuration, known to be writable before any training starts.

    Args:
        root: The folder of all runs, usually `runs`.
        config: The resolved configuration: tables `problem` and `network` with a `name` each, `form`, and whatever else
            decides the result (seed, dtype, points, optimizer, ...). Nothing that does not: no paths, no dates.

        path: Where the folder is, if not in its place under the root (a copy of it, say).

    Raises:
        InputError: If the folder cannot be written, or another version wrote it.
    """

    def __init__(self, root: str | Path, config: Mapping[str, Any], *, path: Path | None = None) -> None:
        self.config: dict[str, Any] = to_plain(config)
        self.path = path or place(root, self.config)
        self._begun = False
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            restore(self.path)
            check_version(self.path)
            probe = self._sibling("probe")
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            raise self._unwritable(error) from error

    def checkpoint(self, state: Mapping[str, Any], *, further: bool = False) -> None:
        """Write where training stands; while a finished run is in the folder, that is kept and nothing written.

        Args:
            state: Where training stands.
            further: Whether it goes on from the checkpoint in the folder; else the folder is begun anew.
        """
        if not self._begun and self.finished:
            return

        def fill(folder: Path) -> None:
            self._configuration(folder)
            write_checkpoint(folder / STATE, {**state, "config": self.config})

        if self._begun or (further and self.path.is_dir()):
            write_checkpoint(self.path / STATE, {**state, "config": self.config})
        else:
            self._replace(fill)
        self._begun = True

    def save(self, solution: SavableSolution, state: Mapping[str, Any] | None = None, *, figures: bool = True) -> Path:
        """Write the folder of a solve that ended well.

        Args:
            solution: The solution.
            state: Where training stood at its end.
            figures: Whether to draw it.

        Returns:
            Where it is: the path under the root given.
        """

        def fill(folder: Path) -> None:
            self._common(folder, solution.history, {**solution.summary(), "run": str(self.path)})
            weights = _weights(folder, solution.fields.state_dict(), self.config)
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
            self._replace(lambda folder: self._common(folder, history, summary))
        return self.path

    @property
    def finished(self) -> bool:
        """Whether the folder holds a solve that ended well: its weights are there."""
        return (self.path / WEIGHTS).is_file()

    @property
    def unfinished(self) -> bool:
        """Whether the folder holds a solve that was cut short: a checkpoint and no weights."""
        return (self.path / STATE).is_file() and not self.finished

    def _common(self, folder: Path, history: Iterable[Any], summary: Mapping[str, Any]) -> None:
        """Write what every run leaves, failed or not."""
        self._configuration(folder)
        lines = (json.dumps(nan_to_null(dataclasses.asdict(record)), allow_nan=False) for record in history)
        (folder / METRICS).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        _json(folder / SUMMARY, summary)

    def _configuration(self, folder: Path) -> None:
        """Write what is known before training starts."""
        import tomli_w

        (folder / CONFIG).write_text(tomli_w.dumps(self.config), encoding="utf-8")
        _json(folder / ENVIRONMENT, {"format": FORMAT, **environment()})

    def _sibling(self, kind: str) -> Path:
        """Return a fresh name beside the folder: on the same file system, so that a rename moves it."""
        return self.path.with_name(f".{self.path.name}.{kind}-{uuid.uuid4().hex[:8]}")

    def _replace(self, fill: Callable[[Path], None]) -> None:
        """Fill a temporary sibling and move it into place; a failure on the way leaves what was there."""
        new, old = self._sibling("new"), self._sibling("old")
        try:
            new.mkdir()
            fill(new)
            with suppress(FileNotFoundError):
                self.path.rename(old)  # a folder is not renamed onto one that holds files
            new.rename(self.path)
        except OSError as error:  # the disk is full
            raise self._unwritable(error) from error
        finally:
            restore(self.path)
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"cannot write the run folder {self.path}: {error.strerror or error}")


def check_version(path: Path) -> None:
    """Refuse a run folder that a version of KINN wrote whose folders this one does not read.

    Raises:
        InputError: If it is such a one, with that version.
        OSError: If what says so cannot be read.
    """
    try:
        found = json.loads((path / ENVIRONMENT).read_text(encoding="utf-8"))
        written = found.get("format", FORMAT)
    except (FileNotFoundError, ValueError, AttributeError):
        return  # there is none, or it is damaged
    if written != FORMAT:
        raise InputError(f"{path} was written by KINN {found.get('kinn')} ({written}); this one reads {FORMAT}")


def restore(path: Path) -> None:
    """Put the last good state of a run folder back where a kill fell between the two renames."""
    kept = sorted(path.parent.glob(f".{path.name}.old-*"), key=os.path.getmtime)
    if kept and not path.exists():
        kept[-1].rename(path)


def _json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(nan_to_null(data), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _weights(folder: Path, state: Mapping[str, Tensor], config: Mapping[str, Any]) -> dict[str, Tensor]:
    """Write the weights as safetensors, for other tools, and return them."""
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    save_file(tensors, folder / WEIGHTS, metadata={"config": json.dumps(config)})
    return tensors
