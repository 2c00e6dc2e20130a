"""The figures of a report, problem by problem: error against time, error against parameters, convergence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn.experiments.results import RunResult
from kinn.experiments.statistics import spread
from kinn.experiments.tables import Row
from kinn.runs.folder import slug

#: What the ink of a figure is drawn in, to be replaced by that of the page.
_INK = "#123456"

#: Colours that can be told apart by those who do not see red and green (Okabe and Ito, 2008), on white and on black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")

#: Numbers of parameters that differ by less than this factor are matched, and no axis.
RANGE = 1.5

#: The formats of figures for papers.
FORMATS = ("png", "pdf")


def figures(table: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """Return the figures of each problem, by name; those for which nothing is known are missing."""
    out: dict[str, dict[str, Figure]] = {}
    for problem in dict.fromkeys(row.problem for row in table):
        mine = [row for row in table if row.problem == problem]
        made = {
            "error against time": error_against_time(mine),
            "error against parameters": error_against_parameters(mine),
            "convergence": convergence(mine),
        }
        out[problem] = {name: figure for name, figure in made.items() if figure is not None}
    return out


def error_against_time(mine: Sequence[Row]) -> Figure | None:
    """Return the errors of every run while it was trained, a colour for each way to solve; None where none is known."""
    if not any(trace for row in mine for trace in row.traces):
        return None
    figure, axes = _figure("seconds of training", "relative L2 error")
    for n, row in enumerate(mine):
        for k, trace in enumerate(t for t in row.traces if t):
            seconds, errors = zip(*trace, strict=True)
            label = row.way if k == 0 else None
            axes.loglog(seconds, errors, color=_colour(n), linewidth=1.2, alpha=0.8, label=label)
            axes.plot(seconds[-1], errors[-1], "o", color=_colour(n), markersize=3.5)
    _legend(axes)
    return figure


def error_against_parameters(mine: Sequence[Row]) -> Figure | None:
    """Return the median errors by the number of parameters, with quartiles; None where all have about as many."""
    known = [(row, row.figure("parameters").median, spread(run.error for run in row.runs)) for row in mine]
    known = [(row, count, errors) for row, count, errors in known if isfinite(errors.median) and isfinite(count)]
    sizes = [count for _, count, _ in known]
    if not sizes or max(sizes) < RANGE * min(sizes):
        return None
    figure, axes = _figure("parameters", "relative L2 error")
    for k, head in enumerate(dict.fromkeys(_head(row.way) for row, _, _ in known)):
        points = sorted((count, *errors) for row, count, errors in known if _head(row.way) == head)
        low = [median - q1 for _, q1, median, _ in points]
        high = [q3 - median if isfinite(q3) else 0.0 for _, _, median, q3 in points]
        axes.errorbar(
            [p[0] for p in points], [p[2] for p in points], yerr=[low, high], fmt="o-", color=_colour(k), markersize=4,
            linewidth=1.2, capsize=3, label=head,
        )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    _legend(axes)
    return figure


def convergence(mine: Sequence[Row]) -> Figure | None:
    """Return the training loss of the run in the middle of each way to solve, by iterations."""
    figure, axes = _figure("iterations", "training loss")
    for n, row in enumerate(mine):
        middle = middle_run(row)
        history = middle.history() if middle else []
        points = [(r["iteration"], r["loss"]) for r in history if r["loss"]]
        if points:
            axes.loglog(*zip(*points, strict=True), color=_colour(n), linewidth=1.2, label=row.way)
    if not axes.lines:
        return None
    _legend(axes)
    return figure


def middle_run(row: Row) -> RunResult | None:
    """Return the run whose error is the median of those that ended well, the lower of two; None where none did."""
    ordered = sorted(row.good, key=lambda run: run.error)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def save(made: Mapping[str, Mapping[str, Figure]], folder: Path) -> list[Path]:
    """Write figures for papers, as PNG and PDF; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for problem, named in made.items():
        for name, figure in named.items():
            for ending in FORMATS:
                path = folder / f"{slug(problem)}-{slug(name)}.{ending}"
                figure.savefig(path, dpi=200, facecolor="white")
                files.append(path)
    return files


def svg(figure: Figure) -> str:
    """Return a figure as SVG that takes the colour of its ink from the page."""
    text = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "kinn"}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(_INK, "currentColor")
    return re.sub(
        r'(<svg[^>]*?) width="[^"]*"', r"\1", re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", drawn, count=1), count=1
    )


def _figure(across: str, up: str) -> tuple[Figure, Any]:
    with mpl.rc_context(
        {"text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK, "axes.edgecolor": _INK}
    ):
        figure = Figure(figsize=(5.6, 3.8), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_xlabel(across)
        axes.set_ylabel(up)
        axes.grid(alpha=0.25)
        axes.tick_params(which="both", colors=_INK)
    return figure, axes


def _legend(axes: Any) -> None:
    axes.legend(frameon=False, fontsize=8, labelcolor=_INK)


def _head(way: str) -> str:
    """Return what to call a way to solve whatever its settings are."""
    return " ".join(word for word in way.split() if "=" not in word)


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]
