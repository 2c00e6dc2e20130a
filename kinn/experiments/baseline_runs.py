"""The cases of other libraries in a study: each that can state a problem solves it too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kinn.baselines import Baseline, get_baseline
from kinn.errors import InputError
from kinn.experiments.matching import matched
from kinn.runs.resolved_run import ResolvedRun
from kinn.training_options import TrainingOptions

if TYPE_CHECKING:
    from kinn.experiments.specification import Study
    from kinn.networks import Architecture
    from kinn.problem import Problem
    from kinn.runs.options import Options
    from kinn.runs.problem_loader import ProblemSource


def peers(
    study: Study,
    source: ProblemSource,
    settings: Mapping[str, Any],
    problem: Problem,
    networks: Sequence[Architecture],
    options: Options,
    left_out: list[str],
) -> Iterator[ResolvedRun]:
    """Yield the solves of a problem by other libraries.

    Those that train networks do so where the study asks for their form, with its first MLP or the problem's own; those that
    have no use for one are asked in any form, each way of theirs.

    Args:
        study: The study.
        source: Where the problem comes from.
        settings: All its settings.
        problem: The problem in a form of the study.
        networks: Those of the study for it.
        options: How the study solves.
        left_out: Gets a line for each problem that a library cannot state.

    Raises:
        InputError: If there is no such peer, or it is not installed.
    """
    for name in study.against:
        other = get_baseline(name)
        if other.trains and options.form != other.form:
            continue
        module = other.loaded()
        try:
            module.check(problem)
        except InputError as error:
            left_out.append(str(error))
            continue
        for network, method in _trained(study, problem, networks) if other.trains else module.WAYS:
            yield _work(source, settings, problem, network, method, study.seed_list[0], options, other)


def _work(
    source: ProblemSource,
    settings: Mapping[str, Any],
    problem: Problem,
    network: Any,
    method: Any,
    seed: int,
    options: Options,
    other: Baseline,
) -> ResolvedRun:
    if not other.trains:  # it has points of its own, and is the same whatever form it stands beside
        options = replace(options, form=other.form, points=0, iterations=None)
        problem = problem.in_form(other.form)
    return ResolvedRun(source, settings, problem, network, method, TrainingOptions(), seed, options, other.name)


def _trained(study: Study, problem: Problem, networks: Sequence[Architecture]) -> list[tuple[Any, Any]]:
    """Return the network that a peer trains, and what stands for its own methods."""
    from kinn.optim import Adam
    from kinn.solver import resolve_network

    network = next((n for n in networks if n.name == "mlp"), None)
    if network is None:
        network = resolve_network(problem, "mlp")
        if study.match == "parameters":
            network = matched([networks[0], network], problem)[1]
    return [(network, Adam())]
