"""The errors of a solution that is known, measured while training goes on: what "seconds to an accuracy" rests on."""

from __future__ import annotations

import time
from functools import cached_property

import numpy as np
from torch import Tensor

from kinn.forms import TrialFunctions
from kinn.metrics import evaluation_points, reference_values
from kinn.problem import Array

#: The factor between the times of two measurements: a time to an accuracy is known to within a tenth.
GROWTH = 1.1

#: Measuring takes at most one part in so many of the time.
MONITOR_COST_FRACTION = 20.0


class ErrorMonitor:
    """Measures relative L2 errors of the present parameters now and then.

    Args:
        trial: The trial functions; its problem is that whose solution is known.
    """

    def __init__(self, trial: TrialFunctions) -> None:
        self.trial = trial
        self._due, self._warm = 0.0, False

    @cached_property
    def _known(self) -> tuple[Array, dict[str, Array]]:
        """The points (N, d) at which errors are measured, and the true values (N,) there by name."""
        points = evaluation_points(self.trial.problem)
        return points, reference_values(self.trial.problem, points)

    def __call__(self, theta: Tensor, seconds: float) -> dict[str, float]:
        """Return the errors at parameters (P,) by field, or nothing where it is not yet time to measure.

        Args:
            theta: The parameters; those of the trial functions are set to them.
            seconds: The training time so far.
        """
        if seconds < self._due:
            return {}
        points, true = self._known
        if not true:
            self._due = float("inf")
            return {}
        began = time.process_time()  # what else the machine does must not make measurements rare
        self.trial.flat.set(theta)
        values = self.trial.evaluate(points, list(true))
        out = {
            name: float(np.linalg.norm(column - exact) / np.linalg.norm(exact))
            for column, (name, exact) in zip(values.T, true.items(), strict=True)
        }
        cost = (
            MONITOR_COST_FRACTION * (time.process_time() - began) if self._warm else 0.0
        )  # the first may compile something
        self._due, self._warm = max(seconds * GROWTH, seconds + cost), True
        return {name: error for name, error in out.items() if np.isfinite(error)}
