"""Checkpoints: where a solve stands, written now and then so that a kill at any moment leaves the last good state.

A checkpoint is plain data and tensors; it is read with `weights_only=True`, so that nothing in it is ever executed.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kinn.errors import InputError
from kinn.train.state import TrainingState

#: What tells a checkpoint from other files, and its format from later ones.
FORMAT = "kinn checkpoint 1"

#: Seconds between two checkpoints.
EVERY = 10.0

#: Writing takes at most one part in so many of the time.
CHECKPOINT_COST_FRACTION = 50.0


class Checkpoints:
    """Keeps where a solve stands: often enough that little is lost, seldom enough that it costs nothing.

    Args:
        write: Writes one, in place of the one before; None to keep none.
        every: Seconds between two; more where writing takes long.
        before: What an earlier process kept, to go on from there.
    """

    def __init__(
        self,
        write: Callable[[dict[str, Any]], None] | None,
        *,
        every: float = EVERY,
        before: Mapping[str, Any] | None = None,
    ) -> None:
        self.write = write
        self.every = every
        self.before = before
        self.last: dict[str, Any] = {}
        self._due = 0.0

    @classmethod
    def in_file(
        cls, path: Path | str | None, config: Mapping[str, Any], before: Mapping[str, Any] | None = None
    ) -> Checkpoints:
        """Return checkpoints in a file, or none where there is no path.

        Args:
            path: The file.
            config: What is solved, and how.
            before: What an earlier process kept.
        """
        if path is None:
            return cls(None)
        place = Path(path)
        return cls(lambda data: write_checkpoint(place, {**data, "config": dict(config)}), before=before)

    @property
    def seconds_before(self) -> float:
        """The seconds of training that an earlier process spent."""
        if self.before is None:
            return 0.0
        return float(sum(leg["seconds"] for leg in self.before["done"]) + self.before["training"]["seconds"])

    def keep(self, make: Callable[[], dict[str, Any]], *, now: bool = False) -> None:
        """Write what `make` gives where it is time to, or `now`."""
        if self.write is None:
            return
        began = time.monotonic()
        if began < self._due and not now:
            return
        self.last = {"format": FORMAT, **make()}
        self.write(self.last)
        ended = time.monotonic()
        self._due = ended + max(self.every, CHECKPOINT_COST_FRACTION * (ended - began))


def write_checkpoint(path: Path, data: Mapping[str, Any]) -> None:
    """Write a checkpoint beside its place and move it there, so that no moment is without a whole one.

    Raises:
        InputError: If it cannot be written.
    """
    import torch

    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("wb") as file:
            torch.save(dict(data), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        raise InputError(f"cannot write the checkpoint {path}: {error.strerror or error}") from error


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return what a checkpoint holds.

    Raises:
        InputError: If there is none, or it is damaged, or from something else.
    """
    import torch

    if not path.is_file():
        raise InputError(f"no checkpoint at {path}")
    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for files that are cut short or hold something else
        raise InputError(f"{path} is no checkpoint, or a damaged one: it cannot be read") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else None
        what = f"it has format {found!r}" if found else "it comes from something else"
        raise InputError(f"{path} is no checkpoint of this version of KINN: {what}")
    return data


def standing_in(data: Mapping[str, Any], problem: str, parameters: int, fingerprint: float) -> TrainingState:
    """Return where training stood at a checkpoint.

    Args:
        data: What the checkpoint holds.
        problem: The name of the problem at hand.
        parameters: The number of its parameters.
        fingerprint: The loss at which its training begins: what tells one problem from another, whatever their names.

    Raises:
        InputError: If the checkpoint is of another problem, or lacks something.
    """
    try:
        standing, known = TrainingState.unpacked(data["training"]), float(data["fingerprint"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the checkpoint lacks what training needs to go on: {error}") from error
    if len(standing.best) != parameters:
        raise InputError(
            f"the checkpoint is of another problem or network: it has {len(standing.best)} parameters, "
            f"and problem {problem!r} has {parameters}"
        )
    if not math.isclose(known, fingerprint, rel_tol=1e-6):
        raise InputError(
            f"the checkpoint is of another problem: its training began at a loss of {known:.6g}, "
            f"and that of problem {problem!r} begins at {fingerprint:.6g}"
        )
    return standing
