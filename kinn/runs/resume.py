"""A solve that was cut short goes on from its last checkpoint, and one that ended may be given more time."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.errors import InputError
from kinn.runs import execute
from kinn.runs.options import Options
from kinn.runs.problem_loader import find
from kinn.runs.resolved_run import ResolvedRun
from kinn.training_options import TrainingOptions

if TYPE_CHECKING:
    from kinn.problem import Problem
    from kinn.runs.folder import RunFolder
    from kinn.solution import Solution
    from kinn.train.history import HistoryEntry

#: The arguments of `kinn.solve` that a configuration states as they are.
ARGUMENTS = ("form", "points", "budget", "clock", "iterations", "seed", "dtype")


def resume(
    run: str | Path,
    problem: Problem | None = None,
    *,
    budget: float | None = None,
    iterations: int | None = None,
    threads: int | None = None,
    progress: Callable[[HistoryEntry], None] | None = None,
) -> Solution:
    """Go on with a solve from its last checkpoint, to the parameters it would have come to without a break.

    On the CPU and with the same number of threads the parameters are the same bit for bit, as far as the number of steps
    and not the clock ends the solve. The seconds spent before count. A solve that has ended is returned as it is; given
    more `budget` or `iterations` it goes on, into the run folder of that configuration.

    Args:
        run: The run folder, or a file that `kinn.solve(..., checkpoint=file)` wrote.
        problem: What is solved; None for a problem that is found by its name, or by the script it was read from.
        budget: Seconds of training in all, in place of those of the run.
        iterations: The most steps in all, in place of those of the run.
        threads: CPU threads; None for as many as before.
        progress: Called with a record after each step.

    Raises:
        InputError: If there is no checkpoint, or it is damaged, foreign or of another problem.
        SolveError: If the numbers break down.
    """
    from kinn.runs.folder import restore

    path = Path(run)
    restore(path)
    if path.is_dir():
        resumption = Resumption.of(path, problem, budget=budget, iterations=iterations, threads=threads)
        return resumption.run(progress)
    return _from_file(path, problem, _limits(budget, iterations), threads, progress)


class Resumption:
    """What a run folder was solving, and how far it had come.

    Args:
        work: The solve.
        folder: Where it goes on: the same folder, or the one of the new limits.
        before: The checkpoint.
    """

    def __init__(self, work: ResolvedRun, folder: RunFolder, before: Mapping[str, Any]) -> None:
        self.work, self.folder, self.before = work, folder, before

    @staticmethod
    def of(
        path: Path,
        problem: Problem | Path | None = None,
        *,
        budget: float | None = None,
        iterations: int | None = None,
        threads: int | None = None,
        checkpoint_every: float | None = None,
    ) -> Resumption:
        """Return what is resumed of a run folder.

        Args:
            path: The run folder.
            problem: What it solves, or where the script of that is now.
            budget: Seconds of training in all, in place of those of the run.
            iterations: The most steps in all, in place of those of the run.
            threads: CPU threads; None for as many as before.
            checkpoint_every: Seconds between two checkpoints.

        Raises:
            InputError: If it is no run folder, its checkpoint is not its own, or its problem is not what it was.
        """
        from kinn.config import config_hash
        from kinn.runs.folder import STATE, RunFolder, restore
        from kinn.train.checkpoint import EVERY, read_checkpoint

        restore(path)
        known = _read_config(path)
        before = read_checkpoint(path / STATE)
        if before.get("config") != known:
            raise InputError(f"{path / STATE} is the checkpoint of another run than the configuration beside it")
        config = known | _limits(budget, iterations)
        every = EVERY if checkpoint_every is None else checkpoint_every
        try:
            options = Options.of(config, path.parent, threads, every)
            work = ResolvedRun.of(config, before.get("source", ""), options, problem)
        except KeyError as error:
            raise InputError(f"the configuration of {path} lacks what a run states: {error}") from error
        place = path if config == known else path.resolve().with_name(config_hash(config))
        return Resumption(work, RunFolder(path.parent, config, path=place), before)

    def run(self, progress: Callable[[HistoryEntry], None] | None = None) -> Solution:
        """Go on, and leave the run folder of a solve that ended."""
        return execute.run(self.work, progress, folder=self.folder, before=self.before)

    def solution(self) -> Solution:
        """Return the solution of a solve that has ended, as it is in its run folder, where nothing is written.

        Raises:
            InputError: If a peer solved it.
        """
        return execute.ended(self.work, self.before)


def _limits(budget: float | None, iterations: int | None) -> dict[str, Any]:
    """Return the limits that are given, as the configuration has them."""
    return {k: v for k, v in (("budget", budget), ("iterations", iterations)) if v is not None}


def _read_config(path: Path) -> dict[str, Any]:
    from kinn.runs.folder import CONFIG, check_version

    try:
        check_version(path)
        return tomllib.loads((path / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is no run folder: it holds no {CONFIG}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path / CONFIG} cannot be read: {error}") from error


def _from_file(
    path: Path,
    problem: Problem | None,
    limits: Mapping[str, Any],
    threads: int | None,
    progress: Callable[[HistoryEntry], None] | None,
) -> Solution:
    """Go on from a checkpoint that lies in no run folder."""
    from kinn.config import from_config
    from kinn.networks import NETWORKS
    from kinn.optim import OPTIMIZERS
    from kinn.solver import solve
    from kinn.train.checkpoint import Checkpoints, read_checkpoint

    before = read_checkpoint(path)
    try:
        config = before["config"] | limits
        made = problem or find(config["problem"]["name"]).configured({})[1]
        if made.name != config["problem"]["name"]:
            raise InputError(f"the checkpoint is of problem {config['problem']['name']!r}, not of {made.name!r}")
        return solve(
            made,
            from_config(NETWORKS, config["network"], "network"),
            optimizer=from_config(OPTIMIZERS, config["optimizer"], "optimizer"),
            threads=threads,
            progress=progress,
            checkpoint=Checkpoints.in_file(path, config, before),
            **{k: config[k] for k in ARGUMENTS if config.get(k) is not None},
            **TrainingOptions.from_config(config).arguments,
        )
    except KeyError as error:
        raise InputError(f"the checkpoint {path} lacks what a solve states: {error}") from error
