"""One solve as names and settings state it, resolved: from them to its configuration and its run folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.config import Specification, to_config
from kinn.errors import InputError
from kinn.runs.options import Options
from kinn.runs.problem_loader import Source, find
from kinn.training_options import TrainingOptions

if TYPE_CHECKING:
    from kinn.problem import Problem
    from kinn.runs.folder import RunFolder


@dataclass(frozen=True)
class ResolvedRun:
    """One solve, resolved: every default is replaced by what it stands for.

    Attributes:
        source: Where the problem comes from.
        settings: All settings of the problem.
        problem: The problem made from them.
        network: The network, or what a peer has in its place.
        optimizer: The method.
        recipe: The strategies.
        seed: The seed.
        options: The rest.
        peer: The library that solves in place of KINN, for a comparison.
    """

    source: Source
    settings: Mapping[str, Any]
    problem: Problem
    network: Specification
    optimizer: Specification
    recipe: TrainingOptions
    seed: int
    options: Options
    peer: str | None = None

    @staticmethod
    def of(
        config: Mapping[str, Any], origin: str, options: Options, problem: Problem | Path | None = None
    ) -> ResolvedRun:
        """Return the solve that a resolved configuration states.

        Args:
            config: The configuration, be it read back from a file.
            origin: The name of the problem, or the path of its script, as `origin` gave it.
            options: How to solve.
            problem: What is solved, or where the script of that is now.

        Raises:
            InputError: If there is no such problem, network or method, or the problem is not what it was.
            KeyError: If the configuration lacks something.
        """
        from kinn.config import from_config

        stated = config["problem"]
        if problem is None or isinstance(problem, Path):
            source = find(str(problem) if problem else origin)
            if source.digest != stated.get("script_sha256"):
                raise InputError(f"{source.script or source.name} is not what the run was begun with: it has changed")
            settings, made = source.configured(stated["settings"])
        else:
            made, settings, source = problem, stated["settings"], Source(problem.name, lambda: problem)
        if made.name != stated["name"]:
            raise InputError(f"the checkpoint is of problem {stated['name']!r}, not of {made.name!r}")
        networks, optimizers = _specifications(config.get("peer"))
        network = from_config(networks, config["network"], "network")
        optimizer = from_config(optimizers, config["optimizer"], "optimizer")
        return ResolvedRun(
            source,
            settings,
            made,
            network,
            optimizer,
            TrainingOptions.from_config(config),
            config["seed"],
            options,
            config.get("peer"),
        )

    @property
    def origin(self) -> str:
        """Where the problem comes from, for another process to find it: its name, or the path of its script."""
        return str(self.source.script.absolute()) if self.source.script else self.source.name

    @property
    def title(self) -> str:
        """What tells it from others."""
        return f"{self.problem.name}, {self.network.name}, seed {self.seed}"

    @property
    def arguments(self) -> dict[str, Any]:
        """The plain arguments of `kinn.solve` that decide the result."""
        asked = self.options
        return {
            "form": asked.form,
            "points": self._default_points() if asked.points is None else asked.points,
            "budget": self.problem.defaults.budget if asked.budget is None else asked.budget,
            "clock": asked.clock,
            "iterations": asked.iterations,
            "seed": self.seed,
            "dtype": asked.dtype,
        }

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration, whose hash names the run folder; folders and threads do not belong to it."""
        return {
            "problem": {"name": self.problem.name, "settings": self.settings, "script_sha256": self.source.digest},
            "network": to_config(self.network),
            "optimizer": to_config(self.optimizer),
            **self.arguments,
            **self.recipe.to_config(),
            **({"peer": self.peer} if self.peer else {}),
        }

    def folder(self) -> RunFolder:
        """Return the run folder, made sure to be writable.

        Raises:
            InputError: If it is not.
        """
        from kinn.runs.folder import RunFolder

        return RunFolder(self.options.out, self.config)

    def left_off(self) -> dict[str, Any] | None:
        """Return the checkpoint of this very solve where it was cut short, or None where it was not.

        Raises:
            InputError: If the checkpoint is damaged.
        """
        from kinn.runs.folder import STATE
        from kinn.train.checkpoint import read_checkpoint

        folder = self.folder()
        if not folder.unfinished:
            return None
        before = read_checkpoint(folder.path / STATE)
        return before if before.get("config") == folder.config else None

    def _default_points(self) -> int:
        from kinn.forms import make_trial
        from kinn.networks import Architecture
        from kinn.solver import collocation_count

        assert isinstance(self.network, Architecture)  # who has no networks is told the points
        return collocation_count(make_trial(self.problem, self.network))


def _specifications(name: str | None) -> tuple[Mapping[str, type[Specification]], Mapping[str, type[Specification]]]:
    """Return the networks and methods there are, by name: ours, or those that a peer has in their place."""
    from kinn.baselines import peer_named

    own = None if name is None else peer_named(name).specifications
    if own is not None:
        module = import_module(own)
        return module.NETWORKS, module.OPTIMIZERS
    from kinn.networks import NETWORKS
    from kinn.optim import OPTIMIZERS

    return NETWORKS, OPTIMIZERS
