"""Errors of a solution that is known, measured during training: the time to an error threshold rests on them."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np
from torch import Tensor

from kinn.forms import TrialFunctions
from kinn.metrics import evaluation_points, reference_values
from kinn.problem import Array
from kinn.train.callbacks import Callback
from kinn.train.state import TrainingState

#: The factor between the times of two measurements: a time to a threshold is known to within a tenth.
INTERVAL_GROWTH = 1.1

#: The time between two measurements is at least this multiple of the time that one takes.
MONITOR_COST_FACTOR = 20.0


class ErrorMonitor(Callback):
    """Measures relative L2 errors of the present parameters now and then, and enters them in the history."""

    counts_as_training: ClassVar[bool] = False

    def __init__(self, trial: TrialFunctions) -> None:
        self.trial = trial
        self._due, self._warm = 0.0, False

    @cached_property
    def _reference(self) -> tuple[Array, dict[str, Array]]:
        """Points (N, d) at which errors are measured, and the true values (N,) there by name."""
        points = evaluation_points(self.trial.problem)
        return points, reference_values(self.trial.problem, points)

    def on_step(self, state: TrainingState) -> None:
        if errors := self.measure(state.theta, state.seconds):
            state.history[-1] = replace(state.history[-1], errors=errors)

    def measure(self, theta: Tensor, seconds: float) -> dict[str, float]:
        """Errors by field at parameters (P,), which the trial functions take; none where it is not yet time to measure."""
        if seconds < self._due:
            return {}
        points, true = self._reference
        if not true:
            self._due = float("inf")
            return {}
        began = time.process_time()  # what else the machine does must not make measurements rare
        self.trial.flat.set(theta)
        values = self.trial.evaluate(points, list(true))
        errors = {
            name: float(np.linalg.norm(column - exact) / np.linalg.norm(exact))
            for column, (name, exact) in zip(values.T, true.items(), strict=True)
        }
        # the first measurement may compile something
        cost = MONITOR_COST_FACTOR * (time.process_time() - began) if self._warm else 0.0
        self._due, self._warm = max(seconds * INTERVAL_GROWTH, seconds + cost), True
        return {name: error for name, error in errors.items() if np.isfinite(error)}
