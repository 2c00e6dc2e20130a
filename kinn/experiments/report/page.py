"""Report page: one self-contained HTML file with tables, figures, maps, failures and environments."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from html import escape
from importlib.resources import files
from math import isfinite
from string import Template

from matplotlib.figure import Figure

import kinn
from kinn.experiments.report.figures import median_run, svg
from kinn.experiments.results import RunResult
from kinn.experiments.tables import Row, columns, comparison_lines
from kinn.runs.folder import ENVIRONMENT

#: The maximum of maps per run, which limits the size of the page.
MAPS = 6


def page(
    title: str, table: Sequence[Row], figures: Mapping[str, Mapping[str, Figure]], thresholds: Sequence[float]
) -> str:
    """HTML of the page on a table, with the figures of each problem and the times to error thresholds."""
    template = Template((files("kinn.experiments.report") / "page.html").read_text(encoding="utf-8"))
    runs = [run for row in table for run in row.runs]
    problems = dict.fromkeys(row.problem for row in table)
    failed = sum(len(row.failures) for row in table)
    headings, cells = columns(table, thresholds)
    return template.substitute(
        title=escape(title),
        counts=f"{len(runs)} runs of {len(problems)} problems, {failed} failed",
        summary=_table("summary", headings, [[(text, _sort_key(text)) for text in row] for row in cells]),
        comparisons="\n".join(f"<li>{escape(line)}</li>" for line in comparison_lines(table)),
        problems="\n".join(_problem(name, table, figures.get(name, {})) for name in problems),
        runs=_table("runs", *_runs(table)),
        failures=_failures(runs),
        environment=_environment(runs),
        version=escape(kinn.__version__),
    )


#: A cell: its text and its sort key.
_Cell = tuple[str, float | str]


def _sort_key(text: str) -> float | str:
    """Sort key of a cell: the number at its start, if there is one."""
    with suppress(ValueError, IndexError):
        return float(text.split(maxsplit=1)[0].rstrip(":"))
    return "zzz" if text.startswith("-") else text


def _runs(table: Sequence[Row]) -> tuple[list[str], list[list[_Cell]]]:
    headings = ["problem", "network", "seed", "stopped", "parameters", "error", "loss", "iterations", "time (s)", "run"]
    return headings, [
        [
            (row.problem, row.problem),
            (row.method, row.method),
            (str(run.seed), float(run.seed)),
            (str(run.summary.get("stopped", "")), run.status),
            *(_number(run.value("parameters"), ".0f"), _number(run.error, ".2e"), _number(run.value("loss"), ".2e")),
            *(_number(run.value("iterations"), ".0f"), _number(run.value("seconds"), ".1f")),
            (run.path.name, run.path.name),
        ]
        for row in table
        for run in row.runs
    ]


def _number(value: float, spec: str) -> _Cell:
    return (f"{value:{spec}}", value) if isfinite(value) else ("-", "zzz")


def _table(name: str, headings: Sequence[str], cells: Iterable[Sequence[_Cell]]) -> str:
    head = "".join(f'<th scope="col"><button type="button">{escape(h)}</button></th>' for h in headings)
    body = "\n".join(
        "<tr>" + "".join(f'<td data-key="{escape(str(key))}">{escape(text)}</td>' for text, key in row) + "</tr>"
        for row in cells
    )
    return (
        f'<input type="search" class="filter" data-table="{name}" placeholder="filter" aria-label="filter {name}">'
        f'<div class="wide"><table id="{name}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    )


def _problem(name: str, table: Sequence[Row], figures: Mapping[str, Figure]) -> str:
    plots = "".join(
        f"<figure>{svg(figure)}<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, figure in figures.items()
    )
    maps = "".join(_maps(row) for row in table if row.problem == name)
    return f'<section class="problem"><h2>{escape(name)}</h2><div class="plots">{plots}</div>{maps}</section>'


def _maps(row: Row) -> str:
    """Maps of fields and errors of the median run."""
    run = median_run(row)
    images = [p for p in sorted(run.path.glob("*.png")) if p.stem != "convergence"][:MAPS] if run else []
    if run is None or not images:
        return ""
    maps = "".join(
        f'<figure><img loading="lazy" alt="{escape(p.stem)}" src="data:image/png;base64,'
        f'{base64.b64encode(p.read_bytes()).decode()}"><figcaption>{escape(p.stem)}</figcaption></figure>'
        for p in images
    )
    heading = f"{row.method}, seed {run.seed}: median run, error {run.error:.1e}"
    return f"<details open><summary>{escape(heading)}</summary><div class='maps'>{maps}</div></details>"


def _failures(runs: Sequence[RunResult]) -> str:
    lines = [f"<li><code>{escape(str(r.path))}</code>: {escape(r.reason)}</li>" for r in runs if r.reason]
    return f"<ul>{''.join(lines)}</ul>" if lines else "<p>None.</p>"


def _environment(runs: Sequence[RunResult]) -> str:
    """Each environment once, with the number of runs in it."""
    counts: Counter[str] = Counter()
    for run in runs:
        with suppress(OSError, ValueError):
            facts = json.loads((run.path / ENVIRONMENT).read_text(encoding="utf-8"))
            packages = ", ".join(f"{name} {version}" for name, version in facts.get("packages", {}).items() if version)
            machine = ", ".join(f"{k} {v}" for k, v in facts.items() if k != "packages" and v not in ([], None))
            counts[f"{machine}; {packages}"] += 1
    return "<ul>" + "".join(f"<li>{count} runs: {escape(text)}</li>" for text, count in counts.items()) + "</ul>"
