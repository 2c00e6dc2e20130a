"""`kinn status` and `kinn report`: the runs of a folder, while they run and once they have ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from kinn.cli import options
from kinn.errors import InputError

RunsArgument = Annotated[Path, typer.Argument(metavar="RUNS", help="A folder of run folders.")]


def status(runs: RunsArgument = Path("runs")) -> None:
    """Show which runs are running, done, interrupted and failed, and which runs of studies are missing."""
    from kinn.cli.progress import active_table
    from kinn.cli.tables import build_table, print_table
    from kinn.experiments.results import DONE, FAILURE, INTERRUPTED, RUNNING
    from kinn.experiments.run_lock import active_runs
    from kinn.experiments.store import Manifest, Store

    with Store(runs, create=False) as store:
        store.refresh()
        results = store.results()
        states = (DONE, FAILURE, RUNNING, INTERRUPTED)
        counts: dict[str, Counter[str]] = {}
        for result in results:
            counts.setdefault(str(result.config["problem"]["name"]), Counter())[result.status] += 1
        cells = [[name, *(str(count[state]) for state in states)] for name, count in sorted(counts.items())]
        print_table(build_table(str(runs), ["problem", *states], cells))
        known = {result.path.name: result.status for result in results}
        for manifest in Manifest.read_all(runs):
            by_state = Counter(known.get(name, "waiting") for name in manifest.hashes)
            parts = ", ".join(f"{by_state[state]} {state}" for state in (*states, "waiting") if by_state[state])
            print(f"study {manifest.name}: {len(manifest.hashes)} runs: {parts}")
        if active := active_runs(runs):
            print_table(active_table(active))
        for result in results:
            if result.status == FAILURE:
                print(f"failed: {result.path}: {result.reason}")
        for reason in store.rejected.values():
            print(f"rejected: {reason}")


def report(
    runs: RunsArgument = Path("runs"),
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The page. By default report.html.")
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="A line per run.")] = None,
    latex: Annotated[Path | None, typer.Option("--latex", metavar="FILE", help="The summary, for booktabs.")] = None,
    markdown: Annotated[
        Path | None, typer.Option("--markdown", metavar="FILE", help="The summary in Markdown.")
    ] = None,
    figures: Annotated[Path | None, typer.Option("--figures", metavar="FOLDER", help="Figures as PNG and PDF.")] = None,
    threshold: options.Thresholds = None,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="The title of the page.")] = None,
) -> None:
    """Write a report of finished and failed runs: a page, and optionally tables and figures for papers."""
    from kinn.cli.execute import notify
    from kinn.experiments.report.exporters import to_csv, to_latex, to_markdown
    from kinn.experiments.report.figures import draw_median_runs, save
    from kinn.experiments.report.figures import figures as build_figures
    from kinn.experiments.report.page import page
    from kinn.experiments.store import Store
    from kinn.experiments.tables import THRESHOLDS, columns, rows
    from kinn.runs.folder import write_text

    with Store(runs, create=False) as store:
        store.refresh()
        table = rows(store.results())
        for reason in store.rejected.values():
            notify(f"left out: {reason}")
    if not table:
        raise InputError(f"no run in {runs} has ended: there is nothing to report")
    thresholds = sorted(threshold or THRESHOLDS, reverse=True)
    headings, cells = columns(table, thresholds)
    texts = ((csv, to_csv(table)), (latex, to_latex(headings, cells)), (markdown, to_markdown(headings, cells)))
    for file, text in texts:
        if file is not None:
            write_text(file, text)
            print(file)
    if out is None and not any((csv, latex, markdown, figures)):
        out = Path("report.html")
    if out or figures:
        drawn = build_figures(table)
        if out:
            draw_median_runs(table, notify)
            write_text(out, page(title or runs.resolve().name, table, drawn, thresholds))
            print(out)
        if figures:
            print("\n".join(map(str, save(drawn, figures))))
