"""Callbacks: objects that follow a training, read its state and may stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from kinn.train.state import HistoryEntry, TrainingState


class Callback:
    """Follows a training; a subclass defines the methods that it needs.

    Each method takes the `TrainingState`: its `iteration`, `seconds`, `loss`, `validation`, `history` and
    `best_parameters()`; its `fields`, to be evaluated at the present parameters; and `stop("reason")`, which ends the
    training of the stage.
    """

    #: Whether the time that the callback takes counts as training time.
    counts_as_training: ClassVar[bool] = True

    def on_stage_start(self, state: TrainingState) -> None:
        """Called before the first step of a stage, or before the first one after a resumption."""

    def on_step(self, state: TrainingState) -> None:
        """Called after each step."""

    def on_validation(self, state: TrainingState) -> None:
        """Called after each step at which the loss at validation points was measured, before `on_step`."""

    def on_stage_end(self, state: TrainingState) -> None:
        """Called once a stage has stopped: a time window, a value of a curriculum, a member of an ensemble."""


class HistoryFunction(Callback):
    """Calls a function with the last history entry after each step."""

    def __init__(self, function: Callable[[HistoryEntry], None]) -> None:
        self.function = function

    def on_step(self, state: TrainingState) -> None:
        self.function(state.last_entry)
