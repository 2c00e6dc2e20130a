"""`kinn solve`: one problem, one network, one run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kinn.cli.options import (
    BudgetOption,
    CheckpointOption,
    ClockOption,
    DtypeOption,
    FormOption,
    IterationsOption,
    JsonOption,
    OptimizerOption,
    OutOption,
    PointsOption,
    ProblemArgument,
    SetOption,
    ThreadsOption,
    parse_options,
    with_training_options,
)


@with_training_options
def command(
    problem: ProblemArgument,
    form: FormOption = "strong",
    network: Annotated[str, typer.Option("--network", metavar="NAME", help="kan or mlp.")] = "kan",
    set_: SetOption = None,
    optimizer: OptimizerOption = None,
    points: PointsOption = None,
    budget: BudgetOption = None,
    clock: ClockOption = "wall",
    iterations: IterationsOption = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="One seed, one result.")] = 0,
    dtype: DtypeOption = "float64",
    threads: ThreadsOption = None,
    out: OutOption = Path("runs"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew where an earlier solve was cut short.")] = False,
    checkpoint: CheckpointOption = 10.0,
    json: JsonOption = False,
    **training: Any,
) -> None:
    """Solve a problem and keep the solution, its figures and how good it is in a run folder."""
    from kinn.cli.progress import run
    from kinn.cli.tables import report
    from kinn.runs.options import Options, specified
    from kinn.runs.problem_loader import find_problem
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.runs.settings import split
    from kinn.solver import resolve_network
    from kinn.train.distributed import process_group, rank

    texts = split(set_ or [])
    options = Options(
        form,
        optimizer,
        texts.optimizer,
        points,
        budget,
        iterations,
        dtype,
        threads,
        out,
        clock,
        checkpoint,
        strategies=parse_options(training),
        strategy_settings=texts.strategies,
    )
    source = find_problem(problem)
    settings, made = source.build(texts.problem)
    made = made.in_form(form)
    architecture = specified(resolve_network(made, network), texts.network, "network")
    work = ResolvedRun(
        source, settings, made, architecture, options.optimizer_for(made), options.recipe_for(made), seed, options
    )
    with process_group():
        solution = run(work, fresh=fresh)
        if rank() == 0:
            report(solution, json)
