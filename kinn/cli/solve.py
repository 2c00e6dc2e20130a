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

    from rich.console import Console

    from kinn.cli.problems import find
    from kinn.cli.settings import split
    from kinn.cli.tables import summary_table
    from kinn.cli.work import Work, chosen_optimizer, default_network, specified
    from kinn.training.run import finite

    texts = split(set_ or [])
    source = find(problem)
    settings, made = source.configured(texts.problem)
    specification = specified(default_network(network, made), texts.network, f"network {network!r}")
    options = {
        "form": form,
        "optimizer": chosen_optimizer(optimizer, texts.optimizer, made),
        "points": points,
        "budget": budget,
        "iterations": iterations,
        "seed": seed,
        "dtype": dtype,
    }
    solution = Work(source, settings, made, specification, options, threads, out).run()
    if json:
        print(dumps(finite(solution.summary()), allow_nan=False))
    else:
        Console().print(summary_table(solution.summary()))
