"""Table of a study: a row for each problem and method, and the statistical significance of differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isinf

from kinn.experiments.report.row_labels import row_labels
from kinn.experiments.results import DONE, FAILURE, RunResult
from kinn.experiments.statistics import Comparison, Quartiles, compare, holm_correction, quartiles, time_to_threshold

#: The default error thresholds.
THRESHOLDS = (1e-2, 1e-3, 1e-4)


@dataclass(frozen=True)
class Row:
    """The seeds of one method on one problem.

    Attributes:
        problem: The label of the problem.
        method: The label of the method.
        runs: The runs that ended, well or not.
    """

    problem: str
    method: str
    runs: tuple[RunResult, ...]

    @property
    def successes(self) -> tuple[RunResult, ...]:
        """The runs that ended well."""
        return tuple(run for run in self.runs if run.status == DONE)

    @property
    def failures(self) -> tuple[RunResult, ...]:
        """The runs that failed."""
        return tuple(run for run in self.runs if run.status == FAILURE)

    @property
    def fields(self) -> list[str]:
        """The fields with known errors."""
        return list(dict.fromkeys(name for run in self.successes for name in run.errors))

    def error(self, field: str, norm: str = "l2") -> Quartiles:
        """Quartiles of an error, which is infinite for a failed run."""
        return quartiles(run.errors.get(field, {}).get(norm, inf) for run in self.runs)

    def value(self, name: str) -> Quartiles:
        """Quartiles of a number of the summary over the runs that ended well."""
        return quartiles(run.value(name) for run in self.successes) if self.successes else Quartiles(inf, inf, inf)

    @cached_property
    def error_histories(self) -> list[list[tuple[float, float]]]:
        """Seconds and errors of each run; empty for a failed one."""
        return [run.error_history() if run.status == DONE else [] for run in self.runs]

    def time_to_threshold(self, threshold: float) -> tuple[Quartiles, int]:
        """Quartiles of the seconds to an error threshold, and the number of runs that reached it."""
        times = [time_to_threshold(history, threshold) for history in self.error_histories]
        return quartiles(times), sum(not isinf(t) for t in times)

    @property
    def errors_by_seed(self) -> dict[int, float]:
        """The error of each run, by seed."""
        return {run.seed: run.error for run in self.runs}


def rows(results: Sequence[RunResult]) -> list[Row]:
    """Rows of the runs that have ended."""
    ended = [r for r in results if r.status in (DONE, FAILURE)]
    groups: dict[tuple[str, str], list[RunResult]] = {}
    for label, result in zip(row_labels([r.config for r in ended]), ended, strict=True):
        groups.setdefault(label, []).append(result)
    return [Row(*label, tuple(runs)) for label, runs in groups.items()]


def comparisons(table: Sequence[Row]) -> list[tuple[str, str, str, Comparison]]:
    """Problem, first method, other method and their comparison, for each problem and each method after its first.

    The p-values are corrected for the number of comparisons.
    """
    out: list[tuple[str, str, str, Comparison]] = []
    for problem in dict.fromkeys(row.problem for row in table):
        # a discretisation has no seeds to pair
        first, *others = [row for row in table if row.problem == problem and not any(r.discretised for r in row.runs)]
        out += [
            (problem, first.method, row.method, compare(first.errors_by_seed, row.errors_by_seed)) for row in others
        ]
    corrected = holm_correction([comparison.p for *_, comparison in out])
    return [(*names, replace(c, p=p)) for (*names, c), p in zip(out, corrected, strict=True)]  # type: ignore[misc]


def columns(table: Sequence[Row], thresholds: Sequence[float] = THRESHOLDS) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of a table for reading: medians, with quartiles in parentheses."""
    fields = list(dict.fromkeys(name for row in table for name in row.fields))
    time = "CPU time" if all(run.config.get("clock") == "cpu" for row in table for run in row.runs) else "time"
    reached = [t for t in thresholds if any(row.time_to_threshold(t)[1] for row in table)]
    headings = [
        "problem",
        "network",
        "parameters",
        *(f"L2 of {name}" for name in fields),
        *(f"{time} to {threshold:.0e} (s)" for threshold in reached),
        f"{time} (s)",
        "iterations",
        "failed",
    ]
    cells = [
        [
            row.problem,
            row.method,
            format_quartiles(row.value("parameters"), ".0f"),
            *(
                format_quartiles(row.error(name), ".1e") if name in row.fields or not row.successes else ""
                for name in fields
            ),
            *(_format_time(row, threshold) for threshold in reached),
            format_quartiles(row.value("seconds"), ".1f"),
            format_quartiles(row.value("iterations"), ".0f"),
            f"{len(row.failures)} of {len(row.runs)}",
        ]
        for row in table
    ]
    return headings, cells


def format_quartiles(values: Quartiles, spec: str) -> str:
    """A median, with the quartiles where they differ; "-" for a value that is not finite."""
    lower, median, upper = (f"{value:{spec}}" if not isinf(value) else "-" for value in values)
    return median if lower == upper else f"{median} ({lower} to {upper})"


def _format_time(row: Row, threshold: float) -> str:
    times, count = row.time_to_threshold(threshold)
    if count == len(row.runs):
        return format_quartiles(times, ".1f")
    return f"{count} of {len(row.runs)}" + ("" if isinf(times.median) else f": {times.median:.1f}")
