"""`kinn batch`: solves a study file until its store holds every run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinn.cli import options
from kinn.errors import InputError, SolveError
from kinn.experiments.executors import ExecutorUnreachable

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from kinn.experiments.specification import StudyFile
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import Sweep


def batch(
    study: Annotated[
        Path, typer.Argument(metavar="STUDY", help="A study file, or the name of one that comes with KINN.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="The folder of the runs. By default the study's name."),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", metavar="N", help="Concurrent runs.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the runs and an estimate, and solve nothing.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Retry what failed before.")] = False,
    fresh: options.Fresh = False,
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Solve on the workers of a Dask scheduler.")
    ] = None,
    submit: Annotated[
        str | None, typer.Option("--submit", metavar="QUEUE", help="slurm, or local for a trial of the submission.")
    ] = None,
) -> None:
    """Solve the runs of a study file; solved runs are skipped, interrupted ones resumed."""
    from kinn.cli.execute import notify, run_parallel
    from kinn.cli.tables import build_table, print_table
    from kinn.experiments.reading import read_study
    from kinn.experiments.store import Manifest, Store, StoreError
    from kinn.experiments.sweep import Sweep
    from kinn.experiments.tables import columns, comparison_lines, rows

    loaded = read_study(study)
    sweep = Sweep.from_study(loaded, folder=study.parent)
    root = out or Path("runs") / loaded.study.name
    if dry_run:
        _print_plan(loaded, sweep, root, workers)
        return
    for text in sweep.omitted:
        notify(text)
    with Store(root) as store:
        Manifest.write(root, loaded.study.name, sweep.specs)
        executor, window = _executor(loaded, store, len(sweep.specs), workers, scheduler, submit)
        again = f"kinn batch {study} --out {root}"
        try:
            progress = run_parallel(sweep.specs, store, executor, window, loaded.resources, retry=retry, fresh=fresh)
        except KeyboardInterrupt:
            notify(f"stopped; {_done(store, sweep)}; to resume: {again}")
            raise
        except (StoreError, ExecutorUnreachable) as error:
            raise type(error)(f"{error}; {_done(store, sweep)}; to resume: {again}") from error
        paths = {spec.path(root) for spec in sweep.specs}
        table = rows([result for result in store.results() if result.path in paths])
        print_table(build_table(loaded.study.name, *columns(table, loaded.study.thresholds)))
        for line in comparison_lines(table):
            print(line)
        print(f"runs in {root}; kinn report {root} -o report.html")
        failed = len(progress.failed) + progress.failed_before
        if failed:
            first = progress.failed[0][1] if progress.failed else "see kinn status"
            raise SolveError(f"{failed} runs failed; the first: {first}; to retry: {again} --retry")


def _done(store: Store, sweep: Sweep) -> str:
    """Number of finished runs as text."""
    from kinn.experiments.results import DONE

    store.refresh()
    results = [store.result(spec.path(store.root)) for spec in sweep.specs]
    return f"{sum(r is not None and r.status == DONE for r in results)} of {len(results)} done"


def _executor(
    study: StudyFile, store: Store, count: int, workers: int | None, scheduler: str | None, submit: str | None
) -> tuple[Executor, int]:
    """Executor of the runs, and the number of jobs to submit at a time."""
    from kinn.cli.execute import local_executor, worker_count

    if scheduler and submit:
        raise InputError("--scheduler and --submit exclude each other")
    if scheduler:
        from kinn.experiments.executors.dask_cluster import DaskExecutor

        cluster = DaskExecutor(scheduler)
        return cluster, 2 * cluster.slots
    if submit:
        from kinn.experiments.executors.slurm import SlurmExecutor

        return SlurmExecutor(store.root, submit, study.resources, study.study.budget, workers), count
    number = worker_count(study.resources, workers)
    return local_executor(study.resources, number, store.root / "workers.log"), number


def _print_plan(study: StudyFile, sweep: Sweep, root: Path, workers: int | None) -> None:
    """Print the runs of a study and an estimate of the time."""
    from kinn.cli.execute import core_count, worker_count
    from kinn.cli.progress import format_duration
    from kinn.cli.tables import build_table, print_table
    from kinn.experiments.results import DONE
    from kinn.experiments.store import Store
    from kinn.experiments.sweep import training_seconds
    from kinn.experiments.tables import row_labels

    seeds: dict[tuple[str, str], list[int]] = {}
    budgets: dict[tuple[str, str], str] = {}
    for spec, label in zip(sweep.specs, row_labels([s.config for s in sweep.specs]), strict=True):
        seeds.setdefault(label, []).append(int(spec.config["seed"]))
        budgets[label] = f"{spec.config['budget']:g} {'CPU s' if spec.config['clock'] == 'cpu' else 's'}"
    cells = [[*label, ", ".join(map(str, numbers)), budgets[label]] for label, numbers in seeds.items()]
    print_table(build_table(study.study.name, ["problem", "network", "seeds", "budget"], cells))
    for text in sweep.omitted:
        print(text)
    remaining = list(sweep.specs)
    if root.is_dir():
        with Store(root, create=False) as store:
            store.refresh()
            results = {spec.hash: store.result(spec.path(root)) for spec in remaining}
        remaining = [s for s in remaining if (result := results[s.hash]) is None or result.status != DONE]
    number, total = worker_count(study.resources, workers), len(sweep.specs)
    longest = format_duration(training_seconds(remaining, number, core_count()))
    print(
        f"{total} runs, {total - len(remaining)} of them done; at most {longest} of training on {number} workers; "
        f"runs in {root}"
    )
