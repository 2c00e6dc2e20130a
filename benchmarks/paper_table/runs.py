"""Runs of a store by network, and their errors in the norms of the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import hypot, inf

from kinn.experiments.results import DONE, FAILURE, RunResult
from kinn.experiments.statistics import time_to_threshold
from paper_table.records import Record


def of_record(record: Record, results: Iterable[RunResult]) -> dict[str, list[RunResult]]:
    """Return the runs of a record by network, failed runs included and baselines excluded."""
    runs: dict[str, list[RunResult]] = {}
    for run in results:
        problem = run.config["problem"]
        matches = (problem["name"], run.config["form"]) == (record.problem, record.form)
        settings = {name: str(value) for name, value in problem["settings"].items()}
        ended = run.status in (DONE, FAILURE) and "baseline" not in run.config
        if matches and ended and all(settings.get(k) == v for k, v in record.settings.items()):
            runs.setdefault(run.config["network"]["name"], []).append(run)
    return runs


def error(record: Record, run: RunResult) -> float:
    """Return the error of a run in the norm of a record; infinite where it failed or is not measured."""
    if run.status != DONE:
        return inf
    if record.of == "constants":
        known = [u["error"] for u in run.summary.get("unknowns", {}).values() if u["error"] is not None]
        return max(known, default=inf)
    return joint(record, {name: run.errors[name].get(record.norm, inf) for name in fields(record, run)})


def joint(record: Record, errors: Mapping[str, float]) -> float:
    """Return the error of all fields together: the largest, or that of the displacement as a vector."""
    if record.of != "displacement":
        return max(errors.values(), default=inf)
    size = sizes(record.problem)
    return hypot(*(e * size[name] for name, e in errors.items())) / hypot(*(size[name] for name in errors))


@cache
def sizes(problem: str) -> dict[str, float]:
    """Return the norms of the exact fields of a problem on its evaluation grid."""
    import numpy as np

    from kinn import problems
    from kinn.metrics import evaluation_points, reference_values

    made = problems.get(problem)
    return {name: float(np.linalg.norm(v)) for name, v in reference_values(made, evaluation_points(made)).items()}


def fields(record: Record, run: RunResult) -> list[str]:
    """Return the fields of a record's error: the one named, or those measured during training."""
    if record.of and record.of != "displacement":
        return [name for name in run.errors if name == record.of]
    measured = dict.fromkeys(name for entry in run.history() for name in entry.get("errors", {}))
    return [name for name in run.errors if name in measured] or list(run.errors)[:1]


def seconds(record: Record, run: RunResult, threshold: float) -> tuple[float, bool]:
    """Return the time after which the error of a run was first below a threshold, infinite where it never was.

    The L2 errors of fields are measured during training, all others at the end only. Then the time is an upper bound, and the
    second value is True.
    """
    last = (run.value("seconds"), error(record, run))
    if record.of not in ("", "displacement") or record.norm != "l2":
        return time_to_threshold([last], threshold), True
    names = fields(record, run)
    measured = [
        (entry["seconds"], joint(record, {name: e for name, e in entry["errors"].items() if name in names}))
        for entry in run.history()
        if any(name in names for name in entry.get("errors", {}))
    ]
    return time_to_threshold([*measured, last], threshold), False


def clocks(results: Sequence[RunResult]) -> str:
    """Return the clock by which the times of runs were measured."""
    found = {run.config.get("clock", "wall") for run in results}
    return {frozenset({"cpu"}): "CPU time", frozenset({"wall"}): "wall-clock time"}.get(
        frozenset(found), "of both clocks"
    )
