"""`kinn resume`: a solve that was cut short goes on; one that ended may be given more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinn.cli.options import CheckpointOption, JsonOption, ThreadsOption


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="SECONDS", help="Seconds of training, those before included.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option("--iterations", metavar="N", help="The most iterations, those before included.")
    ] = None,
    problem: Annotated[
        Path | None, typer.Option("--problem", metavar="SCRIPT", help="Where the problem script is, if it was moved.")
    ] = None,
    threads: ThreadsOption = None,
    checkpoint: CheckpointOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Go on with a solve from its last checkpoint, to the solution it would have come to without a break."""
    from kinn.cli.progress import progress
    from kinn.cli.tables import report
    from kinn.runs.resume import Resumption

    resumption = Resumption.of(
        run, problem, budget=budget, iterations=iterations, threads=threads, checkpoint_every=checkpoint
    )
    with progress(resumption.resolved_run.title) as show:
        solution = resumption.run(show)
    report(solution, json)
