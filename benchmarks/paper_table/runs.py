"""Runs of a store, grouped by network, and their errors as the records measure them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import hypot, inf

from kinn.experiments.results import DONE, FAILURE, RunResult
from kinn.experiments.statistics import seconds_to
from paper_table.records import Record


def of_record(record: Record, results: Iterable[RunResult]) -> dict[str, list[RunResult]]:
    """Return the runs that a record is about, those that failed included and those of other libraries not, by network."""
    found: dict[str, list[RunResult]] = {}
    for run in results:
        problem = run.config["problem"]
        named = (problem["name"], run.config["form"]) == (record.problem, record.form)
        settings = {name: str(value) for name, value in problem["settings"].items()}
        ended = run.status in (DONE, FAILURE) and "peer" not in run.config
        if named and ended and all(settings.get(k) == v for k, v in record.settings.items()):
            found.setdefault(run.config["network"]["name"], []).append(run)
    return found


def error(record: Record, run: RunResult) -> float:
    """Return the error of a run as a record measures it; infinite where it failed, or has none of the kind."""
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
    """Return the norms of the true fields of a problem on its evaluation grid."""
    import numpy as np

    from kinn import problems
    from kinn.metrics import evaluation_points, reference_values

    made = problems.get(problem)
    return {name: float(np.linalg.norm(v)) for name, v in reference_values(made, evaluation_points(made)).items()}


def fields(record: Record, run: RunResult) -> list[str]:
    """Return the fields whose error a record is about: one that is named, or those that training watches."""
    if record.of and record.of != "displacement":
        return [name for name in run.errors if name == record.of]
    watched = dict.fromkeys(name for entry in run.history() for name in entry.get("errors", {}))
    return [name for name in run.errors if name in watched] or list(run.errors)[:1]


def seconds(record: Record, run: RunResult, accuracy: float) -> tuple[float, bool]:
    """Return the seconds after which the error of a run was first at most an accuracy, infinite where it never was.

    Errors are measured while training goes on, of fields in the L2 norm; of all else at the end alone, whose seconds are then
    an upper bound: the second value says so.
    """
    last = (run.figure("seconds"), error(record, run))
    if record.of not in ("", "displacement") or record.norm != "l2":
        return seconds_to([last], accuracy), True
    own = fields(record, run)
    watched = [
        (entry["seconds"], joint(record, {name: e for name, e in entry["errors"].items() if name in own}))
        for entry in run.history()
        if any(name in own for name in entry.get("errors", {}))
    ]
    return seconds_to([*watched, last], accuracy), False


def clocks(results: Sequence[RunResult]) -> str:
    """Return by which clock the seconds of runs were counted."""
    found = {run.config.get("clock", "wall") for run in results}
    return {frozenset({"cpu"}): "the processor's", frozenset({"wall"}): "the clock's"}.get(
        frozenset(found), "of both clocks"
    )
