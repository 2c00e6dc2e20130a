"""A table as text: CSV with a line a run, Markdown and LaTeX with a line for each way to solve."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from io import StringIO
from math import isfinite

from kinn.experiments.tables import Row

#: The columns of the CSV that say which run it is, and how it ended.
_FIGURES = ("parameters", "iterations", "seconds", "loss")

_LATEX = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "$": r"\$", "{": r"\{", "}": r"\}", "\\": r"\textbackslash{}"}


def as_csv(table: Sequence[Row]) -> str:
    """Return a line for each run: what it was, how it ended, its errors."""
    norms = list(
        dict.fromkeys(
            f"{field} {norm}" for row in table for run in row.runs for field, e in run.errors.items() for norm in e
        )
    )
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["problem", "way", "form", "network", "seed", "status", "reason", *_FIGURES, "clock", *norms, "run"]
    )
    for row in table:
        for run in sorted(row.runs, key=lambda run: run.seed):
            known = {f"{field} {norm}": e for field, errors in run.errors.items() for norm, e in errors.items()}
            writer.writerow(
                [
                    row.problem,
                    row.way,
                    run.config["form"],
                    run.config["network"]["name"],
                    run.seed,
                    run.status,
                    run.reason,
                    *(_number(run.figure(name)) for name in _FIGURES),
                    run.config.get("clock", "wall"),
                    *(_number(known.get(norm, float("inf"))) for norm in norms),
                    run.path,
                ]
            )
    return text.getvalue()


def as_markdown(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_latex(heads: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """Return a table in LaTeX, for the package booktabs; numbers as 1.2e-03 become powers of ten."""
    body = [" & ".join(_latex(cell) for cell in row) + r" \\" for row in cells]
    first = " & ".join(_latex(head) for head in heads) + r" \\"
    places = "ll" + "r" * (len(heads) - 2)
    lines = [
        rf"\begin{{tabular}}{{{places}}}",
        r"\toprule",
        first,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _latex(text: str) -> str:
    escaped = "".join(_LATEX.get(letter, letter) for letter in text)
    return re.sub(r"(\d(?:\.\d+)?)e([+-]\d+)", lambda found: _power(found[1], int(found[2])), escaped)


def _power(mantissa: str, exponent: int) -> str:
    factor = "" if mantissa == "1" else rf"{mantissa} \cdot "
    return f"${factor}10^{{{exponent}}}$"


def _number(value: float) -> str:
    return f"{value!r}" if isfinite(value) else ""
