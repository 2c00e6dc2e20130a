"""Table of a study: a labelled row for each problem and method, and the statistical significance of differences."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from math import inf, isinf
from typing import Any

from kinn.experiments.results import DONE, FAILURE, RunResult
from kinn.experiments.statistics import Comparison, Quartiles, compare, holm_correction, quartiles, time_to_threshold

#: The default error thresholds.
THRESHOLDS = (1e-2, 1e-3, 1e-4)

#: Keys of a configuration that are no settings of a method.
_NO_METHOD = ("problem", "seed")

#: Prefixes of settings that labels omit.
_PREFIX = re.compile(r"(network|optimizer|problem)\.(settings\.)?")


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


def comparison_lines(table: Sequence[Row]) -> list[str]:
    """The comparisons as sentences."""
    return [f"{problem}: {comparison.describe(*methods)}" for problem, *methods, comparison in comparisons(table)]


def columns(table: Sequence[Row], thresholds: Sequence[float] = THRESHOLDS) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of a table for reading: medians, with quartiles in parentheses."""
    fields = dict.fromkeys(name for row in table for name in row.fields)
    time = "CPU time" if all(run.config.get("clock") == "cpu" for row in table for run in row.runs) else "time"
    reached = [t for t in thresholds if any(row.time_to_threshold(t)[1] for row in table)]
    cells: dict[str, Callable[[Row], str]] = {
        "problem": lambda row: row.problem,
        "network": lambda row: row.method,
        "parameters": lambda row: format_quartiles(row.value("parameters"), ".0f"),
        **{f"L2 of {name}": partial(_format_error, field=name) for name in fields},
        **{f"{time} to {threshold:.0e} (s)": partial(_format_time, threshold=threshold) for threshold in reached},
        f"{time} (s)": lambda row: format_quartiles(row.value("seconds"), ".1f"),
        "iterations": lambda row: format_quartiles(row.value("iterations"), ".0f"),
        "failed": lambda row: f"{len(row.failures)} of {len(row.runs)}",
    }
    return list(cells), [[cell(row) for cell in cells.values()] for row in table]


def format_quartiles(values: Quartiles, spec: str) -> str:
    """A median, with the quartiles where they differ; "-" for a value that is not finite."""
    lower, median, upper = (f"{value:{spec}}" if not isinf(value) else "-" for value in values)
    return median if lower == upper else f"{median} ({lower} to {upper})"


def _format_error(row: Row, field: str) -> str:
    return format_quartiles(row.error(field), ".1e") if field in row.fields or not row.successes else ""


def _format_time(row: Row, threshold: float) -> str:
    times, count = row.time_to_threshold(threshold)
    if count == len(row.runs):
        return format_quartiles(times, ".1f")
    return f"{count} of {len(row.runs)}" + ("" if isinf(times.median) else f": {times.median:.1f}")


def row_labels(configs: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Label of the problem and label of the method of each of several runs.

    A problem's label has the settings in which runs of that problem differ; a method's label has the network, the form
    and the optimizer unless they are equal in all runs, and the settings in which runs of that label on one problem differ.
    """
    flat = [_flatten(config) for config in configs]
    names = [c["problem"]["name"] for c in configs]
    problem_settings = [{k: v for k, v in f.items() if k.startswith("problem.")} for f in flat]
    problems = _with_differences([(name,) for name in names], problem_settings)
    methods = [{k: v for k, v in f.items() if k.split(".")[0] not in _NO_METHOD} for f in flat]
    kinn_methods = [method for method in methods if "baseline" not in method]
    keys = ["baseline", "network.name"]
    keys += [key for key in ("form", "optimizer.name") if kinn_methods and _varies(key, kinn_methods)]
    heads = [" ".join(str(method[key]) for key in keys if key in method) for method in methods]
    return list(zip(problems, _with_differences(list(zip(problems, heads, strict=True)), methods), strict=True))


def _with_differences(names: Sequence[tuple[str, ...]], settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """The last part of each name, with the settings in which those of the same name differ."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for name, values in zip(names, settings, strict=True):
        groups.setdefault(name, []).append(values)
    varying = {
        name: sorted(key for key in {key for values in group for key in values} if _varies(key, group))
        for name, group in groups.items()
    }
    return [
        " ".join(
            [name[-1], *(f"{_PREFIX.sub('', key)}={_text(values[key])}" for key in varying[name] if key in values)]
        )
        for name, values in zip(names, settings, strict=True)
    ]


def _varies(key: str, group: Sequence[Mapping[str, Any]]) -> bool:
    return any(other.get(key) != group[0].get(key) for other in group)


def _flatten(data: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, Mapping):
            out |= _flatten(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
