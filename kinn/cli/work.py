"""One solve as the command line states it: from names and settings to a solution in its run folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from kinn.cli.problems import Source, blame
from kinn.cli.progress import progress
from kinn.cli.settings import convert
from kinn.errors import SolveError, unknown

if TYPE_CHECKING:
    from kinn.networks import Architecture
    from kinn.problem import Problem
    from kinn.solution import Solution
    from kinn.training.record import Record

Specification = TypeVar("Specification")


def specified(default: Specification, texts: Mapping[str, str], where: str) -> Specification:
    """Return a specification, a dataclass, with settings replaced by what their texts say.

    Raises:
        InputError: If it has no such setting, or a value is no good.
    """
    return dataclasses.replace(default, **convert(texts, types_of(default), where))  # type: ignore[type-var]


def types_of(specification: object) -> dict[str, Any]:
    """Return the types of the settings of a specification, by name."""
    hints = get_type_hints(type(specification))
    return {field.name: hints[field.name] for field in dataclasses.fields(specification)}  # type: ignore[arg-type]


def default_network(name: str, problem: Problem) -> Architecture:
    """Return the network of a name with the settings that suit the problem.

    Raises:
        InputError: If there is no such network.
    """
    from kinn.networks import NETWORKS

    if name not in NETWORKS:
        raise unknown("network", name, NETWORKS)
    return problem.defaults.networks.get(name) or NETWORKS[name]()


def chosen_optimizer(name: str | None, texts: Mapping[str, str], problem: Problem) -> Any:
    """Return the optimizer, by default the problem's: its name, or its specification where settings are given.

    Raises:
        InputError: If there is no such optimizer or setting.
    """
    from kinn.optim import OPTIMIZERS

    name = name or problem.defaults.optimizer
    if name not in OPTIMIZERS:
        raise unknown("optimizer", name, OPTIMIZERS)
    return specified(OPTIMIZERS[name](), texts, f"optimizer {name!r}")


@dataclass(frozen=True)
class Work:
    """What decides the result of a solve, and where it goes.

    Attributes:
        source: Where the problem comes from.
        settings: All settings of the problem.
        problem: The problem made from them.
        network: The network.
        options: The other arguments of `kinn.solve` that decide the result.
        threads: CPU threads; they change the time and the last bits, not the identity.
        out: The folder of the run folders.
    """

    source: Source
    settings: Mapping[str, Any]
    problem: Problem
    network: Architecture
    options: Mapping[str, Any]
    threads: int | None
    out: Path

    @property
    def config(self) -> dict[str, Any]:
        """The resolved configuration, whose hash names the run folder."""
        return {
            "problem": {"name": self.problem.name, "settings": self.settings, "script_sha256": self.source.digest},
            "network": {"name": self.network.name} | {n: getattr(self.network, n) for n in types_of(self.network)},
            **self.options,
        }

    def run(self) -> Solution:
        """Solve, show progress on stderr, and leave a run folder.

        Raises:
            InputError: If something asked for cannot be; an unwritable folder is found before training starts.
            SolveError: If the solve failed numerically; its run folder is kept.
        """
        import kinn
        from kinn.training.run import RunFolder

        folder = RunFolder(self.out, self.config)
        history: list[Record] = []
        with progress(f"{self.problem.name}, {self.network.name}, seed {self.options['seed']}") as show:

            def record(entry: Record) -> None:
                history.append(entry)
                show(entry)

            try:
                with blame(self.source.script):
                    solution = kinn.solve(
                        self.problem, self.network, **self.options, threads=self.threads, progress=record
                    )
            except SolveError as error:
                raise SolveError(f"{error} (see {folder.save_failure(str(error), history)})") from error
        return dataclasses.replace(solution, run=folder.save(solution))
