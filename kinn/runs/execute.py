"""From a solve that is resolved to its solution: begun, gone on with, or as it ended, with or without a run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from kinn.errors import InputError, SolveError
from kinn.runs.problem_loader import script_error

if TYPE_CHECKING:
    from kinn.runs.folder import RunFolder
    from kinn.runs.resolved_run import ResolvedRun
    from kinn.solution import Solution
    from kinn.train.checkpoint import Checkpoints
    from kinn.train.history import HistoryEntry

#: What is called with each record.
Show = Callable[["HistoryEntry"], None]


def run_or_resume(
    work: ResolvedRun,
    show: Show | None = None,
    *,
    fresh: bool = False,
    say: Callable[[str], object] = lambda _: None,
) -> Solution:
    """Solve, from where an earlier solve of the same configuration was cut short, and leave a run folder.

    Args:
        work: The solve.
        show: Called with each record.
        fresh: Whether to begin anew all the same.
        say: Called with a sentence where an earlier solve is gone on with, or cannot be.

    Raises:
        InputError: As for `run`.
        SolveError: As for `run`.
    """
    from kinn.train.distributed import barrier

    before = None
    work.folder()  # one that cannot be written is found here, and is no reason to begin anew
    if not fresh:
        try:
            before = work.left_off()
        except InputError as error:
            say(f"beginning anew: {error}")
    barrier()  # all have read before one writes
    if before is not None:
        say("going on where an earlier solve was cut short")
    return run(work, show, before=before)


def run(
    work: ResolvedRun,
    show: Show | None = None,
    *,
    folder: RunFolder | None = None,
    before: Mapping[str, Any] | None = None,
) -> Solution:
    """Solve and leave a run folder, which holds a checkpoint from the beginning.

    Args:
        work: The solve.
        show: Called with each record.
        folder: The run folder, if it is not in its place under the folder of all runs.
        before: A checkpoint to go on from.

    Raises:
        InputError: If something asked for cannot be; an unwritable folder is found before training starts.
        SolveError: If the solve failed numerically; its run folder is kept.
    """
    from kinn.train.checkpoint import Checkpoints
    from kinn.train.distributed import rank

    place = folder or work.folder()
    source = work.origin

    def write(state: dict[str, Any]) -> None:
        place.checkpoint({**state, "source": source}, further=before is not None)

    keeper = Checkpoints(
        write if rank() == 0 else None,
        every=work.options.checkpoint_every,
        before=before,
    )
    history: list[HistoryEntry] = []

    def record(entry: HistoryEntry) -> None:
        history.append(entry)
        if show is not None:
            show(entry)

    try:
        solution = _solved(work, record, keeper)
    except SolveError as error:
        if rank():
            raise
        raise SolveError(f"{error} (see {place.save_failure(str(error), history)})") from error
    if rank():
        return solution
    return dataclasses.replace(
        solution, run=place.save(solution, {**keeper.last, "source": source}, figures=work.options.figures)
    )


def ended(work: ResolvedRun, before: Mapping[str, Any]) -> Solution:
    """Return the solution of a solve that has ended, without training and without writing anything.

    Args:
        work: The solve.
        before: The checkpoint of its end.

    Raises:
        InputError: If a peer solved it, which leaves nothing that could be returned without solving again.
    """
    from kinn.train.checkpoint import Checkpoints

    if work.peer is not None:
        raise InputError(f"what {work.peer} solved is not kept")
    return _solved(work, None, Checkpoints(None, before=before))


def _solved(work: ResolvedRun, record: Show | None, keeper: Checkpoints) -> Solution:
    with script_error(work.source.script):
        return _solver(work.peer)(
            work.problem,
            work.network,
            optimizer=work.optimizer,
            threads=work.options.threads,
            progress=record,
            checkpoint=keeper,
            **work.arguments,
            **work.recipe.arguments,
        )


def _solver(peer: str | None) -> Callable[..., Solution]:
    """Return what solves: KINN, or a peer.

    Raises:
        InputError: If there is no such peer, or it is not installed.
    """
    import kinn

    if peer is None:
        return kinn.solve
    from kinn.baselines import peer_named

    solve: Callable[..., Solution] = peer_named(peer).loaded().solve
    return solve
