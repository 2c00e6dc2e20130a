"""Run specifications of a study: plain data from which any worker builds a run; those of baselines too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kinn.baselines import discretised, get_baseline
from kinn.config import config_hash
from kinn.errors import InputError
from kinn.runs.folder import run_path
from kinn.runs.resolved_run import ResolvedRun
from kinn.training_options import TrainingOptions

if TYPE_CHECKING:
    from kinn.experiments.specification import Study
    from kinn.networks import Architecture
    from kinn.problem import Problem


@dataclass(frozen=True)
class RunSpec:
    """Specification of one run.

    Attributes:
        config: The resolved configuration, plain data; its hash identifies the run.
        origin: The name of the problem, or the path of its script.
    """

    config: Mapping[str, Any]
    origin: str

    def replace(self, **values: Any) -> RunSpec:
        """Specification with other values in its configuration, such as another seed."""
        return RunSpec({**self.config, **values}, self.origin)

    @property
    def hash(self) -> str:
        """The identity of the run."""
        return config_hash(self.config)

    @property
    def has_seed(self) -> bool:
        """Whether the result depends on the seed."""
        return not discretised(self.config)

    @property
    def title(self) -> str:
        """The name of the run in progress lines."""
        c = self.config
        return f"{c['problem']['name']}, {c['form']}, {c['network']['name']}, seed {c['seed']}"

    def path(self, root: Path) -> Path:
        """Path of the run folder."""
        return run_path(root, self.config)


def match_sizes(networks: Sequence[Architecture], problem: Problem) -> list[Architecture]:
    """Networks with the widths of all but the first scaled to the parameter count of the first on a problem."""
    from kinn.forms import DomainTrial
    from kinn.networks import match_parameters

    first, *others = networks
    if not others:
        return [first]
    network = DomainTrial(problem, first).network(next(iter(problem.subdomains)))
    return [first, *(match_parameters(o, network.parameter_count, network.inputs, network.outputs) for o in others)]


def baseline_runs(
    study: Study, run: ResolvedRun, networks: Sequence[Architecture], omitted: list[str]
) -> Iterator[ResolvedRun]:
    """Runs of a problem by the baselines of a study.

    A baseline that trains networks solves its own form only, with the first MLP of the study or the problem's own; one
    that discretises solves beside any form, once with each of its methods.

    Args:
        study: The study.
        run: A run of the problem in a form of the study.
        networks: The networks of the study for the problem.
        omitted: Receives a line for each problem that a baseline cannot solve.

    Raises:
        InputError: If a baseline is unknown or not installed.
    """
    from kinn.optim import Adam

    for name in study.against:
        baseline = get_baseline(name)
        if baseline.trains and run.options.form != baseline.form:
            continue
        module = baseline.loaded()
        try:
            module.check(run.problem)
        except InputError as error:
            omitted.append(str(error))
            continue
        plain = replace(run, training_options=TrainingOptions(), baseline=name)
        if baseline.trains:
            yield replace(plain, network=_mlp(study, run.problem, networks), optimizer=Adam())
            continue
        # it has its own points, and is the same beside any form
        options = replace(run.options, form=baseline.form, points=0, iterations=None)
        plain = replace(plain, problem=run.problem.in_form(baseline.form), options=options)
        for network, optimizer in module.METHODS:
            yield replace(plain, network=network, optimizer=optimizer)


def _mlp(study: Study, problem: Problem, networks: Sequence[Architecture]) -> Architecture:
    """The MLP that a baseline trains: the first of the study, or the problem's."""
    from kinn.arguments import resolve_network

    for network in networks:
        if network.name == "mlp":
            return network
    network = resolve_network(problem, "mlp")
    return match_sizes([networks[0], network], problem)[1] if study.match == "parameters" else network
