"""Checkpoints: the state of a solve, written now and then so that a kill at any moment leaves the last good one.

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

import torch

from kinn.errors import InputError
from kinn.train.callbacks import Callback
from kinn.train.distributed import rank
from kinn.train.state import Stage, TrainingState

#: Tells a checkpoint from other files, and its format from others.
FORMAT = "kinn checkpoint 4"

#: Seconds between two checkpoints.
EVERY = 10.0

#: The time between two checkpoints is at least this multiple of the time that writing one takes.
CHECKPOINT_COST_FACTOR = 50.0


class Checkpoints(Callback):
    """Writes checkpoints: often enough that little is lost, seldom enough that it costs nothing.

    Args:
        write: Writes one, in place of the one before; None to write none.
        every: Seconds between two; more where writing takes long.
        saved: The contents of an earlier checkpoint, to resume from.
    """

    def __init__(
        self,
        write: Callable[[dict[str, Any]], None] | None,
        *,
        every: float = EVERY,
        saved: Mapping[str, Any] | None = None,
    ) -> None:
        self.write, self.every, self.saved = write, every, saved or {}
        self.last: dict[str, Any] = {}
        self._due = 0.0

    @classmethod
    def in_file(
        cls, path: Path | str | None, config: Mapping[str, Any], saved: Mapping[str, Any] | None = None
    ) -> Checkpoints:
        """Checkpoints in a file, with the configuration of the solve; None and all processes but the first write none."""
        if path is None or rank():
            return cls(None, saved=saved)
        return cls(lambda data: write_checkpoint(Path(path), {**data, "config": dict(config)}), saved=saved)

    @property
    def seconds_before(self) -> float:
        """The seconds of training before a resumption."""
        if not self.saved:
            return 0.0
        return float(sum(stage["seconds"] for stage in self.saved["completed"]) + self.saved["training"]["seconds"])

    def on_stage_start(self, state: TrainingState) -> None:
        self.keep(lambda: contents(state))

    on_step = on_stage_start

    def on_stage_end(self, state: TrainingState) -> None:
        self.keep(lambda: contents(state), now=True)

    def keep(self, data: Callable[[], dict[str, Any]], *, now: bool = False) -> None:
        """Write the data of a checkpoint where one is due, or `now`."""
        if self.write is None:
            return
        began = time.monotonic()
        if began < self._due and not now:
            return
        self.last = {"format": FORMAT, **data()}
        self.write(self.last)
        ended = time.monotonic()
        self._due = ended + max(self.every, CHECKPOINT_COST_FACTOR * (ended - began))


def contents(state: TrainingState) -> dict[str, Any]:
    """Contents of a checkpoint: the stages that are completed, and the training of the present one."""
    return {
        "completed": [result.pack() for result in state.stage.completed],
        "training": state.pack(),
        "threads": torch.get_num_threads(),
    }


def write_checkpoint(path: Path, data: Mapping[str, Any]) -> None:
    """Write a checkpoint beside its place and move it there, so that there is a complete one at any moment.

    Raises:
        InputError: If it cannot be written.
    """
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
    """Contents of a checkpoint.

    Raises:
        InputError: If there is none, or it is damaged, or from something else.
    """
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


def restore_state(data: Mapping[str, Any], stage: Stage, initial_loss: float) -> TrainingState:
    """State of the training of a stage in the contents of a checkpoint.

    The loss at which its training begins tells one problem from another, whatever their names.

    Raises:
        InputError: If the checkpoint is of another problem, or lacks something.
    """
    try:
        state = TrainingState.unpack(data["training"], stage)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the checkpoint lacks what training needs to resume: {error}") from error
    name, parameters = stage.trial.problem.name, stage.trial.parameter_count
    if len(state.best_theta) != parameters:
        raise InputError(
            f"the checkpoint is of another problem or network: it has {len(state.best_theta)} parameters, "
            f"and problem {name!r} has {parameters}"
        )
    if not math.isclose(state.initial_loss, initial_loss, rel_tol=1e-6):
        raise InputError(
            f"the checkpoint is of another problem: its training began at a loss of {state.initial_loss:.6g}, "
            f"and that of problem {name!r} begins at {initial_loss:.6g}"
        )
    return state
