"""`kinn solve`: one problem, one network, one run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kinn.cli.options import (
    BudgetOption,
    DtypeOption,
    FormOption,
    IterationsOption,
    OptimizerOption,
    OutOption,
    PointsOption,
    ProblemArgument,
    SetOption,
    ThreadsOption,
)


def command(
    problem: ProblemArgument,
    form: FormOption = "strong",
    network: Annotated[str, typer.Option("--network", metavar="NAME", help="kan or mlp.")] = "kan",
    set_: SetOption = None,
    optimizer: OptimizerOption = None,
    points: PointsOption = None,
    budget: BudgetOption = None,
    iterations: IterationsOption = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="One seed, one result.")] = 0,
    dtype: DtypeOption = "float64",
    threads: ThreadsOption = None,
    out: OutOption = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="Print the summary as the last line, a JSON object.")] = False,
) -> None:
    """Solve a problem and keep the solution, its figures and how good it is in a run folder."""
    from json import dumps

    from kinn.cli.progress import progress
    from kinn.cli.tables import show, summary_table
    from kinn.runs.settings import split
    from kinn.runs.sources import find
    from kinn.runs.work import Options, Work, specified
    from kinn.solver import chosen_network
    from kinn.training.run import finite

    texts = split(set_ or [])
    options = Options(form, optimizer, texts.optimizer, points, budget, iterations, dtype, threads, out)
    source = find(problem)
    settings, made = source.configured(texts.problem)
    architecture = specified(chosen_network(made, network), texts.network, "network")
    work = Work(source, settings, made, architecture, options.optimizer_for(made), seed, options)
    with progress(work.title) as show_progress:
        solution = work.run(show_progress)
    if json:
        print(dumps(finite(solution.summary()), allow_nan=False))
    else:
        show(summary_table(solution.summary()))
