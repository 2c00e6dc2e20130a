"""Execution of a resolved run: started, resumed, or loaded once it has ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kinn.errors import InputError, SolveError
from kinn.runs.problem_loader import script_error

if TYPE_CHECKING:
    from kinn.runs.folder import RunFolder
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.solution import Solution
    from kinn.train.callbacks import Callback
    from kinn.train.checkpoint import Checkpoints
    from kinn.train.state import HistoryEntry

#: Called with each history entry.
Progress = Callable[["HistoryEntry"], None]


def run_or_resume(
    run: ResolvedRun,
    progress: Progress | None = None,
    *,
    fresh: bool = False,
    notify: Callable[[str], object] = lambda _: None,
) -> Solution:
    """Solve, or resume an interrupted solve of the same configuration unless `fresh`, and write the run folder.

    `notify` is called with a sentence when an interrupted solve is resumed, or cannot be. Errors are those of `execute_run`.
    """
    from kinn.train.distributed import barrier

    checkpoint = None
    run.folder()  # a folder that cannot be written is an error here, not a reason to restart
    if not fresh:
        try:
            checkpoint = run.pending_checkpoint()
        except InputError as error:
            notify(f"restarting: {error}")
    barrier()  # every process has read before one writes
    if checkpoint is not None:
        notify("resuming an interrupted solve")
    return execute_run(run, progress, checkpoint=checkpoint)


def execute_run(
    run: ResolvedRun,
    progress: Progress | None = None,
    *,
    folder: RunFolder | None = None,
    checkpoint: Mapping[str, Any] | None = None,
    callbacks: Sequence[Callback] = (),
) -> Solution:
    """Solve and write the run folder, which holds a checkpoint from the start.

    Args:
        run: The resolved run.
        progress: Called with each history entry.
        folder: The run folder, if it is not in its place under the folder of all runs.
        checkpoint: A checkpoint to resume from.
        callbacks: Objects that follow the training, which a baseline does not call.

    Raises:
        InputError: If an argument is invalid; an unwritable folder is found before training starts.
        SolveError: If the solve failed numerically; its run folder is kept.
    """
    from kinn.train.checkpoint import Checkpoints
    from kinn.train.distributed import rank

    target = folder or run.folder()

    def write(state: dict[str, Any]) -> None:
        target.checkpoint({**state, "source": run.origin}, resumed=checkpoint is not None)

    checkpoints = Checkpoints(write if rank() == 0 else None, every=run.options.checkpoint_every, saved=checkpoint)
    history: list[HistoryEntry] = []

    def record(entry: HistoryEntry) -> None:
        history.append(entry)
        if progress is not None:
            progress(entry)

    try:
        solution = _solve(run, record, checkpoints, callbacks)
    except SolveError as error:
        if rank():
            raise
        raise SolveError(f"{error} (see {target.save_failure(str(error), history)})") from error
    if rank():
        return solution
    state = {**checkpoints.last, "source": run.origin}
    return dataclasses.replace(solution, run=target.save(solution, state, figures=run.options.figures))


def load_solution(run: ResolvedRun, checkpoint: Mapping[str, Any]) -> Solution:
    """Solution of a solve that has ended, by its last checkpoint, without training and without writing anything.

    Raises:
        InputError: If a baseline solved it, whose solutions are not stored.
    """
    from kinn.train.checkpoint import Checkpoints

    if run.baseline is not None:
        raise InputError(f"solutions of {run.baseline} are not stored")
    return _solve(run, None, Checkpoints(None, saved=checkpoint))


def _solve(
    run: ResolvedRun, progress: Progress | None, checkpoints: Checkpoints, callbacks: Sequence[Callback] = ()
) -> Solution:
    with script_error(run.source.script):
        return solver(run.baseline)(
            run.problem,
            run.network,
            optimizer=run.optimizer,
            threads=run.options.threads,
            progress=progress,
            callbacks=callbacks,
            checkpoint=checkpoints,
            **run.arguments,
            **run.training_options.arguments,
        )


def solver(baseline: str | None = None) -> Callable[..., Solution]:
    """The `solve` of KINN, or that of a baseline.

    Raises:
        InputError: If the baseline is unknown or not installed.
    """
    if baseline is None:
        from kinn.solver import solve

        return solve
    from kinn.baselines import get_baseline

    baseline_solve: Callable[..., Solution] = get_baseline(baseline).loaded().solve
    return baseline_solve
