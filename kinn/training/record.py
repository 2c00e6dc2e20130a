"""One line of a training history."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """Where training stood after an iteration.

    Attributes:
        stage: The method at work.
        iteration: How many steps were made.
        seconds: Wall-clock time since training began.
        loss: The training loss.
        validation: The loss on fresh points, at the iterations at which it is measured.
        detail: Figures of the method (damping, step length, ...).
    """

    stage: str
    iteration: int
    seconds: float
    loss: float
    validation: float | None = None
    detail: dict[str, float] = field(default_factory=dict)
