"""`kinn compare`: the same problems by several networks of matched size, over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinn.cli.options import (
    BatchOption,
    BudgetOption,
    CausalOption,
    ClockOption,
    CurriculumOption,
    DtypeOption,
    EnsembleOption,
    FormOption,
    IterationsOption,
    OptimizerOption,
    OutOption,
    PointsOption,
    SamplingOption,
    SetOption,
    SlabsOption,
    ThreadsOption,
    WeightsOption,
    strategies,
)
from kinn.errors import InputError, SolveError, unknown

if TYPE_CHECKING:
    from kinn.networks import Architecture
    from kinn.problem import Problem
    from kinn.runs.work import Work
    from kinn.solution import Solution


def command(
    problems: Annotated[list[str], typer.Argument(metavar="PROBLEM...", help="Names or scripts, as for `kinn solve`.")],
    form: FormOption = "strong",
    network: Annotated[
        list[str] | None,
        typer.Option(
            "--network", metavar="NAME", help="Repeatable; the others match the size of the first. [default: kan, mlp]"
        ),
    ] = None,
    set_: SetOption = None,
    optimizer: OptimizerOption = None,
    points: PointsOption = None,
    budget: BudgetOption = None,
    clock: ClockOption = "wall",
    iterations: IterationsOption = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Solve with the seeds 0 to N - 1.")] = 3,
    dtype: DtypeOption = "float64",
    weights: WeightsOption = None,
    sampling: SamplingOption = None,
    causal: CausalOption = None,
    batch: BatchOption = None,
    slabs: SlabsOption = None,
    curriculum: CurriculumOption = None,
    ensemble: EnsembleOption = None,
    threads: ThreadsOption = None,
    out: OutOption = Path("runs"),
) -> None:
    """Solve problems with several networks of matched parameter count: error, size, time and iterations of each."""
    from kinn.runs.settings import split
    from kinn.runs.sources import find
    from kinn.runs.work import Options, Work

    if seeds < 1:
        raise InputError(f"--seeds is a number of seeds, at least 1, not {seeds}")
    texts = split(set_ or [])
    options = Options(
        form,
        optimizer,
        texts.optimizer,
        points,
        budget,
        iterations,
        dtype,
        threads,
        out,
        clock,
        strategies=strategies(weights, sampling, causal, batch, slabs, curriculum, ensemble),
        strategy_settings=texts.strategies,
    )
    # Everything is made before anything is solved: a typo in the last name costs no solve of the first.
    plans: list[list[Work]] = []
    for source in [find(problem) for problem in problems]:
        settings, problem = source.configured(texts.problem)
        method, followed = options.optimizer_for(problem), options.recipe_for(problem)
        architectures = matched_networks(network or ["kan", "mlp"], texts.network, problem)
        plans.append(
            [
                Work(source, settings, problem, architecture, method, followed, seed, options)
                for architecture in architectures
                for seed in range(seeds)
            ]
        )
    failures = [failure for works in plans for failure in _compare(works)]
    if failures:
        raise SolveError(f"{len(failures)} solves failed; the first: {failures[0]}")


def _compare(works: Sequence[Work]) -> list[str]:
    """Solve one problem in several ways, print the table, and return what failed."""
    from kinn.cli.progress import run
    from kinn.cli.tables import comparison_table, show

    rows: dict[str, list[Solution]] = {work.network.name: [] for work in works}
    failures = []
    for work in works:
        try:
            rows[work.network.name].append(run(work))
        except SolveError as error:
            failures.append(str(error))
    show(comparison_table(f"{works[0].problem.name}, {works[0].options.form} form", rows))
    print("\n".join(str(solution.run) for solutions in rows.values() for solution in solutions))
    return failures


def matched_networks(names: Sequence[str], texts: Mapping[str, str], problem: Problem) -> list[Architecture]:
    """Return the networks, the first as it is specified and the others with widths that match its parameter count.

    Args:
        names: The networks' names.
        texts: Settings; each goes to the networks that have it.
        problem: Gives the defaults and the sizes.

    Raises:
        InputError: If there is no such network, or none of them has a setting.
    """
    from kinn.forms import Trial
    from kinn.networks import match_parameters
    from kinn.runs.work import specified
    from kinn.solver import chosen_network
    from kinn.training.settings import types_of

    defaults = [chosen_network(problem, name) for name in dict.fromkeys(names)]
    known = {setting for default in defaults for setting in types_of(default)}
    for setting in texts:
        if setting not in known:
            raise unknown("setting", setting, known, "the networks")
    first, *others = (specified(d, {k: v for k, v in texts.items() if k in types_of(d)}, "network") for d in defaults)
    built = Trial(problem, first).network(next(iter(problem.subdomains)))
    return [first, *(match_parameters(o, built.parameter_count, built.inputs, built.outputs) for o in others)]
