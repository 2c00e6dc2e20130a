"""Figures of the data on the boundary: those of the network beside those of boundary elements, against the arc length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn.forms import BoundaryTrial
from kinn.forms.inverse.edge_data import EdgeData, stretches
from kinn.io.plots.frame import facts, headline

if TYPE_CHECKING:
    from kinn.solution import Solution

#: The share of tractions, which may be infinite at corners, that axes leave out at each end.
_CUT = 0.005


def boundaries(solution: Solution) -> dict[str, Figure]:
    """Return a figure of the boundary of each subdomain, "boundary" or "boundary-NAME"; none but in the inverse form."""
    trial = solution.trial
    if not isinstance(trial, BoundaryTrial) or solution.problem.dimension != 2:
        return {}
    made = trial.main
    names = solution.problem.subdomains
    out = {}
    for name in names:
        found = stretches(made, name, trial.data(made).numpy())
        plain = None if made.solution is None else stretches(made, name, made.solution)
        out["boundary" if len(names) == 1 else f"boundary-{name}"] = _drawn(solution, name, found, plain)
    return out


def _drawn(solution: Solution, subdomain: str, found: list[EdgeData], plain: list[EdgeData] | None) -> Figure:
    problem = solution.problem
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(headline(problem), fontsize=11)
    upper, middle, lower = figure.subplots(3, 1, sharex=True)
    where = "" if len(problem.subdomains) == 1 else f" of {subdomain}"
    upper.set_title(f"{facts(solution)}\nthe boundary{where}: network (lines), boundary elements (dots)", fontsize=8)
    fields = problem.names[: found[0].values.shape[1]]
    for n, field in enumerate(fields):
        for axes, kind in ((upper, "values"), (middle, "tractions")):
            for number, stretch in enumerate(found):
                own = getattr(stretch, kind)[:, n]
                said = (field if axes is upper else f"traction of {field}") if number == 0 else None
                axes.plot(stretch.arc, own, color=f"C{n}", linewidth=1.2, label=said)
                if plain is not None:
                    other = getattr(plain[number], kind)[:, n]
                    axes.plot(stretch.arc, other, ".", color=f"C{n}", markersize=2.5)
        if plain is not None:
            _apart(lower, found, plain, n, field)
    for axes, kind in ((upper, "values"), (middle, "tractions")):
        every = np.concatenate([getattr(s, kind) for s in found])
        low, high = np.quantile(every, [_CUT, 1 - _CUT])
        room = 0.1 * (high - low) or 1.0
        axes.set_ylim(low - room, high + room)
        axes.set_ylabel(kind)
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.3)
    lower.set_ylabel("network - elements")
    lower.grid(alpha=0.3)
    lower.set_xlabel("arc length")
    for stretch in found:
        lower.axvline(stretch.ends[0], color="0.7", linewidth=0.8)
        upper.axvline(stretch.ends[0], color="0.7", linewidth=0.8)
        middle.axvline(stretch.ends[0], color="0.7", linewidth=0.8)
        lower.annotate(
            stretch.name, (stretch.ends[0], 1.0), xycoords=("data", "axes fraction"), fontsize=6, color="0.4", va="top"
        )
    return figure


def _apart(axes: Any, found: list[EdgeData], plain: list[EdgeData], n: int, field: str) -> None:
    """Draw how far both are apart, relative to the largest value or traction shown."""
    for kind, style in (("values", "-"), ("tractions", "--")):
        scale = float(np.quantile(np.abs(np.concatenate([getattr(s, kind)[:, n] for s in plain])), 1 - _CUT))
        said: str | None = f"{kind} of {field}"
        for one, other in zip(found, plain, strict=True):
            gap = np.abs(getattr(one, kind)[:, n] - getattr(other, kind)[:, n]) / (scale or 1.0)
            if gap.max() > 0:
                axes.semilogy(one.arc, np.maximum(gap, 1e-16), style, color=f"C{n}", linewidth=1, label=said)
                said = None
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8)
