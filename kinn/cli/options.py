"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ProblemArgument = Annotated[
    str, typer.Argument(metavar="PROBLEM", help="A name from `kinn list`, an entry point or a Python problem script.")
]
FormOption = Annotated[str, typer.Option("--form", metavar="NAME", help="The form of the equations.")]
OptimizerOption = Annotated[
    str | None, typer.Option("--optimizer", metavar="NAME", help="How to train; the problem's own default if left out.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting of the network (network.grid=10), of the optimizer (optimizer.memory=20) or of the problem "
        "(features=tip). Repeatable.",
    ),
]
PointsOption = Annotated[int | None, typer.Option("--points", metavar="N", help="Collocation points.")]
BudgetOption = Annotated[float | None, typer.Option("--budget", metavar="SECONDS", help="Stop after so many seconds.")]
IterationsOption = Annotated[
    int | None, typer.Option("--iterations", metavar="N", help="Stop after so many iterations.")
]
DtypeOption = Annotated[str, typer.Option("--dtype", metavar="NAME", help="float64 or float32.")]
ThreadsOption = Annotated[int | None, typer.Option("--threads", metavar="N", help="CPU threads.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="The folder of the run folders.")]
CheckpointOption = Annotated[
    float, typer.Option("--checkpoint", metavar="SECONDS", help="Seconds between checkpoints.", min=0.0)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the summary as the last line, a JSON object.")]
