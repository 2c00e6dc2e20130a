"""Export of tables: CSV with a line per run, Markdown and LaTeX with a line per method."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from io import StringIO
from math import isfinite

from kinn.experiments.tables import Row

#: The numbers of a summary in the CSV.
_NUMBERS = ("parameters", "iterations", "seconds", "loss")

_LATEX = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "\\": r"\textbackslash{}"}


def to_csv(table: Sequence[Row]) -> str:
    """CSV with a line per run: its configuration, outcome and errors."""
    lines = [
        {
            "problem": row.problem,
            "method": row.method,
            "form": run.config["form"],
            "network": run.config["network"]["name"],
            "seed": run.seed,
            "status": run.status,
            "reason": run.reason,
            **{name: _number(run.value(name)) for name in _NUMBERS},
            "clock": run.config.get("clock", "wall"),
            **{f"{field} {norm}": _number(e) for field, errors in run.errors.items() for norm, e in errors.items()},
            "run": run.path,
        }
        for row in table
        for run in sorted(row.runs, key=lambda run: run.seed)
    ]
    headings = dict.fromkeys(heading for line in lines for heading in line if heading != "run")
    text = StringIO()
    writer = csv.DictWriter(text, [*headings, "run"], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def to_markdown(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Table in Markdown."""
    lines = [headings, ["---"] * len(headings), *([cell.replace("|", r"\|") for cell in row] for row in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def to_latex(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Table in LaTeX for the package booktabs; numbers such as 1.2e-03 become powers of ten."""
    lines = [
        rf"\begin{{tabular}}{{{'ll' + 'r' * (len(headings) - 2)}}}",
        r"\toprule",
        " & ".join(_latex(heading) for heading in headings) + r" \\",
        r"\midrule",
        *(" & ".join(_latex(cell) for cell in row) + r" \\" for row in cells),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _latex(text: str) -> str:
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    powers = re.sub(r"(\d(?:\.\d+)?)e([+-]\d+)", lambda m: rf"${m[1]} \cdot 10^{{{int(m[2])}}}$", escaped)
    return powers.replace(r"$1 \cdot ", "$")


def _number(value: float) -> str:
    return f"{value!r}" if isfinite(value) else ""
