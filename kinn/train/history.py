"""One line of a training history, and a whole history as columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import isnan, nan
from typing import Any

#: The columns of a history that hold figures by name.
TABLES = ("detail", "unknowns", "errors")


@dataclass(frozen=True)
class HistoryEntry:
    """Where training stood after an iteration.

    Attributes:
        stage: The method at work.
        iteration: How many steps were made.
        seconds: Wall-clock time since training began.
        loss: The training loss.
        validation: The loss on fresh points, at the iterations at which it is measured.
        detail: Figures of the method (damping, step length, ...).
        unknowns: The constants to be identified, by name.
        errors: The relative L2 errors of fields whose solution is known, at the iterations at which they are measured.
    """

    stage: str
    iteration: int
    seconds: float
    loss: float
    validation: float | None = None
    detail: dict[str, float] = field(default_factory=dict)
    unknowns: dict[str, float] = field(default_factory=dict)
    errors: dict[str, float] = field(default_factory=dict)


def columns(history: Sequence[HistoryEntry]) -> dict[str, Any]:
    """Return a history as tensors, a column a figure and NaN where there is none: compact, and quick to write."""
    import torch

    def column(values: list[float]) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.float64)

    def table(rows: Sequence[Mapping[str, float]]) -> dict[str, torch.Tensor]:
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: column([row.get(name, nan) for row in rows]) for name in names}

    return {
        "stages": [[stage, len(list(run))] for stage, run in groupby(record.stage for record in history)],
        "iteration": torch.tensor([record.iteration for record in history], dtype=torch.int64),
        "seconds": column([record.seconds for record in history]),
        "loss": column([record.loss for record in history]),
        "validation": column([nan if record.validation is None else record.validation for record in history]),
        **{name: table([getattr(record, name) for record in history]) for name in TABLES},
    }


def from_columns(data: Mapping[str, Any]) -> list[HistoryEntry]:
    """Return the history that `columns` made data of."""
    stages = [stage for stage, count in data["stages"] for _ in range(count)]
    tables = [{name: values.tolist() for name, values in data.get(table, {}).items()} for table in TABLES]
    figures = (data[name].tolist() for name in ("iteration", "seconds", "loss", "validation"))
    return [
        HistoryEntry(
            stage,
            iteration,
            seconds,
            loss,
            None if isnan(validation) else validation,
            *({name: values[n] for name, values in table.items() if not isnan(values[n])} for table in tables),
        )
        for n, (stage, iteration, seconds, loss, validation) in enumerate(zip(stages, *figures, strict=True))
    ]
