"""Time marching: the time is cut into windows, each solved with a new network from the final state of the last.

Over a long time training finds fields that satisfy the equation late without having come from the initial state (Wang,
Sankaran and Perdikaris 2022, arXiv:2203.07404); over a short one it does not. The state at the end of a window is the
initial state of the next, so errors accumulate as in a time-stepping method.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from kinn.errors import InputError
from kinn.fields import TIME
from kinn.forms import DomainTrial, TrialFunctions
from kinn.geometry import Geometry, TimeInterval
from kinn.problem import Array, Problem
from kinn.train.plans.plan import TrainingPlan, TrialFactory
from kinn.train.plans.transferred_data import conditions_of

#: The tolerance of instants at which windows meet, as a fraction of the total time.
INSTANT_TOLERANCE = 1e-9


class TimeMarchingSolution:
    """Solutions of successive time windows as one; `instants` are where the windows begin and end, one more than windows."""

    def __init__(self, problem: Problem, trials: Sequence[TrialFunctions], instants: Sequence[float]) -> None:
        self.problem, self.trials, self.instants = problem, tuple(trials), np.asarray(instants)

    @property
    def parameter_count(self) -> int:
        """The number of parameters of all windows."""
        return sum(trial.parameter_count for trial in self.trials)

    def evaluate(self, points: Array, expressions: str | Iterable[str], *, subdomain: str | None = None) -> Array:
        """Fields and derivatives at points, each from the window of its time; see `TrialFunctions.evaluate`.

        At an instant where two windows meet it is the earlier one's.
        """
        names = expressions if isinstance(expressions, str) else list(expressions)
        x = np.asarray(points, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.problem.dimension:
            return self.trials[0].evaluate(x, names)  # which says what is wrong
        out = np.full(len(x) if isinstance(names, str) else (len(x), len(names)), np.nan)
        inner = self.instants[1:-1] + INSTANT_TOLERANCE * np.ptp(self.instants)
        window = np.searchsorted(inner, x[:, self.problem.coordinates.index(TIME)])
        for n, trial in enumerate(self.trials):
            rows = np.flatnonzero(window == n)
            out[rows] = trial.evaluate(x[rows], names, subdomain=subdomain)
        return out

    def state_dict(self) -> Mapping[str, Tensor]:
        """Weights by name, those of each window under its number."""
        states = (trial.state_dict() for trial in self.trials)
        return {f"windows.{n}.{name}": tensor for n, state in enumerate(states) for name, tensor in state.items()}


class TimeMarching(TrainingPlan):
    """Solves one time window after the other, all of equal length.

    Raises:
        InputError: If the problem has no time to cut, or a condition that cannot be transferred.
    """

    def __init__(self, problem: Problem, build_trial: TrialFactory, count: int) -> None:
        super().__init__(problem, build_trial, count)
        if count < 1:
            raise InputError(f"there is at least 1 time window, not {count}")
        if TIME not in problem.coordinates:
            raise InputError(f"problem {problem.name!r} has no time to cut into windows")
        if problem.unknowns:
            raise InputError(f"problem {problem.name!r} has unknowns, which belong to all time: it has no windows")
        axis = problem.coordinates.index(TIME)
        spans = {tuple(float(corner[axis]) for corner in g.bounds) for g in problem.subdomains.values()}
        if len(spans) != 1:
            raise InputError(f"the subdomains of problem {problem.name!r} last from different times to different times")
        ((begin, end),) = spans
        self.instants = [begin + (end - begin) * n / count for n in range(count)] + [end]

    def build(self, stage: int) -> TrialFunctions:
        """Trial functions of a window, which start from the final state of the last one."""
        previous = self.trials[-1] if self.trials else None
        assert previous is None or isinstance(previous, DomainTrial)
        return self.build_trial(window_problem(self.problem, self.instants, stage, previous=previous))

    def fields(self) -> TimeMarchingSolution:
        return TimeMarchingSolution(self.problem, self.trials, self.instants)

    def label(self, stage: int) -> str:
        return f"window {stage + 1}"


def window_problem(
    problem: Problem, instants: Sequence[float], number: int, *, previous: DomainTrial | None
) -> Problem:
    """Problem on one of the windows that some instants bound, from the final state of the trial functions before."""
    span, count = (instants[number], instants[number + 1]), len(instants) - 1
    windows = {name: _cut(geometry, span) for name, geometry in problem.subdomains.items()}
    domain = windows if isinstance(problem.domain, Mapping) else next(iter(windows.values()))
    conditions = conditions_of(problem, span, last=number == count - 1, previous=previous)
    defaults, draw = problem.defaults, problem.defaults.sampler
    if draw is not None:
        uncut = {id(windows[name]): geometry for name, geometry in problem.subdomains.items()}

        def sampler(geometry: Geometry, n: int, seed: int) -> Array:
            """Those of the problem's points that lie in the window, about n."""
            x = draw(uncut[id(geometry)], n * count, seed)
            t = x[:, problem.coordinates.index(TIME)]
            return np.asarray(x[(span[0] <= t) & (t <= span[1])])

        defaults = replace(defaults, sampler=sampler)
    return replace(problem, domain=domain, conditions=conditions, defaults=defaults, evaluation=None)


def _cut(geometry: Geometry, span: tuple[float, float]) -> Geometry:
    """Domain over a part of its time."""
    time = geometry if isinstance(geometry, TimeInterval) else getattr(geometry, "time", None)
    if not isinstance(time, TimeInterval):
        raise InputError(f"time windows need a shape times an interval of time, not {geometry!r}")
    part = TimeInterval(*span, name=time.name)
    space = getattr(geometry, "space", None)
    return part if space is None else space * part
