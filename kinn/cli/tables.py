"""What the commands print of solutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kinn.config import nan_to_null

if TYPE_CHECKING:
    from kinn.forms.objective import QuadratureCheck
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
        print(dumps(nan_to_null(summary), allow_nan=False))
    else:
        show(summary_table(summary, solution.quadrature))


def ruled(title: str, heads: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    """Return cells as a table; texts are shown as they are."""
    table = Table(*heads, title=title)
    for row in cells:
        table.add_row(*map(escape, row))
    return table


def summary_table(summary: Mapping[str, Any], quadrature: QuadratureCheck | None = None) -> Table:
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
    for field, errors in (summary["bem"] or {}).items():
        figures = ", ".join(f"{norm} {value:.2e}" for norm, value in errors.items() if value is not None)
        table.add_row(f"error of {field}, plain boundary elements", figures)
    for name, found in summary["unknowns"].items():
        std = "" if found["std"] is None else f" +- {found['std']:.1g}"
        error = "" if found["error"] is None else f", relative error {found['error']:.1e}"
        table.add_row(name, f"{found['value']:.6g}{std}{error}")
    if quadrature is not None:
        table.add_row("quadrature", str(quadrature))
    table.add_row("run", str(summary["run"]))
    return table
