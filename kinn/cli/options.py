"""Options that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from kinn.training_options import OptionKind, option_kinds

Problem = Annotated[
    str, typer.Argument(metavar="PROBLEM", help="A name from `kinn list`, an entry point or a Python problem script.")
]
Form = Annotated[str, typer.Option("--form", metavar="NAME", help="The form of the equations.")]
Optimizer = Annotated[
    str | None, typer.Option("--optimizer", metavar="NAME", help="The optimizer. By default that of the problem.")
]
Networks = Annotated[
    list[str] | None, typer.Option("--network", metavar="NAME", help="Repeatable. By default kan and mlp.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting of the network (network.grid=10), of the optimizer (optimizer.gain_ratio=0.1), of a strategy "
        "(weights.every=50, sampling.every=20, causal.sharpness=100) or of the problem (features=tip). Repeatable.",
    ),
]
Points = Annotated[
    int | None,
    typer.Option(
        "--points",
        metavar="N",
        help="Interior points. By default those of the problem, or in proportion to the parameters.",
    ),
]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget", metavar="SECONDS", help="Limit of the training time. By default that of the problem, or 60."
    ),
]
Clock = Annotated[
    str, typer.Option("--clock", metavar="NAME", help="Clock of the budget: wall (wall-clock time) or cpu (CPU time).")
]
Iterations = Annotated[int | None, typer.Option("--iterations", metavar="N", help="Maximum of iterations.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Random seed.")]
Dtype = Annotated[str, typer.Option("--dtype", metavar="NAME", help="float64 or float32.")]
Threads = Annotated[int | None, typer.Option("--threads", metavar="N", help="CPU threads.")]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The folder of the run folders.")]
Checkpoint = Annotated[
    float, typer.Option("--checkpoint", metavar="SECONDS", help="Seconds between checkpoints.", min=0.0)
]
Thresholds = Annotated[
    list[float] | None,
    typer.Option(
        "--threshold", metavar="E", help="State the time to this error threshold. Repeatable. By default 1e-2 to 1e-4."
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Solve again what is solved.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as the last line, a JSON object.")]


def with_training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Command with a flag for each training option, in place of its parameter `**training`."""
    parameters = list(inspect.signature(command, eval_str=True).parameters.values())
    flags = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_flag(name, kind))
        for name, kind in option_kinds().items()
    ]
    command.__signature__ = inspect.Signature([*parameters[:-1], *flags])  # type: ignore[attr-defined]
    return command


def parse_training_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Training options from the values of their flags."""
    return {name: kind.parse(name, values[name]) for name, kind in option_kinds().items()}


def _flag(name: str, kind: OptionKind) -> Any:
    """Type and description of the flag of a training option."""
    of, metavar = kind.command_line
    flag = f"--{name.replace('_', '-')}"
    if metavar is None:
        option = typer.Option(f"{flag}/--no{flag[1:]}", help=kind.help, show_default=False)
    else:
        option = typer.Option(flag, metavar=metavar, help=kind.help)
    return Annotated[of | None, option]
