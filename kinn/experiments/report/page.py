"""The page: one HTML file with tables, figures, maps, failures and the environment, which needs nothing from elsewhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from html import escape
from importlib.resources import files
from math import isfinite
from pathlib import Path
from string import Template

from matplotlib.figure import Figure

import kinn
from kinn.experiments.report.figures import middle_run, svg
from kinn.experiments.results import RunResult
from kinn.experiments.tables import Row, columns, comparisons
from kinn.runs.folder import ENVIRONMENT

#: The most maps of one run: a problem of many fields would make the page too large.
MAPS = 6


def page(
    title: str, table: Sequence[Row], made: Mapping[str, Mapping[str, Figure]], accuracies: Sequence[float]
) -> str:
    """Return the page.

    Args:
        title: Its title.
        table: The rows of the table of all runs.
        made: The figures of each problem.
        accuracies: The errors to which seconds are told.
    """
    template = Template((files("kinn.experiments.report") / "page.html").read_text(encoding="utf-8"))
    runs = [run for row in table for run in row.runs]
    return template.substitute(
        title=escape(title),
        counts=escape(_counts(table, runs)),
        summary=_table("summary", *_summary(table, accuracies)),
        verdicts="\n".join(
            f"<li>{escape(f'{problem}: {comparison.verdict(first, second)}')}</li>"
            for problem, first, second, comparison in comparisons(table)
        ),
        problems="\n".join(
            _problem(name, table, made.get(name, {})) for name in dict.fromkeys(r.problem for r in table)
        ),
        runs=_table("runs", *_runs(table)),
        failures=_failures(runs),
        environment=_environment(runs),
        version=escape(kinn.__version__),
    )


def _counts(table: Sequence[Row], runs: Sequence[RunResult]) -> str:
    failed = sum(len(row.failures) for row in table)
    problems = len({row.problem for row in table})
    return f"{len(runs)} runs of {problems} problems, {failed} failed"


#: A cell: its text, and what it is sorted by.
_Cell = tuple[str, float | str]


def _summary(table: Sequence[Row], accuracies: Sequence[float]) -> tuple[list[str], list[list[_Cell]]]:
    heads, cells = columns(table, accuracies)
    return heads, [[(text, _key(text)) for text in row] for row in cells]


def _key(text: str) -> float | str:
    """Return what a cell is sorted by: its first number, where it begins with one."""
    with suppress(ValueError, IndexError):
        return float(text.split(maxsplit=1)[0].rstrip(":"))
    return "zzz" if text.startswith("-") else text


def _runs(table: Sequence[Row]) -> tuple[list[str], list[list[_Cell]]]:
    heads = ["problem", "network", "seed", "ended", "parameters", "error", "loss", "iterations", "seconds", "run"]
    return heads, [
        [
            (row.problem, row.problem),
            (row.way, row.way),
            (str(run.seed), float(run.seed)),
            (str(run.summary.get("stopped", "")), run.status),
            *(_figure(run.figure("parameters"), ".0f"), _figure(run.error, ".2e"), _figure(run.figure("loss"), ".2e")),
            *(_figure(run.figure("iterations"), ".0f"), _figure(run.figure("seconds"), ".1f")),
            (run.path.name, run.path.name),
        ]
        for row in table
        for run in row.runs
    ]


def _figure(value: float, form: str) -> _Cell:
    return (f"{value:{form}}", value) if isfinite(value) else ("-", "zzz")


def _table(name: str, heads: Sequence[str], cells: Iterable[Sequence[_Cell]]) -> str:
    head = "".join(f'<th scope="col"><button type="button">{escape(h)}</button></th>' for h in heads)
    body = "\n".join(
        "<tr>" + "".join(f'<td data-key="{escape(str(key))}">{escape(text)}</td>' for text, key in row) + "</tr>"
        for row in cells
    )
    return (
        f'<input type="search" class="filter" data-table="{name}" placeholder="filter" aria-label="filter {name}">'
        f'<div class="wide"><table id="{name}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'
    )


def _problem(name: str, table: Sequence[Row], made: Mapping[str, Figure]) -> str:
    plots = "".join(
        f"<figure>{svg(figure)}<figcaption>{escape(caption)}</figcaption></figure>" for caption, figure in made.items()
    )
    maps = "".join(_maps(row) for row in table if row.problem == name)
    return f'<section class="problem"><h2>{escape(name)}</h2><div class="plots">{plots}</div>{maps}</section>'


def _maps(row: Row) -> str:
    """Return the pictures of the run in the middle: fields and errors."""
    middle = middle_run(row)
    files_ = [p for p in sorted(middle.path.glob("*.png")) if p.stem != "convergence"][:MAPS] if middle else []
    if middle is None or not files_:
        return ""
    pictures = "".join(
        f'<figure><img loading="lazy" alt="{escape(p.stem)}" src="data:image/png;base64,'
        f'{base64.b64encode(p.read_bytes()).decode()}"><figcaption>{escape(p.stem)}</figcaption></figure>'
        for p in files_
    )
    heading = f"{row.way}, seed {middle.seed}: the run in the middle, error {middle.error:.1e}"
    return f"<details open><summary>{escape(heading)}</summary><div class='maps'>{pictures}</div></details>"


def _failures(runs: Sequence[RunResult]) -> str:
    failed = [run for run in runs if run.reason]
    if not failed:
        return "<p>None.</p>"
    return (
        "<ul>" + "".join(f"<li><code>{escape(str(r.path))}</code>: {escape(r.reason)}</li>" for r in failed) + "</ul>"
    )


def _environment(runs: Sequence[RunResult]) -> str:
    """Return what the runs ran on: each environment once, with how many ran on it."""
    found: dict[str, int] = {}
    for run in runs:
        with suppress(OSError, ValueError):
            facts = json.loads((run.path / ENVIRONMENT).read_text(encoding="utf-8"))
            packages = ", ".join(f"{name} {version}" for name, version in facts.get("packages", {}).items() if version)
            own = ", ".join(f"{k} {v}" for k, v in facts.items() if k != "packages" and v not in ([], None))
            found[f"{own}; {packages}"] = found.get(f"{own}; {packages}", 0) + 1
    return "<ul>" + "".join(f"<li>{count} runs: {escape(text)}</li>" for text, count in found.items()) + "</ul>"


def write(path: Path, text: str) -> None:
    """Write a file beside its place and move it there.

    Raises:
        InputError: If it cannot be written.
    """
    from kinn.errors import InputError

    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
