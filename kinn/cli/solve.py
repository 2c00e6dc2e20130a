"""`kinn solve` and `kinn resume`: one problem, one network, one run folder."""

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
    parse_training_options,
    with_training_options,
)


@with_training_options
def solve(
    problem: ProblemArgument,
    form: FormOption = "strong",
    network: Annotated[str, typer.Option("--network", metavar="NAME", help="kan or mlp.")] = "kan",
    set_: SetOption = None,
    optimizer: OptimizerOption = None,
    points: PointsOption = None,
    budget: BudgetOption = None,
    clock: ClockOption = "wall",
    iterations: IterationsOption = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Random seed.")] = 0,
    dtype: DtypeOption = "float64",
    threads: ThreadsOption = None,
    out: OutOption = Path("runs"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Restart an interrupted solve.")] = False,
    checkpoint: CheckpointOption = 10.0,
    json: JsonOption = False,
    **training: Any,
) -> None:
    """Solve a problem and write the solution, its errors and figures into a run folder."""
    from kinn.cli.progress import run_with_progress
    from kinn.cli.tables import print_solution
    from kinn.runs.problem_loader import find_problem
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.runs.run_options import RunOptions, parse_settings, with_settings
    from kinn.solver import resolve_network
    from kinn.train.distributed import process_group, rank

    texts = parse_settings(set_ or [])
    options = RunOptions(
        form=form,
        out=out,
        optimizer=optimizer,
        optimizer_settings=texts.optimizer,
        points=points,
        budget=budget,
        iterations=iterations,
        dtype=dtype,
        threads=threads,
        clock=clock,
        checkpoint_every=checkpoint,
        strategies=parse_training_options(training),
        strategy_settings=texts.strategies,
    )
    source = find_problem(problem)
    settings, loaded = source.build(texts.problem)
    loaded = loaded.in_form(form)
    architecture = with_settings(resolve_network(loaded, network), texts.network, "network")
    method = options.optimizer_for(loaded)
    training_options = options.training_options_for(loaded)
    run = ResolvedRun(source, settings, loaded, architecture, method, training_options, seed, options)
    with process_group():
        solution = run_with_progress(run, fresh=fresh)
        if rank() == 0:
            print_solution(solution, json)


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="SECONDS", help="Seconds of training in total.")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option("--iterations", metavar="N", help="Maximum of iterations in total.")
    ] = None,
    problem: Annotated[
        Path | None, typer.Option("--problem", metavar="SCRIPT", help="The problem script, if it was moved.")
    ] = None,
    threads: ThreadsOption = None,
    checkpoint: CheckpointOption = 10.0,
    json: JsonOption = False,
) -> None:
    """Resume an interrupted solve from its last checkpoint, or a finished one with more time."""
    from kinn.cli.progress import solve_progress
    from kinn.cli.tables import print_solution
    from kinn.runs.resume import Resumption

    resumption = Resumption.of(
        run, problem, budget=budget, iterations=iterations, threads=threads, checkpoint_every=checkpoint
    )
    with solve_progress(resumption.resolved_run.title) as progress:
        solution = resumption.run(progress)
    print_solution(solution, json)
