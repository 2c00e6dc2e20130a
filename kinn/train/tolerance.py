"""Training to a tolerance: it ends once the estimated error of the fields is below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import log2

from kinn.train.callbacks import Callback
from kinn.train.error_estimate import estimate_error
from kinn.train.state import StopReason, TrainingState

#: The share of the work of the last estimate that one during training takes: there are many of these.
CHECK_SHARE = 0.3


class ToleranceCheck(Callback):
    """Estimates the error whenever the work of the solve has doubled, and ends training where it is below the tolerance.

    What a cheap estimate says is confirmed by one like that of the solution.

    Args:
        tolerance: The relative L2 error of every field.
        seed: Fixes points and features of the estimates.
        now: The clock.
    """

    def __init__(self, tolerance: float, *, seed: int, now: Callable[[], float]) -> None:
        self.tolerance, self.seed, self.now = tolerance, seed, now

    def on_validation(self, state: TrainingState) -> None:
        before = sum(result.work for result in state.stage.completed)
        earlier = next((e.detail["work"] for e in reversed(state.history[:-1]) if e.validation is not None), 0.0)
        work = before + state.work
        if int(log2(1.0 + before + earlier)) == int(log2(1.0 + work)):
            return
        result = state.result(StopReason.TOLERANCE_MET)
        state.stage.trial.flat.set(result.theta)
        estimate = partial(estimate_error, state.stage.trial, [result], seed=self.seed, now=self.now)
        first = estimate(work=CHECK_SHARE * work, least_work=0.0)
        if first is None or not first.meets(self.tolerance):
            return
        second = estimate(work=work)
        if second is not None and second.meets(self.tolerance):
            state.stop(StopReason.TOLERANCE_MET)
