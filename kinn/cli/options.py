"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
        help="A setting of the network (network.grid=10), of the optimizer (optimizer.gain_ratio=0.1), of a strategy "
        "(weights.every=50, sampling.every=20, causal.sharpness=100) or of the problem (features=tip). Repeatable.",
    ),
]
PointsOption = Annotated[int | None, typer.Option("--points", metavar="N", help="Collocation points.")]
BudgetOption = Annotated[float | None, typer.Option("--budget", metavar="SECONDS", help="Stop after so many seconds.")]
ClockOption = Annotated[
    str, typer.Option("--clock", metavar="NAME", help="What the seconds of the budget are counted by: wall or cpu.")
]
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
WeightsOption = Annotated[
    str | None,
    typer.Option("--weights", metavar="NAME", help="Loss weights: measure, fixed, ntk, gradient-norm, rba or sa."),
]
SamplingOption = Annotated[
    str | None, typer.Option("--sampling", metavar="NAME", help="How collocation points are moved: rad, rar-d or none.")
]
CausalOption = Annotated[
    bool | None, typer.Option("--causal/--no-causal", help="Learn early times before late ones.", show_default=False)
]
BatchOption = Annotated[
    int | None, typer.Option("--batch", metavar="N", help="Interior points that each step of Adam sees.")
]
SlabsOption = Annotated[
    int | None, typer.Option("--slabs", metavar="N", help="Intervals of time that are solved one after the other.")
]
CurriculumOption = Annotated[
    list[str] | None,
    typer.Option("--curriculum", metavar="NAME=V,V,...", help="Values that a constant of the problem takes in turn."),
]
EnsembleOption = Annotated[
    int | None, typer.Option("--ensemble", metavar="N", help="Solve with N seeds and return the mean.")
]


def strategies(
    weights: str | None,
    sampling: str | None,
    causal: bool | None,
    batch: int | None,
    slabs: int | None,
    curriculum: list[str] | None,
    ensemble: int | None,
) -> dict[str, Any]:
    """Return the strategies as `kinn.train.options` takes them."""
    from kinn.runs.settings import curriculum as values

    return {
        "weights": weights,
        "sampling": sampling,
        "causal": causal,
        "batch": batch,
        "slabs": slabs,
        "curriculum": values(curriculum) if curriculum else None,
        "ensemble": ensemble,
    }
