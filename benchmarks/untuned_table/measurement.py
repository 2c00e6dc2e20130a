"""The solve of a run, in a process of its own, and what is stored of it."""

from __future__ import annotations

import resource
from typing import Any

import kinn
from kinn import Problem, Solution
from untuned_table.problems import untuned
from untuned_table.runs import Run
from untuned_table.scaled import SCALED

#: CPU seconds after which a process ends, as a multiple of the budget, and what is added for references and the set-up.
LIMIT_FACTOR, LIMIT_MARGIN = 3, 180


def problem_of(run: Run) -> Problem:
    """Problem of a run, without defaults."""
    if run.problem in SCALED:
        return SCALED[run.problem](run.length, run.size)
    return untuned(run.problem)


def limit_time(run: Run) -> None:
    """End this process where a run takes far longer than its budget."""
    limit = int(LIMIT_FACTOR * run.budget) + LIMIT_MARGIN
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))


def measure(run: Run) -> dict[str, Any]:
    """Solve, and return what is stored."""
    options = {} if run.tolerance is None else {"tolerance": run.tolerance}
    solution = kinn.solve(
        problem_of(run), run.network, budget=run.budget, clock="cpu", seed=run.seed, threads=1, **options
    )
    summary = solution.summary()
    return {
        "architecture": str(solution.network),
        "parameters": solution.parameters,
        "iterations": solution.iterations,
        "seconds": round(solution.seconds, 2),
        "stopped": str(solution.stopped),
        "converged": summary.get("converged"),
        "errors": {name: error.l2 for name, error in solution.errors.items()},
        "constants": {name: unknown.error for name, unknown in solution.unknowns.items()},
        "estimate": summary["estimate"],
        "progress": progress(solution),
    }


def progress(solution: Solution) -> list[tuple[float, dict[str, float]]]:
    """Seconds and errors of the fields at the steps at which one was measured that is lower than before."""
    lowest: dict[str, float] = {}
    steps = []
    for entry in solution.history:
        lower = {name: error for name, error in entry.errors.items() if error < lowest.get(name, float("inf"))}
        if lower:
            lowest |= lower
            steps.append((round(entry.seconds, 2), {name: float(f"{error:.3g}") for name, error in lower.items()}))
    return steps
