"""Plots of boundary data in the inverse form: the network against boundary elements, over the arc length."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from kinn.forms.inverse import BoundaryTrial
from kinn.forms.inverse.discretisation import EdgeData, edge_data
from kinn.io.plots.frame import PlottedSolution, empty_figure, network_and_errors, wrapped_title

#: The fraction of tractions, which may be infinite at corners, outside the axes at each end.
OUTLIERS = 0.005


def boundary_figures(solution: PlottedSolution) -> dict[str, Figure]:
    """Boundary data of each subdomain, as "boundary" or "boundary-NAME"; none but for boundary networks."""
    trial = solution.fields
    if not isinstance(trial, BoundaryTrial):
        return {}
    system = trial.main_system
    discretisation, data = system.discretisation, trial.data(system).numpy()
    subdomains = solution.problem.subdomains
    figures = {}
    for name in subdomains:
        network = edge_data(discretisation, name, data)
        elements = None if system.solution is None else edge_data(discretisation, name, system.solution)
        figures["boundary" if len(subdomains) == 1 else f"boundary-{name}"] = _draw(solution, name, network, elements)
    return figures


def _draw(
    solution: PlottedSolution, subdomain: str, network: list[EdgeData], elements: list[EdgeData] | None
) -> Figure:
    problem = solution.problem
    figure = empty_figure(6.4, 6.4)
    figure.suptitle(wrapped_title(problem), fontsize=11)
    upper, middle, lower = figure.subplots(3, 1, sharex=True)
    where = "" if len(problem.subdomains) == 1 else f" of {subdomain}"
    subtitle = f"the boundary{where}: network (lines), boundary elements (dots)"
    upper.set_title(f"{network_and_errors(solution)}\n{subtitle}", fontsize=8)
    for n, field in enumerate(problem.names[: network[0].values.shape[1]]):
        for axes, kind in ((upper, "values"), (middle, "tractions")):
            for number, edge in enumerate(network):
                text = (field if axes is upper else f"traction of {field}") if number == 0 else None
                axes.plot(edge.arc, getattr(edge, kind)[:, n], color=f"C{n}", linewidth=1.2, label=text)
                if elements is not None:
                    dots = getattr(elements[number], kind)[:, n]
                    axes.plot(edge.arc, dots, ".", color=f"C{n}", markersize=2.5)
        if elements is not None:
            _draw_differences(lower, network, elements, n, field)
    for axes, kind in ((upper, "values"), (middle, "tractions")):
        low, high = np.quantile(np.concatenate([getattr(edge, kind) for edge in network]), [OUTLIERS, 1 - OUTLIERS])
        margin = 0.1 * (high - low) or 1.0
        axes.set_ylim(low - margin, high + margin)
        axes.set_ylabel(kind)
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.3)
    lower.set_ylabel("network - elements")
    lower.grid(alpha=0.3)
    lower.set_xlabel("arc length")
    for edge in network:
        start = edge.ends[0]
        for axes in (lower, upper, middle):
            axes.axvline(start, color="0.7", linewidth=0.8)
        lower.annotate(edge.name, (start, 1.0), xycoords=("data", "axes fraction"), fontsize=6, color="0.4", va="top")
    return figure


def _draw_differences(axes: Any, network: list[EdgeData], elements: list[EdgeData], n: int, field: str) -> None:
    """Draw the differences of both, relative to the largest value or traction shown."""
    for kind, style in (("values", "-"), ("tractions", "--")):
        every = np.concatenate([getattr(edge, kind)[:, n] for edge in elements])
        scale = float(np.quantile(np.abs(every), 1 - OUTLIERS))
        text: str | None = f"{kind} of {field}"
        for one, other in zip(network, elements, strict=True):
            difference = np.abs(getattr(one, kind)[:, n] - getattr(other, kind)[:, n]) / (scale or 1.0)
            if difference.max() > 0:
                axes.semilogy(one.arc, np.maximum(difference, 1e-16), style, color=f"C{n}", linewidth=1, label=text)
                text = None
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8)
