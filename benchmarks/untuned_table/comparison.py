"""Runs of a row compared with the tuned result, the estimates and the tolerances."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from untuned_table.rows import Row, Tuned, field_value

Result = Mapping[str, Any]

#: An untuned error counts as equal to the tuned one up to this factor, its seconds up to the other.
ERROR_FACTOR, TIME_FACTOR = 5.0, 1.5

#: An estimate is good within this factor of the true error, and must not fall below it by more than the other.
ESTIMATE_FACTOR, UNDERESTIMATE = 5.0, 30.0

#: Scaled errors agree within this factor.
SCALE_FACTOR = 2.0

#: The true error of a converged run may exceed the tolerance by this factor.
TOLERANCE_FACTOR = 2.0


@dataclass(frozen=True)
class Line:
    """Runs of one problem by one network, one for each seed."""

    row: Row
    network: str
    runs: Sequence[Result]
    tuned: Tuned | None = None

    @property
    def finished(self) -> list[Result]:
        """The runs that did not fail."""
        return [run for run in self.runs if "failed" not in run]

    @cached_property
    def error(self) -> float | None:
        """Median error."""
        return median(self.row.error(run) for run in self.runs)

    @cached_property
    def seconds(self) -> float | None:
        """Median CPU seconds of the solve."""
        return median(run["seconds"] for run in self.finished)

    @cached_property
    def reached(self) -> bool | None:
        """Whether the error is as low as the tuned one; None where either is unknown."""
        if self.error is None or self.tuned is None:
            return None
        return self.error <= ERROR_FACTOR * self.tuned.error

    @cached_property
    def time_to_reach(self) -> float | None:
        """Median CPU seconds until the error is as low as the tuned one, where every run tells."""
        if not self.reached:
            return None
        assert self.tuned is not None
        times = [time_to_reach(self.row, run, ERROR_FACTOR * self.tuned.error) for run in self.runs]
        known = [time for time in times if time is not None]
        return median(known) if len(known) == len(times) else None

    @property
    def in_time(self) -> bool | None:
        """Whether the tuned error is reached in time; the seconds of the solve count where the history tells none."""
        if not self.reached:
            return self.reached
        assert self.tuned is not None
        seconds = self.seconds if self.time_to_reach is None else self.time_to_reach
        return seconds is not None and seconds <= TIME_FACTOR * self.tuned.seconds

    @cached_property
    def estimates(self) -> list[float]:
        """Estimates of the field's error, of the runs that have one."""
        return [value for run in self.finished if (value := estimate(self.row, run)) is not None]

    @cached_property
    def estimate_ratios(self) -> list[tuple[float, bool]]:
        """Estimate over true error, and whether the estimate calls itself reliable."""
        return [
            (ratio, bool(run["estimate"]["reliable"]))
            for run in self.finished
            if (ratio := estimate_ratio(self.row, run)) is not None
        ]


def lines_of(
    rows: Iterable[Row], networks: Iterable[str], runs: Iterable[Result], tuned: Mapping[tuple[str, str], Tuned]
) -> list[Line]:
    """Lines of rows, without runs where none is stored."""
    found: dict[tuple[str, str], list[Result]] = {}
    for run in runs:
        found.setdefault((run["problem"], run["network"]), []).append(run)
    networks = tuple(networks)
    return [
        Line(row, network, found.get((row.problem, network), []), tuned.get((row.tuned, network)))
        for row in rows
        for network in networks
    ]


def median(values: Iterable[float]) -> float | None:
    """Median, None of no values."""
    values = list(values)
    return statistics.median(values) if values else None


def time_to_reach(row: Row, run: Result, error: float) -> float | None:
    """CPU seconds after which a field's error was first at most `error`; None where the history does not tell."""
    if row.constants or "failed" in run:
        return None
    name = row.of or next(iter(run["errors"]), "")
    return next((seconds for seconds, errors in run["progress"] if errors.get(name, math.inf) <= error), None)


def estimate(row: Row, run: Result) -> float | None:
    """Estimated error of the field of a row, the first one where the row is about constants."""
    if run["estimate"] is None:
        return None
    value = field_value(run["estimate"]["l2"], row.of, math.nan)
    return value if math.isfinite(value) else None


def estimate_ratio(row: Row, run: Result) -> float | None:
    """Estimate over true error of the same field."""
    value, error = estimate(row, run), field_value(run["errors"], row.of, math.nan)
    return value / error if value is not None and error > 0 else None


def within(ratio: float, factor: float) -> bool:
    """Whether a ratio is 1 up to a factor."""
    return 1 / factor <= ratio <= factor


def largest_error(run: Result) -> float:
    """Largest error of all fields of a run."""
    return math.inf if "failed" in run else max(run["errors"].values(), default=math.inf)
