"""`kinn analyse`: tangent kernels over training, sizes and operations of networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinn.cli.options import JsonOption, OptimizerOption, OutOption, ProblemArgument, SetOption
from kinn.errors import InputError, unknown

if TYPE_CHECKING:
    from kinn.analysis.ntk import TangentKernelStudy
    from kinn.networks import Architecture
    from kinn.problem import Problem

app = typer.Typer(
    help="What networks are like: their tangent kernels over training, their sizes.", no_args_is_help=True
)

NetworksOption = Annotated[
    list[str] | None, typer.Option("--network", metavar="NAME", help="Repeatable. [default: kan, mlp]")
]


@app.command("ntk")
def ntk(
    problem: ProblemArgument,
    network: NetworksOption = None,
    set_: SetOption = None,
    optimizer: OptimizerOption = None,
    iterations: Annotated[int, typer.Option("--iterations", metavar="N", help="Steps of training.")] = 100,
    points: Annotated[int, typer.Option("--points", metavar="N", help="Collocation points.")] = 200,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Fixes parameters and points.")] = 0,
    json_: JsonOption = False,
    out: OutOption = Path("runs"),
) -> None:
    """Show the true neural tangent kernel of every term of a problem: its spectrum at the start and over training."""
    from kinn.analysis.ntk import frequency_figure, spectra_figure, tangent_kernel_study
    from kinn.io.plots import save_figures
    from kinn.runs.options import specified
    from kinn.solver import resolve_optimizer

    if iterations < 0 or points < 1:
        raise InputError(f"--iterations is 0 or more and --points 1 or more, not {iterations} and {points}")
    made, networks, texts = _networks(problem, network, set_)
    method = specified(resolve_optimizer(optimizer or made.defaults.optimizer), texts, "optimizer")
    at = sorted({0, iterations // 100, iterations // 10, iterations})
    studies = [tangent_kernel_study(made, chosen, method, at=at, points=points, seed=seed) for chosen in networks]
    title = f"{made.title or made.name}: tangent kernels under {method.name}"
    figures = {"spectra": spectra_figure(studies, title)}
    first = studies[0].snapshots[0].kernels
    frequencies = None
    if made.dimension == 1 and len(first) == 1 and len(made.names) == 1:
        (kernel,) = first.values()
        span = float(kernel.points.max() - kernel.points.min())
        frequencies = [n / span for n in range(1, max(2, len(kernel.points) // 2))]
        figures["waves"] = frequency_figure(studies, frequencies, title)
    folder = out / "analysis" / f"{made.name}-ntk"
    files = save_figures(figures, folder)
    facts = _facts(studies, frequencies)
    (folder / "ntk.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
    print(f"{'network':<14}{'step':>7}{'loss':>11}  {'term':<24}{'trace':>11}{'largest':>11}{'median':>11}")
    for row in facts:
        figures_ = "".join(f"{row[name]:>11.2e}" for name in ("trace", "largest", "median"))
        print(f"{row['network']:<14}{row['step']:>7}{row['loss']:>11.2e}  {row['term']:<24}{figures_}")
    print("\n".join(map(str, files)))
    if json_:
        print(json.dumps({"problem": made.name, "optimizer": method.name, "kernels": facts, "run": str(folder)}))


@app.command("size")
def size_(problem: ProblemArgument, network: NetworksOption = None, set_: SetOption = None) -> None:
    """Show how many parameters networks have, and the operations that a point of a problem takes."""
    from kinn.analysis.size import network_size
    from kinn.forms import DomainTrial, strong_form
    from kinn.jets import IndexSet

    made, networks, _ = _networks(problem, network, set_)
    print(f"{'network':<14}{'parameters':>12}{'value':>12}{'derivatives':>13}{'gradient':>12}   (operations a point)")
    for chosen in networks:
        trial = DomainTrial(made, chosen)
        terms = strong_form(trial, points=16).terms
        index = max((i for term in terms for i in term.index), key=len, default=IndexSet.full(made.dimension, 1))
        built = trial.network(next(iter(made.subdomains)))
        found = network_size(chosen, built.inputs, built.outputs, index)
        figures = f"{found.parameters:>12,}{found.value:>12,}{found.jet:>13,}{found.gradient:>12,}"
        print(f"{chosen.name:<14}{figures}")


def _networks(
    problem: str, names: list[str] | None, set_: list[str] | None
) -> tuple[Problem, list[Architecture], dict[str, str]]:
    """Return the problem, the networks with their settings, and the texts of the optimizer's settings."""
    from kinn.config import setting_types
    from kinn.runs.options import specified
    from kinn.runs.problem_loader import find_problem
    from kinn.runs.settings import split
    from kinn.solver import resolve_network

    texts = split(set_ or [])
    _, made = find_problem(problem).build(texts.problem)
    chosen = [resolve_network(made, name) for name in dict.fromkeys(names or ["kan", "mlp"])]
    known = {setting for network in chosen for setting in setting_types(network)}
    for setting in texts.network:
        if setting not in known:
            raise unknown("setting", setting, known, "the networks")
    return (
        made,
        [specified(n, {k: v for k, v in texts.network.items() if k in setting_types(n)}, "network") for n in chosen],
        texts.optimizer,
    )


def _facts(studies: list[TangentKernelStudy], frequencies: list[float] | None) -> list[dict[str, Any]]:
    """Return what is known of each kernel as plain data."""
    facts = []
    for found in studies:
        for snapshot in found.snapshots:
            for name, kernel in snapshot.kernels.items():
                values = kernel.eigenvalues
                row: dict[str, Any] = {
                    "network": found.network.name,
                    "parameters": found.parameters,
                    "step": snapshot.iteration,
                    "loss": snapshot.loss,
                    "term": name,
                    "trace": kernel.trace,
                    "largest": float(values[0]),
                    "median": float(values[len(values) // 2]),
                    "eigenvalues": values.tolist(),
                }
                if frequencies is not None:
                    row |= {"frequencies": frequencies, "rates": kernel.rates(frequencies).tolist()}
                facts.append(row)
    return facts
