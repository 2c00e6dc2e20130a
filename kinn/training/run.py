"""The run folder: everything a solve leaves behind, written beside its place and moved there in one rename.

runs/<problem>/<form>-<network>/<hash>/
    config.toml         the resolved configuration; its hash names the folder, so the same configuration is the same run
    environment.json    versions, threads, devices
    metrics.jsonl       one record an iteration
    summary.json        what `kinn solve --json` prints
    network.safetensors the trained weights
    state.pt            the same weights and where training stood, for torch.load(weights_only=True)
    solution.vtu        the fields on a grid
    *.png               solution, error, convergence
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from kinn.errors import InputError
from kinn.training.environment import environment

if TYPE_CHECKING:
    from torch import Tensor


class TrainedFields(Protocol):
    """What the weights come from."""

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the weights by name."""


class Result(Protocol):
    """What the run folder asks of a solution."""

    @property
    def history(self) -> Sequence[Any]:
        """The records of training, dataclasses."""

    @property
    def trial(self) -> TrainedFields:
        """The trained fields."""

    def summary(self) -> dict[str, Any]:
        """Return what `--json` prints."""

    def save_vtu(self, path: Path, /) -> object:
        """Write the fields on a grid."""

    def plot(self, folder: Path, /) -> object:
        """Write the figures into a folder."""


def plain(value: Any) -> Any:
    """Return `value` as plain data: mappings without their Nones, lists, numbers, text; specifications by their fields.

    TOML has no null, so a setting that is None is one that is not there.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain({field.name: getattr(value, field.name) for field in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if hasattr(value, "item"):  # a numpy scalar: some are floats too, but do not print as one
        return plain(value.item())
    return value if isinstance(value, (bool, int, float, str)) else str(value)


def finite(value: Any) -> Any:
    """Return plain data with null for every number that JSON cannot write."""
    if isinstance(value, Mapping):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def config_hash(config: Mapping[str, Any]) -> str:
    """Return the identity of a configuration: twelve hexadecimal digits, whatever the order of its keys."""
    text = json.dumps(plain(config), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _slug(name: object) -> str:
    """Return a name that is safe as a folder on every system."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", str(name)).strip(".-") or "unnamed"


class RunFolder:
    """The folder of one configuration, known to be writable before any training starts.

    Args:
        root: The folder of all runs, usually `runs`.
        config: The resolved configuration: tables `problem` and `network` with a `name` each, `form`, and whatever else
            decides the result (seed, dtype, points, optimizer, ...). Nothing that does not: no paths, no dates.

    Raises:
        InputError: If the folder cannot be written.
    """

    def __init__(self, root: str | Path, config: Mapping[str, Any]) -> None:
        self.config: dict[str, Any] = plain(config)
        kind = f"{_slug(self.config['form'])}-{_slug(self.config['network']['name'])}"
        self.path = Path(root) / _slug(self.config["problem"]["name"]) / kind / config_hash(self.config)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._restore()
            probe = self._sibling("probe")
            probe.mkdir()
            probe.rmdir()
        except OSError as error:
            raise self._unwritable(error) from error

    def save(self, solution: Result) -> Path:
        """Write the folder of a solve that ended well.

        Returns:
            Where it is: the path under the root given.
        """

        def fill(folder: Path) -> None:
            self._common(folder, solution.history, {**solution.summary(), "run": str(self.path)})
            _weights(folder, solution.trial.state_dict(), self.config)
            solution.save_vtu(folder / "solution.vtu")
            solution.plot(folder)

        self._replace(fill)
        return self.path

    def save_failure(self, message: str, history: Sequence[Any]) -> Path:
        """Write the folder of a solve that failed numerically; a finished run of the same configuration is kept."""
        if not self.finished:
            summary = {"stopped": f"failed: {message}", "iterations": len(history), "run": str(self.path)}
            self._replace(lambda folder: self._common(folder, history, summary))
        return self.path

    @property
    def finished(self) -> bool:
        """Whether the folder holds a solve that ended well: its weights are there."""
        return (self.path / "network.safetensors").is_file()

    def _common(self, folder: Path, history: Iterable[Any], summary: Mapping[str, Any]) -> None:
        """Write what every run leaves, failed or not."""
        import tomli_w

        (folder / "config.toml").write_text(tomli_w.dumps(self.config), encoding="utf-8")
        _json(folder / "environment.json", environment())
        lines = (json.dumps(finite(dataclasses.asdict(record)), allow_nan=False) for record in history)
        (folder / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        _json(folder / "summary.json", summary)

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
            self._restore()
            shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)

    def _unwritable(self, error: OSError) -> InputError:
        return InputError(f"cannot write the run folder {self.path}: {error.strerror or error}")

    def _restore(self) -> None:
        """Put back the last good state where a kill fell between the two renames."""
        kept = sorted(self.path.parent.glob(f".{self.path.name}.old-*"), key=os.path.getmtime)
        if kept and not self.path.exists():
            kept[-1].rename(self.path)


def _json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(finite(data), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def _weights(folder: Path, state: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    """Write the weights twice: safetensors for other tools, state.pt for torch, neither of them a pickle of code."""
    import torch
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
    save_file(tensors, folder / "network.safetensors", metadata={"config": json.dumps(config)})
    torch.save({"weights": tensors, "config": dict(config)}, folder / "state.pt")
