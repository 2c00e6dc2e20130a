"""The figure of training: loss over time, and the loss on fresh points."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from kinn.io.plots.frame import frame

if TYPE_CHECKING:
    from kinn.solution import Solution


def convergence(solution: Solution) -> Figure:
    """Return the loss over the seconds of training, with the stages of the method."""
    figure, axes = frame(solution, "convergence")
    history = solution.history
    seconds = [r.seconds for r in history]
    checked = [(r.seconds, r.validation) for r in history if r.validation is not None]
    # the least energy is not known, and mostly negative: what is shown is the distance from the least that was reached
    energy = solution.form == "energy"
    least = min(r.loss for r in history) if energy else 0.0
    floor = 1e-14 * abs(least) or 1e-300
    said = (
        ("energy above its least", "energy by the second rule") if energy else ("training loss", "loss on fresh points")
    )
    axes.semilogy(seconds, [max(r.loss - least, floor) for r in history], label=said[0], linewidth=1.2)
    if checked:
        above = [(s, max(abs(v - least), floor)) for s, v in checked]
        axes.semilogy(*zip(*above, strict=True), "o-", markersize=3, linewidth=1, label=said[1])
    for before, after in pairwise(history):
        if before.stage != after.stage:
            axes.axvline(after.seconds, color="0.7", linewidth=0.8)
            axes.annotate(
                after.stage,
                (after.seconds, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(2, -10),
                textcoords="offset points",
                fontsize=8,
                color="0.4",
            )
    axes.set_xlabel("seconds")
    axes.set_ylabel("energy" if energy else "loss")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
