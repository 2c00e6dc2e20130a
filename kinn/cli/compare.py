"""`kinn compare`: the same problems solved in several ways, over seeds, in one table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kinn.cli.options import (
    BudgetOption,
    ClockOption,
    DtypeOption,
    IterationsOption,
    OutOption,
    PointsOption,
    SetOption,
    ThreadsOption,
    parse_options,
    with_training_options,
)
from kinn.errors import InputError, SolveError


@with_training_options
def command(
    problems: Annotated[list[str], typer.Argument(metavar="PROBLEM...", help="Names or scripts, as for `kinn solve`.")],
    form: Annotated[
        list[str] | None, typer.Option("--form", metavar="NAME", help="Repeatable. [default: strong]")
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option("--network", metavar="NAME", help="Repeatable. [default: kan, mlp]")
    ] = None,
    optimizer: Annotated[
        list[str] | None, typer.Option("--optimizer", metavar="NAME", help="Repeatable; the problem's own if left out.")
    ] = None,
    match: Annotated[
        str,
        typer.Option(
            "--match",
            metavar="WHAT",
            help="parameters: the networks after the first are scaled to its size; time: only the time is the same.",
        ),
    ] = "parameters",
    set_: SetOption = None,
    points: PointsOption = None,
    budget: BudgetOption = None,
    clock: ClockOption = "wall",
    iterations: IterationsOption = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Solve with the seeds 0 to N - 1.")] = 3,
    accuracy: Annotated[
        list[float] | None,
        typer.Option(
            "--accuracy", metavar="E", help="Tell the seconds to this error. Repeatable. [default: 1e-2 to 1e-4]"
        ),
    ] = None,
    against: Annotated[
        list[str] | None, typer.Option("--against", metavar="PEER", help="Let another library solve too: deepxde, fem.")
    ] = None,
    dtype: DtypeOption = "float64",
    threads: ThreadsOption = None,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Runs at a time.", min=1)] = 1,
    out: OutOption = Path("runs"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Solve again what is solved.")] = False,
    **training: Any,
) -> None:
    """Solve problems by several networks, forms and methods: error, time to accuracies, size; failures count."""
    from kinn.cli.execute import run_parallel, run_serial, say
    from kinn.cli.tables import ruled, show
    from kinn.experiments.executors import LocalExecutor
    from kinn.experiments.reading import checked
    from kinn.experiments.report import fem_convergence
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import matrix
    from kinn.experiments.tables import columns, comparisons, rows
    from kinn.runs.settings import split

    if seeds < 1:
        raise InputError(f"--seeds is a number of seeds, at least 1, not {seeds}")
    texts = split(set_ or [])
    study = {
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
        "settings": texts.named,
        "against": against or [],
        **parse_options(training),
        **({"accuracies": accuracy} if accuracy else {}),
    }
    resources = {} if threads is None else {"threads": threads}
    stated = checked({"study": study, "resources": resources})
    planned = matrix(stated)
    for text in planned.left_out:
        say(text)
    with Store(out) as store:
        if workers == 1:
            tally = run_serial(planned.cases, store, stated.resources, threads=threads, fresh=fresh)
        else:
            executor = LocalExecutor(workers, stated.resources.threads, out / "workers.log")
            tally = run_parallel(planned.cases, store, executor, workers, stated.resources, retry=True, fresh=fresh)
        if tally.found:
            say(f"{tally.found} of {tally.total} were solved before; --fresh solves them again")
        wanted = [case.place(out) for case in planned.cases]
        found = {result.path: result for result in store.results()}
        table = rows([found[path] for path in wanted if path in found])
    show(ruled(", ".join(problems), *columns(table, stated.study.accuracies)))
    if meshes := fem_convergence.mesh_runs(table):
        show(ruled("finite elements, mesh by mesh", *fem_convergence.columns(meshes)))
    for problem, first, second, comparison in comparisons(table):
        print(f"{problem}: {comparison.verdict(first, second)}")
    for verdict in fem_convergence.verdicts(table):
        print(verdict)
    print("\n".join(map(str, wanted)))
    if tally.failed:
        raise SolveError(f"{len(tally.failed)} solves failed; the first: {tally.failed[0][1]}")
