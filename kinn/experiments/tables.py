"""The table of a study: a row for each problem and way to solve it, and what the differences are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isinf

from kinn.experiments.report.row_labels import labels
from kinn.experiments.results import DONE, FAILURE, RunResult
from kinn.experiments.statistics import Comparison, Spread, adjusted, compared, seconds_to, spread

#: The relative errors to which seconds are told where nobody asks for others.
ACCURACIES = (1e-2, 1e-3, 1e-4)


@dataclass(frozen=True)
class Row:
    """All seeds of one way to solve one problem.

    Attributes:
        problem: What to call the problem.
        way: What to call the way it was solved.
        runs: Those that ended, well or not.
    """

    problem: str
    way: str
    runs: tuple[RunResult, ...]

    @property
    def good(self) -> tuple[RunResult, ...]:
        """The runs that ended well."""
        return tuple(run for run in self.runs if run.status == DONE)

    @property
    def failures(self) -> tuple[RunResult, ...]:
        """The runs that failed."""
        return tuple(run for run in self.runs if run.status == FAILURE)

    @property
    def fields(self) -> list[str]:
        """What errors are known of."""
        return list(dict.fromkeys(name for run in self.good for name in run.errors))

    def error(self, field: str, norm: str = "l2") -> Spread:
        """Return the quartiles of an error; a run that failed has an infinite one."""
        return spread(run.errors.get(field, {}).get(norm, inf) for run in self.runs)

    def figure(self, name: str) -> Spread:
        """Return the quartiles of a figure of the summary, over the runs that ended well."""
        return spread(run.figure(name) for run in self.good) if self.good else Spread(inf, inf, inf)

    @cached_property
    def traces(self) -> list[list[tuple[float, float]]]:
        """Seconds and errors of each run; none of those that failed."""
        return [run.trace() if run.status == DONE else [] for run in self.runs]

    def seconds_to(self, accuracy: float) -> tuple[Spread, int]:
        """Return the quartiles of the seconds to an accuracy, and how many of the runs came to it."""
        times = [seconds_to(trace, accuracy) for trace in self.traces]
        return spread(times), sum(not isinf(t) for t in times)

    @property
    def by_seed(self) -> dict[int, float]:
        """The figure that stands for each run, by seed."""
        return {run.seed: run.error for run in self.runs}


def rows(results: Sequence[RunResult]) -> list[Row]:
    """Return the rows of a table of runs; those that have not ended are left out."""
    ended = [r for r in results if r.status in (DONE, FAILURE)]
    groups: dict[tuple[str, str], list[RunResult]] = {}
    for label, result in zip(labels([r.config for r in ended]), ended, strict=True):
        groups.setdefault(label, []).append(result)
    return [Row(*label, tuple(runs)) for label, runs in groups.items()]


def comparisons(table: Sequence[Row]) -> list[tuple[str, str, str, Comparison]]:
    """Return problem, first way, other way and their comparison, for each problem and each way after its first.

    The probabilities are corrected for the number of comparisons.
    """
    out: list[tuple[str, str, str, Comparison]] = []
    for problem in dict.fromkeys(row.problem for row in table):
        # without seeds of its own, a discretisation has nothing to pair
        first, *others = [row for row in table if row.problem == problem and not any(r.discretised for r in row.runs)]
        out += [(problem, first.way, row.way, compared(first.by_seed, row.by_seed)) for row in others]
    corrected = adjusted([comparison.p for *_, comparison in out])
    return [(*names, replace(c, p=p)) for (*names, c), p in zip(out, corrected, strict=True)]  # type: ignore[misc]


def columns(table: Sequence[Row], accuracies: Sequence[float] = ACCURACIES) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the cells of a table for reading: medians, with quartiles in parentheses."""
    fields = list(dict.fromkeys(name for row in table for name in row.fields))
    by_cpu = all(run.config.get("clock") == "cpu" for row in table for run in row.runs)
    levels = [a for a in accuracies if any(row.seconds_to(a)[1] for row in table)]
    heads = [
        "problem",
        "network",
        "parameters",
        *(f"L2 of {name}" for name in fields),
        *(f"{'CPU ' * by_cpu}s to {level:.0e}" for level in levels),
        f"{'CPU ' * by_cpu}seconds",
        "iterations",
        "failed",
    ]
    cells = [
        [
            row.problem,
            row.way,
            shown(row.figure("parameters"), ".0f"),
            *(shown(row.error(name), ".1e") if name in row.fields or not row.good else "" for name in fields),
            *(_reached(row, level) for level in levels),
            shown(row.figure("seconds"), ".1f"),
            shown(row.figure("iterations"), ".0f"),
            f"{len(row.failures)} of {len(row.runs)}",
        ]
        for row in table
    ]
    return heads, cells


def shown(quartiles: Spread, form: str) -> str:
    """Return a median, and the quartiles where they differ; "-" where it is not finite."""
    low, median, high = (f"{value:{form}}" if not isinf(value) else "-" for value in quartiles)
    return median if low == high else f"{median} ({low} to {high})"


def _reached(row: Row, level: float) -> str:
    quartiles, count = row.seconds_to(level)
    if count == len(row.runs):
        return shown(quartiles, ".1f")
    return f"{count} of {len(row.runs)}" + ("" if isinf(quartiles.median) else f": {quartiles.median:.1f}")
