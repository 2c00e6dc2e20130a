"""`kinn report`: what the runs of a folder come to, as a page and for papers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinn.errors import InputError


def command(
    runs: Annotated[Path, typer.Argument(metavar="RUNS", help="A folder of run folders.")] = Path("runs"),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page. [default: report.html]")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="A line for each run.")] = None,
    latex: Annotated[Path | None, typer.Option("--latex", metavar="FILE", help="The summary, for booktabs.")] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="The summary in Markdown.")
    ] = None,
    figures: Annotated[Path | None, typer.Option("--figures", metavar="FOLDER", help="Figures as PNG and PDF.")] = None,
    accuracy: Annotated[
        list[float] | None, typer.Option("--accuracy", metavar="E", help="Tell the seconds to this error. Repeatable.")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="The title of the page.")] = None,
) -> None:
    """Write a report of finished and failed runs: one page, and tables and figures for papers where asked for."""
    from kinn.cli.execute import say
    from kinn.experiments.report.exporters import as_csv, as_latex, as_markdown
    from kinn.experiments.report.figures import figures as drawn
    from kinn.experiments.report.figures import save
    from kinn.experiments.report.page import page, write
    from kinn.experiments.report.thumbnails import illustrate
    from kinn.experiments.store import Store
    from kinn.experiments.tables import ACCURACIES, columns, rows

    with Store(runs, make=False) as store:
        store.refresh()
        table = rows(store.results())
        for reason in store.refused.values():
            say(f"left out: {reason}")
    if not table:
        raise InputError(f"no run in {runs} has ended: there is nothing to report")
    levels = sorted(accuracy or ACCURACIES, reverse=True)
    heads, cells = columns(table, levels)
    texts = ((csv, as_csv(table)), (latex, as_latex(heads, cells)), (markdown, as_markdown(heads, cells)))
    for file, text in texts:
        if file is not None:
            write(file, text)
            print(file)
    if out is None and any((csv, latex, markdown, figures)):
        wanted = None
    else:
        wanted = out or Path("report.html")
    if wanted or figures:
        made = drawn(table)
        if wanted:
            illustrate(table, say)
            write(wanted, page(title or runs.resolve().name, table, made, levels))
            print(wanted)
        if figures:
            print("\n".join(map(str, save(made, figures))))
