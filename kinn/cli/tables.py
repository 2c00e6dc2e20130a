"""Tables of solutions and studies on stdout."""

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


def print_table(table: Table) -> None:
    """Print a table on stdout, at its full width unless a terminal limits it."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def print_solution(solution: Solution, json: bool) -> None:
    """Print the summary of a solve, as a JSON object on one line or as a table."""
    summary = solution.summary()
    if json:
        print(dumps(nan_to_null(summary), allow_nan=False))
    else:
        print_table(summary_table(summary, solution.quadrature))


def _errors(errors: Mapping[str, float | None]) -> str:
    """Errors of a field by norm in one line."""
    return ", ".join(f"{norm} {value:.2e}" for norm, value in errors.items() if value is not None)


def _errors_and_estimate(errors: Mapping[str, float | None], estimate: Mapping[str, Any], field: str) -> str:
    """Errors of a field by norm, and the estimated one where there is an estimate."""
    if field not in estimate["l2"]:
        return _errors(errors)
    doubt = "" if estimate["reliable"] else " (not reliable)"
    estimated = f"l2 estimated {estimate['l2'][field]:.2e}{doubt}"
    return f"{_errors(errors)}, {estimated}" if errors else estimated


def _tolerance(summary: Mapping[str, Any]) -> str:
    """Whether the tolerance is met, and what was reached where it is not."""
    if summary["converged"]:
        return f"{summary['tolerance']:g}, met"
    estimate = summary["estimate"]
    if estimate is None:
        return f"{summary['tolerance']:g}, NOT MET: the error could not be estimated"
    doubt = "" if estimate["reliable"] else ", which is not reliable"
    return f"{summary['tolerance']:g}, NOT MET: the estimated error is {max(estimate['l2'].values()):.1e}{doubt}"


def build_table(title: str, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> Table:
    """Table of cells, whose text is not interpreted as markup."""
    table = Table(*headings, title=title)
    for row in cells:
        table.add_row(*map(escape, row))
    return table


def summary_table(summary: Mapping[str, Any], quadrature: QuadratureCheck | None = None) -> Table:
    """Summary of a solve, a line per quantity."""
    table = Table("quantity", "value", show_header=False, box=None)
    table.add_row("problem", f"{summary['problem']}, {summary['form']} form")
    table.add_row("network", f"{summary['network']}, {summary['parameters']} parameters")
    table.add_row(
        "optimizer", f"{summary['optimizer']}, {summary['iterations']} iterations, {summary['seconds']:.1f} s"
    )
    table.add_row("stopped", str(summary["stopped"]))
    if summary["tolerance"] is not None:
        table.add_row("tolerance", _tolerance(summary))
    estimate = summary["estimate"] or {"l2": {}}
    for field in [*summary["errors"], *(name for name in estimate["l2"] if name not in summary["errors"])]:
        table.add_row(f"error of {field}", _errors_and_estimate(summary["errors"].get(field, {}), estimate, field))
    for field, errors in (summary["bem"] or {}).items():
        table.add_row(f"error of {field}, boundary elements alone", _errors(errors))
    for name, unknown in summary["unknowns"].items():
        std = "" if unknown["std"] is None else f" +- {unknown['std']:.1g}"
        error = "" if unknown["error"] is None else f", relative error {unknown['error']:.1e}"
        table.add_row(name, f"{unknown['value']:.6g}{std}{error}")
    if quadrature is not None:
        table.add_row("quadrature", str(quadrature))
    table.add_row("run", str(summary["run"]))
    return table
