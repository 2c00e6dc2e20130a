"""Resumption of interrupted solves from their last checkpoint, and of finished ones with more time."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.config import config_hash, from_config
from kinn.errors import InputError
from kinn.runs.execute import Progress, execute_run, load_solution, solver
from kinn.runs.problem_loader import find_problem
from kinn.runs.resolved_run import ResolvedRun
from kinn.runs.run_options import RunOptions
from kinn.training_options import TrainingOptions

if TYPE_CHECKING:
    from kinn.problem import Problem
    from kinn.runs.folder import RunFolder
    from kinn.solution import Solution
    from kinn.train.callbacks import Callback

#: The arguments of `kinn.solve` that a configuration holds unchanged.
ARGUMENTS = ("form", "points", "budget", "clock", "iterations", "seed", "dtype")


def resume(
    run: str | Path,
    problem: Problem | None = None,
    *,
    budget: float | None = None,
    iterations: int | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
    callbacks: Sequence[Callback] = (),
) -> Solution:
    """Resume a solve from its last checkpoint; its parameters are those of an uninterrupted solve.

    On the CPU and with the same number of threads they are equal bit for bit, provided that the number of iterations and
    not the clock ends the solve. The time spent before the interruption counts. A solve that has ended is returned
    unchanged; with a larger `budget` or more `iterations` it resumes in the run folder of that configuration, even where a
    callback had stopped it.

    Args:
        run: The run folder, or a file that `kinn.solve(..., checkpoint=file)` wrote.
        problem: The problem; None for one that is found by its name, or by its script.
        budget: Seconds of training in total, in place of those of the run.
        iterations: The maximum of iterations in total, in place of that of the run.
        threads: CPU threads; None for as many as before.
        progress: Called with a history entry after each iteration.
        callbacks: Objects that follow the training and may stop it, see `kinn.Callback`.

    Raises:
        InputError: If there is no checkpoint, or it is damaged or of another program or problem.
        SolveError: If the solve fails numerically.
    """
    from kinn.runs.folder import recover

    path = Path(run)
    recover(path)
    if path.is_dir():
        resumption = Resumption.of(path, problem, budget=budget, iterations=iterations, threads=threads)
        return resumption.run(progress, callbacks)
    return _resume_file(path, problem, _limits(budget, iterations), threads, progress, callbacks)


@dataclass(frozen=True)
class Resumption:
    """A resolved run with the checkpoint from which it resumes.

    Attributes:
        resolved_run: The resolved run.
        folder: Its run folder: the old one, or the one of the new limits.
        checkpoint: The checkpoint.
    """

    resolved_run: ResolvedRun
    folder: RunFolder
    checkpoint: Mapping[str, Any]

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
        """Resumption of a run folder, with arguments as for `resume`.

        The problem may be the present path of its script; `checkpoint_every` is in seconds.

        Raises:
            InputError: If it is no run folder, its checkpoint is that of another run, or its problem has changed.
        """
        from kinn.runs.folder import STATE, RunFolder, recover
        from kinn.train.checkpoint import EVERY, read_checkpoint

        recover(path)
        old_config = _read_config(path)
        checkpoint = read_checkpoint(path / STATE)
        if checkpoint.get("config") != old_config:
            raise InputError(f"{path / STATE} is the checkpoint of another run than the configuration beside it")
        config = old_config | _limits(budget, iterations)
        every = EVERY if checkpoint_every is None else checkpoint_every
        try:
            options = RunOptions.from_config(config, path.parent, threads, every)
            run = ResolvedRun.from_config(config, checkpoint.get("source", ""), options, problem)
        except KeyError as error:
            raise InputError(f"the configuration of {path} is incomplete: it lacks {error}") from error
        target = path if config == old_config else path.resolve().with_name(config_hash(config))
        if config != old_config and "training" in checkpoint:
            checkpoint["training"]["stop_request"] = ""  # of a callback, before the new limits
        return Resumption(run, RunFolder(path.parent, config, path=target), checkpoint)

    def run(self, progress: Progress | None = None, callbacks: Sequence[Callback] = ()) -> Solution:
        """Resume, and write the run folder of the finished solve."""
        run, folder = self.resolved_run, self.folder
        return execute_run(run, progress, folder=folder, checkpoint=self.checkpoint, callbacks=callbacks)

    def solution(self) -> Solution:
        """Solution of a solve that has ended, read from its run folder, in which nothing is written.

        Raises:
            InputError: If a baseline solved it.
        """
        return load_solution(self.resolved_run, self.checkpoint)


def _limits(budget: float | None, iterations: int | None) -> dict[str, Any]:
    """The limits that are not None, by their names in a configuration."""
    return {k: v for k, v in (("budget", budget), ("iterations", iterations)) if v is not None}


def _read_config(path: Path) -> dict[str, Any]:
    from kinn.runs.folder import CONFIG, check_version

    try:
        check_version(path)
        return tomllib.loads((path / CONFIG).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} is not a run folder: it has no {CONFIG}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path / CONFIG} cannot be read: {error}") from error


def _resume_file(
    path: Path,
    problem: Problem | None,
    limits: Mapping[str, Any],
    threads: int | None,
    progress: Progress | None,
    callbacks: Sequence[Callback],
) -> Solution:
    """Resume from a checkpoint outside a run folder."""
    from kinn.networks import NETWORKS
    from kinn.optim import OPTIMIZERS
    from kinn.train.checkpoint import Checkpoints, read_checkpoint

    checkpoint = read_checkpoint(path)
    try:
        config = checkpoint["config"] | limits
        if limits:
            checkpoint["training"]["stop_request"] = ""  # of a callback, before the new limits
        name = config["problem"]["name"]
        problem = problem or find_problem(name).build({})[1]
        if problem.name != name:
            raise InputError(f"the checkpoint is of problem {name!r}, not of {problem.name!r}")
        return solver()(
            problem,
            from_config(NETWORKS, config["network"], "network"),
            optimizer=from_config(OPTIMIZERS, config["optimizer"], "optimizer"),
            threads=threads,
            progress=progress,
            callbacks=callbacks,
            checkpoint=Checkpoints.in_file(path, config, checkpoint),
            **{k: config[k] for k in ARGUMENTS if config.get(k) is not None},
            **TrainingOptions.from_config(config).arguments,
        )
    except KeyError as error:
        raise InputError(f"the checkpoint {path} is incomplete: it lacks {error}") from error
