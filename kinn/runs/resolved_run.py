"""A run with every default resolved: its configuration, and its run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.config import Specification, from_config, to_config
from kinn.errors import InputError
from kinn.runs.problem_loader import ProblemSource, find_problem
from kinn.runs.run_options import RunOptions
from kinn.training_options import TrainingOptions

if TYPE_CHECKING:
    from kinn.problem import Problem
    from kinn.runs.folder import RunFolder


@dataclass(frozen=True)
class ResolvedRun:
    """One solve, with every default replaced by its value.

    Attributes:
        source: Source of the problem.
        settings: All settings of the problem.
        problem: The problem built from them.
        network: The network, or what a baseline has in its place.
        optimizer: The optimizer.
        training_options: The strategies of training.
        seed: The seed.
        options: The options shared by the runs of a call.
        baseline: The library that solves in place of KINN, for a comparison.
    """

    source: ProblemSource
    settings: Mapping[str, Any]
    problem: Problem
    network: Specification
    optimizer: Specification
    training_options: TrainingOptions
    seed: int
    options: RunOptions
    baseline: str | None = None

    @staticmethod
    def from_config(
        config: Mapping[str, Any], origin: str, options: RunOptions, problem: Problem | Path | None = None
    ) -> ResolvedRun:
        """Run of a resolved configuration, possibly read back from a file.

        The problem is found by the attribute `origin` of the run, unless it, or the present path of its script, is given.

        Raises:
            InputError: If the problem, network or optimizer is unknown, or the problem has changed.
            KeyError: If the configuration is incomplete.
        """
        problem_config = config["problem"]
        if problem is None or isinstance(problem, Path):
            source = find_problem(str(problem) if problem else origin)
            if source.digest != problem_config.get("script_sha256"):
                raise InputError(f"{source.script or source.name} has changed since the run was started")
            settings, problem = source.build(problem_config["settings"])
        else:
            settings, source = problem_config["settings"], ProblemSource(problem.name, lambda: problem)
        if problem.name != problem_config["name"]:
            raise InputError(f"the checkpoint is of problem {problem_config['name']!r}, not of {problem.name!r}")
        networks, optimizers = _specifications(config.get("baseline"))
        return ResolvedRun(
            source,
            settings,
            problem,
            from_config(networks, config["network"], "network"),
            from_config(optimizers, config["optimizer"], "optimizer"),
            TrainingOptions.from_config(config),
            config["seed"],
            options,
            config.get("baseline"),
        )

    @property
    def origin(self) -> str:
        """The name of the problem, or the path of its script, for another process to find it."""
        return str(self.source.script.absolute()) if self.source.script else self.source.name

    @property
    def title(self) -> str:
        """The name of the run in progress lines."""
        return f"{self.problem.name}, {self.network.name}, seed {self.seed}"

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `kinn.solve`, beside the training options, that decide the result."""
        options = self.options
        return {
            "form": options.form,
            "points": self._default_points() if options.points is None else options.points,
            "budget": self.problem.defaults.budget if options.budget is None else options.budget,
            "clock": options.clock,
            "iterations": options.iterations,
            "seed": self.seed,
            "dtype": options.dtype,
        }

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration, whose hash names the run folder; without folders and threads."""
        return {
            "problem": {"name": self.problem.name, "settings": self.settings, "script_sha256": self.source.digest},
            "network": to_config(self.network),
            "optimizer": to_config(self.optimizer),
            **self.arguments,
            **self.training_options.to_config(),
            **({"baseline": self.baseline} if self.baseline else {}),
        }

    def folder(self) -> RunFolder:
        """The run folder, checked to be writable.

        Raises:
            InputError: If it is not.
        """
        from kinn.runs.folder import RunFolder

        return RunFolder(self.options.out, self.config)

    def pending_checkpoint(self) -> dict[str, Any] | None:
        """The checkpoint of this run if it was interrupted, else None.

        Raises:
            InputError: If the checkpoint is damaged.
        """
        from kinn.runs.folder import STATE
        from kinn.train.checkpoint import read_checkpoint

        folder = self.folder()
        if not folder.interrupted:
            return None
        checkpoint = read_checkpoint(folder.path / STATE)
        return checkpoint if checkpoint.get("config") == folder.config else None

    def _default_points(self) -> int | None:
        """Number of points where none is stated; None where it grows.

        Raises:
            InputError: If the problem contradicts itself.
        """
        from kinn.forms import FieldScales, build_trial
        from kinn.networks import Architecture
        from kinn.solver import collocation_count

        assert isinstance(self.network, Architecture)  # a baseline without networks has its points in the options
        trial = build_trial(self.problem, self.network, scales=FieldScales())
        return self.problem.defaults.points if self.training_options.growth else collocation_count(trial)


def _specifications(
    baseline: str | None,
) -> tuple[Mapping[str, type[Specification]], Mapping[str, type[Specification]]]:
    """Networks and optimizers by name: those of KINN, or what a baseline has in their place."""
    from kinn.baselines import get_baseline

    name = None if baseline is None else get_baseline(baseline).specifications
    if name is not None:
        module = import_module(name)
        return module.NETWORKS, module.OPTIMIZERS
    from kinn.networks import NETWORKS
    from kinn.optim import OPTIMIZERS

    return NETWORKS, OPTIMIZERS
