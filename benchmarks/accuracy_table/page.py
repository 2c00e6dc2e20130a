"""The page: medians over seeds, verdicts, and the settings behind them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from typing import Any

from accuracy_table.rows import Row

Results = Mapping[tuple[str, str, int], Mapping[str, Any]]

HEAD = """| problem | network | parameters | relative L2, median | least .. largest | iterations | CPU seconds | asked |
|---|---|---|---|---|---|---|---|
"""


def page(rows: list[Row], results: Results) -> str:
    """Return the documentation page, of the rows that were measured."""
    runs = {row: of for row in rows if (of := runs_of(row, results))}
    table = HEAD + "\n".join(line for row, of in runs.items() for line in lines(row, of))
    every = [run for of in runs.values() for these in of.values() for run in these]
    seeds = sorted({run["seed"] for run in every})
    machines = "; ".join(sorted({run["environment"] for run in every}))
    return f"""# Accuracy

Relative L2 error of the first field on the problem's evaluation grid (cell centres, 1000 in one coordinate, 100 x 100 in
two, 24 a coordinate in three; 20,000 Sobol points in more); of "constants" the largest relative error of an unknown
constant. float64, optimizer `auto`, seeds {", ".join(map(str, seeds))}. Each run is a process of its own on one thread,
`kinn solve NAME --network N --seed S --clock cpu --json`; seconds are the processor's for all of it, imports, figures and
files included, which on an idle machine are those of the clock. Measured by `make accuracy` on {machines}.

{table}

Each network is the problem's default for its kind; parameters are not matched here, `kinn compare` does that. Where
one of the two is the more accurate, the table says so: neither is tuned to look better than the other.

Settings (networks, interior collocation points, weight of the PDE's mean square where conditions have 1, budget):

{architectures(list(runs))}
"""


def runs_of(row: Row, results: Results) -> dict[str, list[Mapping[str, Any]]]:
    """Return the runs of a row by network."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for (label, network, _), result in sorted(results.items()):
        if label == row.label:
            out.setdefault(network, []).append(result)
    return out


def lines(row: Row, runs: Mapping[str, list[Mapping[str, Any]]]) -> list[str]:
    """Return the lines of a row, given the runs of each network."""
    medians = {network: statistics.median(run["error"] for run in these) for network, these in runs.items()}
    best = min(medians, key=lambda network: medians[network])
    asked = {"kan": row.kan, "mlp": row.mlp} | ({best: row.best} if row.best is not None else {})
    return [line(row, network, these, asked.get(network)) for network, these in runs.items()]


def line(row: Row, network: str, runs: list[Mapping[str, Any]], target: float | None) -> str:
    """Return one line of the table."""
    errors = sorted(run["error"] for run in runs)
    median = statistics.median(errors)
    seconds = statistics.median(run["cpu_seconds"] for run in runs)
    verdict = "report" if target is None else f"{target:.0e} " + ("reached" if median <= target else "not reached")
    if row.best is not None and target is not None:
        verdict = f"better of two: {verdict}"
    if seconds > row.within:
        verdict += f", over {row.within} s"
    if failures := sum(math.isinf(error) for error in errors):
        verdict += f", {failures} of {len(runs)} failed"
    ended = [run for run in runs if "failed" not in run]
    parameters = ended[0]["parameters"] if ended else "-"
    iterations = f"{statistics.median(run['iterations'] for run in ended):.0f}" if ended else "-"
    return (
        f"| {row.label} | {network} | {parameters} | {median:.1e} | {errors[0]:.1e} .. {errors[-1]:.1e} "
        f"| {iterations} | {seconds:.0f} | {verdict} |"
    )


def architectures(rows: list[Row]) -> str:
    """Return the default networks, points and budgets as a list."""
    from kinn import problems

    lines = []
    for row in rows:
        made = problems.factory(row.problem)(**dict(s.split("=") for s in row.settings)).in_form(row.form)
        d = made.defaults
        points = d.points or f"{d.per_parameter:g} a parameter"
        networks = "; ".join(f"`{n}`" for n in d.networks.values())
        slabs = f"{d.slabs} slabs; " if d.slabs and d.slabs > 1 else ""
        lines.append(
            f"- {row.label}: {networks}; {slabs}{points} interior points; PDE weight {d.pde_weight:g}; {d.budget:g} s"
        )
    return "\n".join(lines)
