"""`kinn analyse`: tangent kernels during training, sizes and operation counts of networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinn.cli import options
from kinn.errors import InputError, check_name

if TYPE_CHECKING:
    from kinn.analysis.ntk import TangentKernelStudy
    from kinn.networks import Architecture
    from kinn.problem import Problem

app = typer.Typer(help="Tangent kernels and sizes of networks.", no_args_is_help=True)


@app.command("ntk")
def ntk(
    problem: options.Problem,
    network: options.Networks = None,
    set_: options.Set = None,
    optimizer: options.Optimizer = None,
    iterations: Annotated[int, typer.Option("--iterations", metavar="N", help="Iterations of training.")] = 100,
    points: Annotated[int, typer.Option("--points", metavar="N", help="Collocation points.")] = 200,
    seed: options.Seed = 0,
    json_: options.Json = False,
    out: options.Out = Path("runs"),
) -> None:
    """Show the neural tangent kernel of every term of a problem: its spectrum at the start and during training."""
    from kinn.analysis.ntk import frequency_figure, spectra_figure, tangent_kernel_study
    from kinn.arguments import resolve_optimizer
    from kinn.io.plots import save_figures
    from kinn.runs.run_options import with_settings

    if iterations < 0 or points < 1:
        raise InputError(f"--iterations is 0 or more and --points 1 or more, not {iterations} and {points}")
    loaded, networks, texts = _networks(problem, network, set_)
    method = with_settings(resolve_optimizer(optimizer or loaded.defaults.optimizer), texts, "optimizer")
    at = sorted({0, iterations // 100, iterations // 10, iterations})
    studies = [tangent_kernel_study(loaded, n, method, at=at, points=points, seed=seed) for n in networks]
    title = f"{loaded.title or loaded.name}: tangent kernels under {method.name}"
    figures = {"spectra": spectra_figure(studies, title)}
    first = studies[0].snapshots[0].kernels
    frequencies = None
    if loaded.dimension == 1 and len(first) == 1 and len(loaded.names) == 1:
        (kernel,) = first.values()
        span = float(kernel.points.max() - kernel.points.min())
        frequencies = [n / span for n in range(1, max(2, len(kernel.points) // 2))]
        figures["waves"] = frequency_figure(studies, frequencies, title)
    folder = out / "analysis" / f"{loaded.name}-ntk"
    files = save_figures(figures, folder)
    table = _kernel_table(studies, frequencies)
    (folder / "ntk.json").write_text(json.dumps(table, indent=2), encoding="utf-8")
    print(f"{'network':<14}{'step':>7}{'loss':>11}  {'term':<24}{'trace':>11}{'largest':>11}{'median':>11}")
    for row in table:
        numbers = "".join(f"{row[name]:>11.2e}" for name in ("trace", "largest", "median"))
        print(f"{row['network']:<14}{row['step']:>7}{row['loss']:>11.2e}  {row['term']:<24}{numbers}")
    print("\n".join(map(str, files)))
    if json_:
        print(json.dumps({"problem": loaded.name, "optimizer": method.name, "kernels": table, "run": str(folder)}))


@app.command("size")
def size_(problem: options.Problem, network: options.Networks = None, set_: options.Set = None) -> None:
    """Show the number of parameters of networks, and their operations per point of a problem."""
    from kinn.analysis.size import network_size
    from kinn.forms import DomainTrial, strong_form
    from kinn.jets import IndexSet

    loaded, networks, _ = _networks(problem, network, set_)
    print(f"{'network':<14}{'parameters':>12}{'value':>12}{'derivatives':>13}{'gradient':>12}   (operations per point)")
    for architecture in networks:
        trial = DomainTrial(loaded, architecture)
        terms = strong_form(trial, points=16).terms
        index = max((i for term in terms for i in term.index), key=len, default=IndexSet.full(loaded.dimension, 1))
        module = trial.network(next(iter(loaded.subdomains)))
        size = network_size(architecture, module.inputs, module.outputs, index)
        numbers = f"{size.parameters:>12,}{size.value:>12,}{size.jet:>13,}{size.gradient:>12,}"
        print(f"{architecture.name:<14}{numbers}")


def _networks(
    problem: str, names: list[str] | None, set_: list[str] | None
) -> tuple[Problem, list[Architecture], dict[str, str]]:
    """Problem, networks with their settings, and texts of the optimizer's settings."""
    from kinn.arguments import resolve_network
    from kinn.config import setting_types
    from kinn.runs.problem_loader import find_problem
    from kinn.runs.run_options import parse_settings, with_settings

    texts = parse_settings(set_)
    _, loaded = find_problem(problem).build(texts["problem"])
    networks = [resolve_network(loaded, name) for name in dict.fromkeys(names or ["kan", "mlp"])]
    known = {setting for network in networks for setting in setting_types(network)}
    for setting in texts["network"]:
        check_name("setting", setting, known, "the networks")
    networks = [
        with_settings(n, {k: v for k, v in texts["network"].items() if k in setting_types(n)}, "network")
        for n in networks
    ]
    return loaded, networks, texts["optimizer"]


def _kernel_table(studies: list[TangentKernelStudy], frequencies: list[float] | None) -> list[dict[str, Any]]:
    """A row of plain data for each kernel."""
    return [
        {
            "network": study.network.name,
            "parameters": study.parameters,
            "step": snapshot.iteration,
            "loss": snapshot.loss,
            "term": name,
            "trace": kernel.trace,
            "largest": float(kernel.eigenvalues[0]),
            "median": float(kernel.eigenvalues[len(kernel.eigenvalues) // 2]),
            "eigenvalues": kernel.eigenvalues.tolist(),
        }
        | ({} if frequencies is None else {"frequencies": frequencies, "rates": kernel.rates(frequencies).tolist()})
        for study in studies
        for snapshot in study.snapshots
        for name, kernel in snapshot.kernels.items()
    ]
