"""The page: medians over seeds, targets, and settings."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from typing import Any

from accuracy_table.rows import Row

Results = Mapping[tuple[str, str, int], Mapping[str, Any]]

HEAD = """| problem | network | parameters | seeds | relative L2, median | range | iterations | CPU s | target |
|---|---|---|---|---|---|---|---|---|
"""


def section(rows: list[Row], results: Results) -> str:
    """Return the section of the page with the measured rows."""
    runs = {row: row_runs for row in rows if (row_runs := runs_of(row, results))}
    table = HEAD + "\n".join(line for row, row_runs in runs.items() for line in lines(row, row_runs))
    every = (run for row_runs in runs.values() for repeats in row_runs.values() for run in repeats)
    environments = sorted({run["environment"] for run in every})
    return f"""Measured by `make accuracy` on {"; ".join(environments)}.

{table}

Settings (networks, interior collocation points, weight of the PDE's mean square relative to the conditions, budget):

{architectures(list(runs))}"""


def runs_of(row: Row, results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """Return the runs of a row by network."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for (label, network, _), result in sorted(results.items()):
        if label == row.label and network in row.targets:
            out.setdefault(network, []).append(result)
    return out


def lines(row: Row, runs: Mapping[str, list[Mapping[str, Any]]]) -> list[str]:
    """Return the lines of a row, given the runs of each network."""
    medians = {network: statistics.median(run["error"] for run in repeats) for network, repeats in runs.items()}
    best = min(medians, key=lambda network: medians[network])
    targets = {**row.targets} | ({best: row.best} if row.best is not None else {})
    return [line(row, network, repeats, targets[network]) for network, repeats in runs.items()]


def line(row: Row, network: str, runs: list[Mapping[str, Any]], target: float | None) -> str:
    """Return one line of the table."""
    errors = sorted(run["error"] for run in runs)
    median = statistics.median(errors)
    seconds = statistics.median(run["cpu_seconds"] for run in runs)
    result = "-" if target is None else f"{target:.0e} " + ("reached" if median <= target else "not reached")
    if row.best is not None and target is not None:
        result += " (best)"
    if seconds > row.within:
        result += f", over {row.within} s"
    if failures := sum(math.isinf(error) for error in errors):
        result += f", {failures} of {len(runs)} failed"
    finished = [run for run in runs if "failed" not in run]
    parameters = finished[0]["parameters"] if finished else "-"
    iterations = f"{statistics.median(run['iterations'] for run in finished):.0f}" if finished else "-"
    return (
        f"| {row.label} | {network} | {parameters} | {len(runs)} | {median:.1e} | {errors[0]:.1e} to {errors[-1]:.1e} "
        f"| {iterations} | {seconds:.0f} | {result} |"
    )


def architectures(rows: list[Row]) -> str:
    """Return the default networks, points and budgets as a list."""
    from kinn.arguments import resolve_network
    from kinn.runs.problem_loader import find_problem

    lines = []
    for row in rows:
        _, made = find_problem(row.problem).build(dict(s.split("=") for s in row.settings))
        d = made.in_form(row.form).defaults
        points = f"{d.points} interior points"
        if not d.points:
            points = f"{d.points_per_parameter:g} interior points per parameter"
        networks = "; ".join(f"`{resolve_network(made.in_form(row.form), name)}`" for name in row.targets)
        windows = f"{d.time_windows} windows; " if d.time_windows and d.time_windows > 1 else ""
        weight = f"PDE weight {d.pde_weight:g};" if d.pde_weight else "PDE weight by default;"
        lines.append(f"- {row.label}: {networks}; {windows}{points}; {weight} {d.budget:g} s")
    return "\n".join(lines)
