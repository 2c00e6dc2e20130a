"""What the commands print of solutions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from json import dumps
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

from kinn.training.plain import finite

if TYPE_CHECKING:
    from kinn.solution import Solution


def show(table: Table) -> None:
    """Print a table on stdout, as wide as it is where no terminal limits it."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def report(solution: Solution, json: bool) -> None:
    """Print one solve: as a JSON object on one line, or as a table."""
    summary = solution.summary()
    if json:
        print(dumps(finite(summary), allow_nan=False))
    else:
        show(summary_table(summary))


def spread(values: Iterable[float], form: str) -> str:
    """Return the median of values, and their quartiles where they differ."""
    low, median, high = np.percentile(list(values), (25, 50, 75))
    return f"{median:{form}}" if low == high else f"{median:{form}} ({low:{form}} to {high:{form}})"


def summary_table(summary: Mapping[str, Any]) -> Table:
    """Return one solve, a line a figure."""
    table = Table("what", "value", show_header=False, box=None)
    table.add_row("problem", f"{summary['problem']}, {summary['form']} form")
    table.add_row("network", f"{summary['network']}, {summary['parameters']} parameters")
    table.add_row(
        "optimizer", f"{summary['optimizer']}, {summary['iterations']} iterations, {summary['seconds']:.1f} s"
    )
    table.add_row("stopped", str(summary["stopped"]))
    for field, errors in summary["errors"].items():
        figures = ", ".join(f"{norm} {value:.2e}" for norm, value in errors.items() if value is not None)
        table.add_row(f"error of {field}", figures)
    for name, found in summary["unknowns"].items():
        std = "" if found["std"] is None else f" +- {found['std']:.1g}"
        error = "" if found["error"] is None else f", relative error {found['error']:.1e}"
        table.add_row(name, f"{found['value']:.6g}{std}{error}")
    table.add_row("run", str(summary["run"]))
    return table


def comparison_table(title: str, rows: Mapping[str, Sequence[Solution]]) -> Table:
    """Return one problem, a line a network: medians over the seeds, quartiles in parentheses.

    Args:
        title: The problem.
        rows: The solutions of each network by its name, one a seed.
    """
    fields = sorted({field for solutions in rows.values() for solution in solutions for field in solution.errors})
    table = Table(
        "network", "parameters", *(f"relative L2 of {f}" for f in fields), "seconds", "iterations", title=title
    )
    for name, solutions in rows.items():
        if not solutions:
            table.add_row(name, "failed")
            continue
        table.add_row(
            name,
            spread((s.parameters for s in solutions), ".0f"),
            *(spread((s.errors[f].l2 for s in solutions), ".1e") for f in fields),
            spread((s.seconds for s in solutions), ".1f"),
            spread((s.iterations for s in solutions), ".0f"),
        )
    return table
