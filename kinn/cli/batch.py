"""`kinn batch`: a study file, worked on until its store holds every run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinn.errors import InputError, SolveError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from kinn.experiments.specification import StudyFile
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import Sweep


def command(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="A study file, or the name of one that comes with KINN.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FOLDER", help="The folder of the runs. [default: the study's name]")
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", metavar="N", help="Runs at a time.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the matrix and an estimate, and solve nothing.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try again what failed before.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Solve again what is solved.")] = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="A Dask scheduler whose workers solve.")
    ] = None,
    submit: Annotated[
        str | None, typer.Option("--submit", metavar="QUEUE", help="slurm, or local to try what would be submitted.")
    ] = None,
) -> None:
    """Solve what a study file asks for; what is solved is skipped, what was cut short is gone on with."""
    from kinn.cli.execute import run_parallel, say
    from kinn.cli.tables import ruled, show
    from kinn.experiments import manifest
    from kinn.experiments.executors import Unreachable
    from kinn.experiments.reading import read_study
    from kinn.experiments.store import Store, StoreError
    from kinn.experiments.sweep import matrix
    from kinn.experiments.tables import columns, comparisons, rows

    stated = read_study(study)[0]
    planned = matrix(stated, folder=study.parent)
    root = out or Path("runs") / stated.study.name
    if dry_run:
        _show_plan(stated, planned, root, workers)
        return
    for text in planned.left_out:
        say(text)
    with Store(root) as store:
        manifest.keep(root, stated.study.name, planned.cases)
        executor, window = _executor(stated, store, len(planned.cases), workers, scheduler, submit)
        again = f"kinn batch {study} --out {root}"
        try:
            tally = run_parallel(planned.cases, store, executor, window, stated.resources, retry=retry, fresh=fresh)
        except KeyboardInterrupt:
            say(f"stopped; {_counted(store, planned)}; to go on: {again}")
            raise
        except (StoreError, Unreachable) as error:
            raise type(error)(f"{error}; {_counted(store, planned)}; to go on: {again}") from error
        wanted = {case.place(root) for case in planned.cases}
        table = rows([result for result in store.results() if result.path in wanted])
        show(ruled(stated.study.name, *columns(table, stated.study.accuracies)))
        for problem, first, second, comparison in comparisons(table):
            print(f"{problem}: {comparison.verdict(first, second)}")
        print(f"runs in {root}; kinn report {root} -o report.html")
        failed = len(tally.failed) + tally.kept
        if failed:
            first = tally.failed[0][1] if tally.failed else "see kinn status"
            raise SolveError(f"{failed} runs failed; the first: {first}; to try again: {again} --retry")


def _counted(store: Store, planned: Sweep) -> str:
    """Return how many of the cases are solved."""
    from kinn.experiments.results import DONE

    store.refresh()
    found = [store.result(case.place(store.root)) for case in planned.cases]
    return f"{sum(r is not None and r.status == DONE for r in found)} of {len(found)} done"


def _executor(
    stated: StudyFile, store: Store, cases: int, workers: int | None, scheduler: str | None, submit: str | None
) -> tuple[Executor, int]:
    """Return where to work, and how many cases to hand out at a time."""
    from kinn.cli.execute import pool
    from kinn.cli.execute import workers as counted

    if scheduler and submit:
        raise InputError("--scheduler and --submit are two places to solve in: give one")
    if scheduler:
        from kinn.experiments.executors.cluster import DaskExecutor

        cluster = DaskExecutor(scheduler)
        return cluster, 2 * cluster.slots
    if submit:
        from kinn.experiments.executors.slurm import SlurmExecutor

        return SlurmExecutor(store.root, submit, stated.resources, stated.study.budget, workers), cases
    number = counted(stated.resources, workers)
    return pool(stated.resources, number, store.root / "workers.log"), number


def _show_plan(stated: StudyFile, planned: Sweep, root: Path, workers: int | None) -> None:
    """Print the matrix and an estimate."""
    from kinn.cli.execute import cores
    from kinn.cli.execute import workers as counted
    from kinn.cli.live import duration
    from kinn.cli.tables import ruled, show
    from kinn.experiments.report.row_labels import labels
    from kinn.experiments.results import DONE
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import seconds

    rows: dict[tuple[str, str], list[int]] = {}
    budgets: dict[tuple[str, str], str] = {}
    for case, label in zip(planned.cases, labels([c.config for c in planned.cases]), strict=True):
        rows.setdefault(label, []).append(int(case.config["seed"]))
        budgets[label] = f"{case.config['budget']:g} {'CPU s' if case.config['clock'] == 'cpu' else 's'}"
    cells = [[*label, ", ".join(map(str, seeds)), budgets[label]] for label, seeds in rows.items()]
    show(ruled(stated.study.name, ["problem", "network", "seeds", "budget"], cells))
    for text in planned.left_out:
        print(text)
    left = list(planned.cases)
    if root.is_dir():
        with Store(root, make=False) as store:
            store.refresh()
            found = {case.hash: store.result(case.place(root)) for case in left}
        left = [case for case in left if (known := found[case.hash]) is None or known.status != DONE]
    number, total = counted(stated.resources, workers), len(planned.cases)
    longest = duration(seconds(left, number, cores()))
    print(
        f"{total} runs, {total - len(left)} of them done; at most {longest} of training on {number} workers; runs in {root}"
    )
