"""Figures along lines: all fields, and what is derived of them, beside the solution known, and their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kinn.io.plots.frame import facts, headline, label
from kinn.metrics import derived_reference, derived_values, true_values
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.solution import Solution

#: The points along a line.
POINTS = 401

#: A component of a displacement is left out on lines along which it is this small, relative to the others.
_STILL = 1e-6


def line(solution: Solution, name: str) -> Figure:
    """Return a figure of a line of the problem: a column a field, values above and errors below where a solution is known."""
    problem = solution.problem
    start, end = (np.asarray(point, dtype=np.float64) for point in problem.output.lines[name])
    share = np.linspace(0.0, 1.0, POINTS)
    points = start + share[:, None] * (end - start)
    along = share * float(np.linalg.norm(end - start))
    found = values(solution, points)
    rows = 2 if any(exact is not None for _, exact in found.values()) else 1
    figure = Figure(figsize=(max(6.4, 3.6 * len(found)), 1.0 + 2.3 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{headline(problem)}\n{facts(solution)}", fontsize=10)
    axes = figure.subplots(rows, len(found), squeeze=False, sharex=True)
    unit = problem.output.units.get(problem.coordinates[0])
    for column, (field, (computed, exact)) in enumerate(found.items()):
        top = axes[0, column]
        top.plot(along, computed, color="C0", linewidth=1.6, label=solution.network.name.upper())
        top.set_title(f"{field}, {name}", fontsize=9)
        top.set_ylabel(label(problem, field))
        if exact is not None:
            top.plot(along, exact, color="black", linewidth=1.2, linestyle=(0, (4, 4)), label="exact or reference")
            wrong = np.abs(computed - exact)
            floor = max(float(np.nanmax(np.where(np.isfinite(wrong), wrong, np.nan))) * 1e-6, 1e-300)
            axes[1, column].semilogy(along, np.maximum(wrong, floor), color="C3", linewidth=1.1)
            axes[1, column].set_ylabel(f"|{field} - exact|")
        elif rows == 2:
            axes[1, column].set_axis_off()
        top.legend(frameon=False, fontsize=7)
        for row in range(rows):
            axes[row, column].grid(alpha=0.3)
        axes[-1, column].set_xlabel(
            f"distance from ({', '.join(f'{c:g}' for c in start)})" + (f" ({unit})" if unit else "")
        )
    return figure


def values(solution: Solution, points: Array) -> dict[str, tuple[Array, Array | None]]:
    """Return each field, and what is derived, at points (N, d) on a line, with the solution known; NaN outside the domain."""
    problem = solution.problem
    true = true_values(problem, points)
    found: dict[str, tuple[Array, Array | None]] = {
        name: (solution.trial.evaluate(points, name), true.get(name)) for name in problem.evaluated
    }
    for name in problem.derived:
        found[name] = (derived_values(solution.trial, name, points), derived_reference(problem, name, points))
    # what symmetry keeps at zero shows rounding alone
    sizes = {name: float(np.nanmax(np.abs(found[name][0]))) for name in problem.output.displacement}
    still = [name for name, size in sizes.items() if size <= _STILL * max(sizes.values())]
    return {name: both for name, both in found.items() if name not in still}
