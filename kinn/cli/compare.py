"""`kinn compare`: the same problems by several networks of matched size, over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kinn.cli.options import (
    BudgetOption,
    DtypeOption,
    FormOption,
    IterationsOption,
    OptimizerOption,
    OutOption,
    PointsOption,
    SetOption,
    ThreadsOption,
)
from kinn.errors import InputError, SolveError, unknown

if TYPE_CHECKING:
    from kinn.networks import Architecture
    from kinn.problem import Problem
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
    iterations: IterationsOption = None,
    seeds: Annotated[int, typer.Option("--seeds", metavar="N", help="Solve with the seeds 0 to N - 1.")] = 3,
    dtype: DtypeOption = "float64",
    threads: ThreadsOption = None,
    out: OutOption = Path("runs"),
) -> None:
    """Solve problems with several networks of matched parameter count: error, size, time and iterations of each."""
    from rich.console import Console

    from kinn.cli.problems import find
    from kinn.cli.settings import split
    from kinn.cli.tables import comparison_table
    from kinn.cli.work import Work, chosen_optimizer

    if seeds < 1:
        raise InputError(f"--seeds is a number of seeds, at least 1, not {seeds}")
    texts = split(set_ or [])
    failures: list[str] = []
    plans = []
    for source in [find(problem) for problem in problems]:
        settings, problem = source.configured(texts.problem)
        options = {
            "form": form,
            "optimizer": chosen_optimizer(optimizer, texts.optimizer, problem),
            "points": points,
            "budget": budget,
            "iterations": iterations,
            "dtype": dtype,
        }
        works = {
            specification.name: [
                Work(source, settings, problem, specification, {**options, "seed": seed}, threads, out)
                for seed in range(seeds)
            ]
            for specification in matched_networks(network or ["kan", "mlp"], texts.network, problem)
        }
        plans.append((problem, works))
    # All input is known to be good before anything is solved.
    for problem, works in plans:
        rows: list[tuple[str, list[Solution]]] = []
        for name, repeated in works.items():
            rows.append((name, []))
            for work in repeated:
                try:
                    rows[-1][1].append(work.run())
                except SolveError as error:
                    failures.append(str(error))
        Console().print(comparison_table(f"{problem.name}, {form} form", rows))
    if failures:
        raise SolveError(f"{len(failures)} of the solves failed; the first: {failures[0]}")


def matched_networks(names: Sequence[str], texts: Mapping[str, str], problem: Problem) -> list[Architecture]:
    """Return the networks, the first as it is specified and the others with widths that match its parameter count.

    Args:
        names: The networks' names.
        texts: Settings; each goes to the networks that have it.
        problem: Gives the defaults and the sizes.

    Raises:
        InputError: If there is no such network, or none of them has a setting.
    """
    from kinn.cli.work import default_network, specified, types_of
    from kinn.networks import match_parameters

    defaults = [default_network(name, problem) for name in dict.fromkeys(names)]
    known = {setting for default in defaults for setting in types_of(default)}
    for setting in texts:
        if setting not in known:
            raise unknown("setting", setting, known, "the networks")
    first, *others = (
        specified(d, {k: v for k, v in texts.items() if k in types_of(d)}, f"network {d.name!r}") for d in defaults
    )
    sizes = problem.dimension, len(problem.names)
    count = first.parameter_count(*sizes)
    return [first, *(match_parameters(other, count, *sizes) for other in others)]
