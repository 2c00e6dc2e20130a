"""Trajectories that leave their equation for a short while: a small loss says nothing of what follows.

A solution in time may leave its initial state at once, or follow its equation for a while and then drop onto a rest state,
where the equation holds again. The residual is large during a short time only, and its mean is small. Here it is compared
with the terms of the equation, interval by interval.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from kinn.errors import ProblemWarning
from kinn.fields import TIME, Field, Points
from kinn.forms import ResidualObjective
from kinn.forms.terms import Term
from kinn.jets import Component, Index
from kinn.train.state import TrainingResult

#: Equal intervals of the time span, and the first of these, divided again by 10 so often near the start.
INTERVALS, DECADES = 40, 3

#: Points in each interval.
POINTS = 24

#: The residual is as large as the terms of the equation above this share of them.
SHARE = 0.4

#: Intervals count in which a field changes by this share of its size, or the terms of the equation by this of theirs.
CHANGE = 0.05

#: A larger loss tells by itself that the equation is not met.
SMALL_LOSS = 3e-2


def warn_of_departures(results: Sequence[TrainingResult]) -> None:
    """Warn of the first interval in which a trained trajectory of small loss does not follow its equation."""
    for result in results:
        objective = result.objective
        if not isinstance(objective, ResidualObjective) or TIME not in objective.trial.problem.coordinates:
            continue
        objective.trial.flat.set(result.theta)
        for term, weight in zip(objective.terms, objective.mean_weights, strict=True):
            # the mean square of a term of little weight may be large where the loss is small
            small = term.interior and result.loss <= SMALL_LOSS * min(1.0, weight)
            if small and (found := _departure(objective, term)) is not None:
                start, end, share = found
                name = objective.trial.problem.name
                warnings.warn(
                    f"problem {name!r} has a small loss, but {term.name} is not met between {TIME} = {start:.3g} and "
                    f"{end:.3g}, where its residual is {share:.0%} of its terms: what follows starts from a wrong state; "
                    "take time windows, kinn.solve(..., time_windows=8), or more of them",
                    ProblemWarning,
                    stacklevel=3,
                )
                return


def _departure(objective: ResidualObjective, term: Term) -> tuple[float, float, float] | None:
    """First interval in which fields change and do not follow a term, with the residual's share there; None for none."""
    trial = objective.trial
    problem, (subdomain,) = trial.problem, term.subdomains
    geometry = problem.subdomains[subdomain]
    axis = problem.coordinates.index(TIME)
    lower, upper = (float(corner[axis]) for corner in geometry.bounds)
    x = np.asarray(geometry.sample(POINTS, seed=1))
    shares = (np.arange(POINTS) + 0.5) / POINTS
    for first, last in _intervals(lower, upper):
        x[:, axis] = first + (last - first) * shares
        ends = np.concatenate([x, x])
        ends[:POINTS, axis], ends[POINTS:, axis] = first, last
        values = trial.evaluate(ends, problem.names, subdomain=subdomain)
        changes = np.sqrt(np.nanmean((values[POINTS:] - values[:POINTS]) ** 2, axis=0))
        if not any(change > CHANGE * trial.size_of(n) for n, change in zip(problem.names, changes, strict=True)):
            continue
        residual, static = _residuals(objective, term, problem.points(torch.as_tensor(x, dtype=trial.dtype)))
        sizes = static.square().mean(dim=1).sqrt() + (residual - static).square().mean(dim=1).sqrt()
        # systems: one equation that hardly changes is not compared with its own rounding
        share = float((residual.square().mean(dim=1).sqrt() / sizes.clamp(min=float(sizes.max()) * CHANGE)).max())
        if share > SHARE:
            return first, last, share
    return None


def _intervals(lower: float, upper: float) -> Iterator[tuple[float, float]]:
    """Intervals of a time span, shorter ones near its start."""
    step = (upper - lower) / INTERVALS
    edges = [lower, *(lower + step * 10.0**-k for k in range(DECADES, 0, -1))]
    edges += [lower + n * step for n in range(1, INTERVALS + 1)]
    yield from itertools.pairwise(edges)


def _residuals(objective: ResidualObjective, term: Term, p: Points) -> tuple[Tensor, Tensor]:
    """Residuals (equations, N) of a term, and what they are without derivatives in time."""
    axis = objective.trial.problem.coordinates.index(TIME)

    def static(traces: Sequence[Mapping[str, Field]], q: Points) -> Sequence[Field]:
        return term.residual([{name: _without_rates(f, axis) for name, f in trace.items()} for trace in traces], q)

    terms = (replace(t, blocks=(p,), local_weight=None) for t in (term, replace(term, residual=static)))
    first, second = (ResidualObjective(objective.trial, [t]).residuals(objective.trial.flat.get())[0] for t in terms)
    return first.double(), second.double()


def _without_rates(field: Field, axis: int) -> Field:
    """Field whose derivatives along an axis are zero."""

    def component(a: Index) -> Component:
        return 0.0 if len(a) > axis and a[axis] else field[a]

    return Field(field.coordinates, component, field.name)
