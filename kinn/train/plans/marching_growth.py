"""Growth that turns to time marching where one network of all time stays far from solved.

Over a long time training may find fields that have not come from the initial state, or the ones that have after very many
steps; see `time_marching`. A network that grows shows soon which of the two it is: what is left of the budget then goes to
windows of time, and whichever solves its equations better is the solution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from math import inf, log, pow
from statistics import median
from typing import Any

from kinn.errors import InputError
from kinn.fields import TIME
from kinn.forms import DomainTrial, TrialFunctions
from kinn.problem import Problem
from kinn.train.loop import StoppingCriteria
from kinn.train.plans.growth import PASSING, TRAIN, TRAINING_SHARE, Growth, Level
from kinn.train.plans.time_marching import TimeMarching
from kinn.train.plans.transferred_data import conditions_of
from kinn.train.state import StopReason, TrainingResult

#: The lever of a stage that solves a window of time.
WINDOW = "window"

#: Windows follow where after this share of the budget the loss is not on its way to below the first at its end.
MARCHED_LOSS, TRIED_SHARE = 1e-6, 0.25

#: The number of windows, and the points of each for a parameter and field.
WINDOWS, POINTS_OF_WINDOWS = 4, 2.5

#: Reasons to end a window that another may follow; its budget is a share of that of the solve.
WINDOW_ENDS = (*PASSING, StopReason.BUDGET, StopReason.TOLERANCE_MET, StopReason.LOSS_IS_ZERO)


class MarchingGrowth(Growth):
    """Lets a network grow, and solves windows of time instead where it stays far from solved."""

    marching: TimeMarching | None = None
    marched = False

    @property
    def final_stages(self) -> list[int]:
        return self._stages(WINDOW) if self.marched else super().final_stages

    def fields(self) -> Any:
        return self.marching.fields() if self.marching is not None and self.marched else super().fields()

    def continues(self, results: Sequence[TrainingResult]) -> bool:
        continues = super().continues(results)
        self.marched = not continues and self._windows_are_better(results)
        return continues

    def limits(self, stopping: StoppingCriteria, results: Sequence[TrainingResult]) -> StoppingCriteria:
        limits, lever = super().limits(stopping, results), self.levels[len(results)].lever
        if lever == WINDOW:  # which is trained to the end of its share: those after it depend on it
            left = WINDOWS - len(self._stages(WINDOW)[:-1])
            most = None if limits.iterations is None else max(1, limits.iterations // left)
            share = replace(limits, budget=limits.budget / left, iterations=most)
            return replace(share, work=inf, progress_work=inf, overfit=inf)
        tried = self._stages(TRAIN) == [len(results)] and self._may_march(results[-1])
        return replace(limits, work=TRIED_SHARE * self.work) if tried else limits

    def build(self, stage: int) -> TrialFunctions:
        if self.levels[stage].lever != WINDOW:
            return super().build(stage)
        assert self.marching is not None
        return self.marching.trial(self._stages(WINDOW).index(stage))

    def _next(self, results: Sequence[TrainingResult]) -> Level | None:
        if self.levels[-1].lever != WINDOW:
            return super()._next(results)
        windows = self._stages(WINDOW)
        if results[-1].stopped not in WINDOW_ENDS or len(windows) == WINDOWS:
            return None
        if len(windows) == 1 or self._is_better(results, windows[-1:]):
            return self._window()
        tried = self._stages(TRAIN)[0]
        return replace(self.levels[tried], parent=tried)

    def _lever(self, results: Sequence[TrainingResult]) -> Level | None:
        tried = self._stages(TRAIN) == [len(results) - 1]
        marches = tried and self._forecast(results) > MARCHED_LOSS and self._may_march(results[-1])
        return self._window() if marches else super()._lever(results)

    def _forecast(self, results: Sequence[TrainingResult]) -> float:
        """Loss at the end of the budget, by the power of the work with which the second half of the last stage falls."""
        last, before = results[-1], sum(result.work for result in results[:-1])
        half = next((entry for entry in last.history if entry.detail["work"] >= last.work / 2), None)
        if half is None or half is last.history[-1] or last.history[-1].loss <= 0:
            return last.validation
        power = log(half.loss / last.history[-1].loss) / log((before + last.work) / (before + half.detail["work"]))
        return last.validation * pow(TRAINING_SHARE * self.work / (before + last.work), -power)

    def _window(self) -> Level:
        """The next window of time."""
        architecture = self.levels[self._stages(TRAIN)[0]].architecture
        if self.marching is None:
            self.marching = TimeMarching(self.problem, partial(self.build_trial, architecture=architecture), WINDOWS)
        return Level(WINDOW, architecture, self._points(architecture, POINTS_OF_WINDOWS))

    def _may_march(self, result: TrainingResult) -> bool:
        """Whether a problem that is not linear can be solved in windows of time."""
        trial = result.objective.trial
        return not result.objective.affine and isinstance(trial, DomainTrial) and can_march(self.problem, trial)

    def _windows_are_better(self, results: Sequence[TrainingResult]) -> bool:
        """Whether all windows are trained and solve their equations better than a network of all time."""
        windows = self._stages(WINDOW)
        return len(windows) == WINDOWS and self._is_better(results, windows)

    def _is_better(self, results: Sequence[TrainingResult], windows: Sequence[int]) -> bool:
        """Whether the median loss of windows is below that of all time; the first may bear data that disagree at corners."""
        before = results[: self._stages(WINDOW)[0]]
        whole = self._compared(self._best(before), results, self._stages(TRAIN)[0])
        return median(results[n].validation for n in windows) < whole


def can_march(problem: Problem, trial: DomainTrial) -> bool:
    """Whether the time of a problem can be cut, which trial functions of it help to tell."""
    if TIME not in problem.coordinates or len(problem.subdomains) > 1 or problem.unknowns:
        return False
    try:
        marching = TimeMarching(problem, lambda problem, **_: trial, 2)
        conditions_of(problem, (marching.instants[1], marching.instants[2]), last=True, previous=trial)
    except InputError:
        return False
    return True
