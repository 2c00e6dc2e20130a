"""`kinn solve` and `kinn resume`: one problem, one network, one run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kinn.cli import options


@options.with_training_options
def solve(
    problem: options.Problem,
    form: options.Form = "strong",
    network: Annotated[
        str,
        typer.Option("--network", metavar="NAME", help="A name from `kinn list networks`; without settings it grows."),
    ] = "kan",
    set_: options.Set = None,
    optimizer: options.Optimizer = None,
    points: options.Points = None,
    budget: options.Budget = None,
    clock: options.Clock = "wall",
    iterations: options.Iterations = None,
    seed: options.Seed = 0,
    dtype: options.Dtype = "float64",
    threads: options.Threads = None,
    out: options.Out = Path("runs"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Restart an interrupted solve.")] = False,
    checkpoint: options.Checkpoint = 10.0,
    json: options.Json = False,
    **training: Any,
) -> None:
    """Solve a problem and write the solution, its errors and figures into a run folder."""
    from kinn.arguments import (
        check_tolerance,
        resolve_grown_network,
        resolve_growth,
        resolve_network,
        resolve_optimizer,
    )
    from kinn.cli.execute import notify
    from kinn.cli.progress import solve_progress
    from kinn.cli.tables import print_solution
    from kinn.runs.execute import run_or_resume
    from kinn.runs.problem_loader import find_problem
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.runs.run_options import RunOptions, parse_settings, resolve_training_options, with_settings
    from kinn.train.distributed import process_group, rank

    texts = parse_settings(set_)
    run_options = RunOptions(
        form=form,
        out=out,
        points=points,
        budget=budget,
        iterations=iterations,
        dtype=dtype,
        threads=threads,
        clock=clock,
        checkpoint_every=checkpoint,
    )
    source = find_problem(problem)
    settings, loaded = source.build(texts["problem"])
    loaded = loaded.in_form(form)
    architecture = with_settings(resolve_network(loaded, network), texts["network"], "network")
    method = with_settings(resolve_optimizer(optimizer or loaded.defaults.optimizer), texts["optimizer"], "optimizer")
    strategies = resolve_training_options(loaded.defaults, options.parse_training_options(training), texts)
    named = architecture if texts["network"] else network
    strategies = resolve_growth(loaded, named, method, strategies, training["growth"])
    check_tolerance(strategies, dtype)
    architecture = resolve_grown_network(named, architecture, strategies)
    run = ResolvedRun(source, settings, loaded, architecture, method, strategies, seed, run_options)
    with process_group():
        if rank():
            run_or_resume(run, fresh=fresh)
            return
        with solve_progress(run.title) as progress:
            solution = run_or_resume(run, progress, fresh=fresh, notify=lambda text: notify(f"{run.title}: {text}"))
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
    threads: options.Threads = None,
    checkpoint: options.Checkpoint = 10.0,
    json: options.Json = False,
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
