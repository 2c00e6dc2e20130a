"""Figures of a report: error against time, error against parameters, convergence, and the solutions of median runs."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from math import isfinite
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn.errors import InputError
from kinn.experiments.results import RunResult
from kinn.experiments.statistics import quartiles
from kinn.experiments.tables import Row
from kinn.runs.folder import slug
from kinn.runs.resume import Resumption

#: The colour of text and axes, which a page replaces by its own.
_INK = "#123456"

#: Colours that people with red-green colour blindness can distinguish (Okabe and Ito, 2008), on white and on black.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8c6d31", "#7f7f7f")

#: Parameter counts within this factor are matched, and make no axis.
RANGE = 1.5

#: The formats of figures for papers.
FORMATS = ("png", "pdf")

#: The folder in a run folder in which figures are drawn before they are moved, all at once.
_DRAFT = ".figures"


def figures(table: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """Figures of each problem, by name, without those that have no data."""
    out: dict[str, dict[str, Figure]] = {}
    for problem in dict.fromkeys(row.problem for row in table):
        problem_rows = [row for row in table if row.problem == problem]
        candidates = {
            "error against time": error_against_time(problem_rows),
            "error against parameters": error_against_parameters(problem_rows),
            "convergence": convergence(problem_rows),
        }
        out[problem] = {name: figure for name, figure in candidates.items() if figure is not None}
    return out


def error_against_time(table: Sequence[Row]) -> Figure | None:
    """Errors of every run during training, a colour per method; None without errors."""
    if not any(history for row in table for history in row.error_histories):
        return None
    figure, axes = _figure("seconds of training", "relative L2 error")
    for n, row in enumerate(table):
        for k, history in enumerate(h for h in row.error_histories if h):
            seconds, errors = zip(*history, strict=True)
            label = row.method if k == 0 else None
            axes.loglog(seconds, errors, color=_colour(n), linewidth=1.2, alpha=0.8, label=label)
            axes.plot(seconds[-1], errors[-1], "o", color=_colour(n), markersize=3.5)
    _legend(axes)
    return figure


def error_against_parameters(table: Sequence[Row]) -> Figure | None:
    """Median errors by parameter count, with quartiles; None if the counts are about equal."""
    series: dict[str, list[tuple[float, ...]]] = {}
    for row in table:
        count, errors = row.value("parameters").median, quartiles(run.error for run in row.runs)
        if isfinite(errors.median) and isfinite(count):
            series.setdefault(_without_settings(row.method), []).append((count, *errors))
    counts = [count for points in series.values() for count, *_ in points]
    if not counts or max(counts) < RANGE * min(counts):
        return None
    figure, axes = _figure("parameters", "relative L2 error")
    style = {"fmt": "o-", "markersize": 4, "linewidth": 1.2, "capsize": 3}
    for k, (name, points) in enumerate(series.items()):
        x, lower, median, upper = np.array(sorted(points)).T
        bars = median - lower, np.where(np.isfinite(upper), upper - median, 0.0)
        axes.errorbar(x, median, yerr=bars, color=_colour(k), label=name, **style)
    axes.set_xscale("log")
    axes.set_yscale("log")
    _legend(axes)
    return figure


def convergence(table: Sequence[Row]) -> Figure | None:
    """Training loss of the median run of each method, by iterations; None without losses."""
    figure, axes = _figure("iterations", "training loss")
    for n, row in enumerate(table):
        run = median_run(row)
        history = run.history() if run else []
        points = [(r["iteration"], r["loss"]) for r in history if r["loss"]]
        if points:
            axes.loglog(*zip(*points, strict=True), color=_colour(n), linewidth=1.2, label=row.method)
    if not axes.lines:
        return None
    _legend(axes)
    return figure


def median_run(row: Row) -> RunResult | None:
    """The successful run with the median error, the lower of two; None without successful runs."""
    ordered = sorted(row.successes, key=lambda run: run.error)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def draw_median_runs(table: Sequence[Row], notify: Callable[[str], object] = lambda _: None) -> None:
    """Draw the solutions of median runs into their folders, except for baselines and runs with figures.

    Most runs of a study are never looked at, so their figures are drawn on demand. `notify` is called with a line for each
    run that is drawn, or cannot be.
    """
    for run in filter(None, map(median_run, table)):
        if run.config.get("baseline") or any(run.path.glob("*.png")):
            continue
        notify(f"drawing {run.path}")
        draft = run.path / _DRAFT
        try:
            Resumption.of(run.path).solution().plot(draft)
            for file in draft.iterdir():
                file.replace(run.path / file.name)
        except (InputError, OSError) as error:
            notify(f"no figures of {run.path}: {error}")
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def save(figures_by_problem: Mapping[str, Mapping[str, Figure]], folder: Path) -> list[Path]:
    """Write figures for papers, as PNG and PDF, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        folder / f"{slug(problem)}-{slug(name)}.{suffix}": figure
        for problem, figures_by_name in figures_by_problem.items()
        for name, figure in figures_by_name.items()
        for suffix in FORMATS
    }
    for path, figure in files.items():
        figure.savefig(path, dpi=200, facecolor="white")
    return list(files)


def svg(figure: Figure) -> str:
    """SVG of a figure whose ink takes the colour of the page."""
    stream = StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "kinn"}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(_INK, "currentColor")
    for attribute in ("height", "width"):
        text = re.sub(rf'(<svg[^>]*?) {attribute}="[^"]*"', r"\1", text, count=1)
    return text


def _figure(x_label: str, y_label: str) -> tuple[Figure, Any]:
    with mpl.rc_context(
        {"text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK, "axes.edgecolor": _INK}
    ):
        figure = Figure(figsize=(5.6, 3.8), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.grid(alpha=0.25)
        axes.tick_params(which="both", colors=_INK)
    return figure, axes


def _legend(axes: Any) -> None:
    axes.legend(frameon=False, fontsize=8, labelcolor=_INK)


def _without_settings(method: str) -> str:
    """Label of a method without its settings."""
    return " ".join(word for word in method.split() if "=" not in word)


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]
