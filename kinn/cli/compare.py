"""`kinn compare`: the same problems solved by several methods, over seeds, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kinn.cli import options
from kinn.errors import InputError, SolveError


@options.with_training_options
def compare(
    problems: Annotated[list[str], typer.Argument(metavar="PROBLEM...", help="Names or scripts, as for `kinn solve`.")],
    form: Annotated[
        list[str] | None, typer.Option("--form", metavar="NAME", help="Repeatable. By default strong.")
    ] = None,
    network: options.Networks = None,
    optimizer: Annotated[
        list[str] | None,
        typer.Option("--optimizer", metavar="NAME", help="Repeatable. By default that of the problem."),
    ] = None,
    match: Annotated[
        str,
        typer.Option(
            "--match",
            metavar="WHAT",
            help="parameters: all networks have the size of the first; time: sizes differ, only the time is equal.",
        ),
    ] = "parameters",
    set_: options.Set = None,
    points: options.Points = None,
    budget: options.Budget = None,
    clock: options.Clock = "wall",
    iterations: options.Iterations = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Solve with the seeds 0 to N - 1.")] = 3,
    threshold: options.Thresholds = None,
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="BASELINE", help="Solve with another library too: deepxde, fem."),
    ] = None,
    dtype: options.Dtype = "float64",
    threads: options.Threads = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Concurrent runs.", min=1)] = 1,
    out: options.Out = Path("runs"),
    fresh: options.Fresh = False,
    **training: Any,
) -> None:
    """Solve problems by several networks, forms and optimizers: error, time to error thresholds, size; failures count."""
    from kinn.cli.execute import notify, run_parallel, run_serial
    from kinn.cli.tables import build_table, print_table
    from kinn.experiments.executors.local import LocalExecutor
    from kinn.experiments.reading import validate_study
    from kinn.experiments.report import fem_convergence
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import Sweep
    from kinn.experiments.tables import columns, comparison_lines, rows
    from kinn.runs.run_options import parse_settings

    if seeds < 1:
        raise InputError(f"--seeds is a number of seeds, at least 1, not {seeds}")
    table = {
        "problems": problems,
        "forms": form or ["strong"],
        "networks": network or ["kan", "mlp"],
        "optimizers": optimizer or None,
        "seeds": seeds,
        "budget": budget,
        "clock": clock,
        "iterations": iterations,
        "points": points,
        "dtype": dtype,
        "match": match,
        "settings": {f"{part}.{k}": v for part, texts in parse_settings(set_).items() for k, v in texts.items()},
        "against": against or [],
        **options.parse_training_options(training),
        **({"thresholds": threshold} if threshold else {}),
    }
    study = validate_study({"study": table, "resources": {} if threads is None else {"threads": threads}})
    sweep = Sweep.from_study(study)
    for text in sweep.omitted:
        notify(text)
    with Store(out) as store:
        if workers == 1:
            progress = run_serial(sweep.specs, store, study.resources, threads=threads, fresh=fresh)
        else:
            executor = LocalExecutor(workers, study.resources.threads, out / "workers.log")
            progress = run_parallel(sweep.specs, store, executor, workers, study.resources, retry=True, fresh=fresh)
        if progress.found:
            notify(f"{progress.found} of {progress.total} were solved before; --fresh solves them again")
        paths = [spec.path(out) for spec in sweep.specs]
        results = rows([result for path in paths if (result := store.result(path))])
    print_table(build_table(", ".join(problems), *columns(results, study.study.thresholds)))
    if meshes := fem_convergence.convergence_runs(results):
        print_table(build_table("finite elements by mesh", *fem_convergence.columns(meshes)))
    for line in (*comparison_lines(results), *fem_convergence.equal_accuracy(results), *paths):
        print(line)
    if progress.failed:
        raise SolveError(f"{len(progress.failed)} solves failed; the first: {progress.failed[0][1]}")
