"""Figures of a field and of its error: curves in one coordinate, maps in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from kinn.io.output_mesh import OutputMesh
from kinn.io.plots.frame import coloured, extent_of, frame, label
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.solution import Solution

#: Errors below this fraction of the largest are shown as this.
DYNAMIC_RANGE = 1e-6

#: The share of values at either end that may be out of the range of colours.
RARE = 1e-3


def curve(solution: Solution, name: str, pieces: list[OutputMesh], values: list[Array], exact: list[Array]) -> Figure:
    """Return a field over one coordinate, above the solution known."""
    figure, axes = frame(solution, name)
    for n, piece in enumerate(pieces):
        if exact:
            axes.plot(piece.nodes[:, 0], exact[n], color="0.7", linewidth=4, label="exact" if n == 0 else None)
        axes.plot(piece.nodes[:, 0], values[n], color="C0", linewidth=1.5, label="computed" if n == 0 else None)
    axes.set_xlabel(label(solution.problem, solution.problem.coordinates[0]))
    axes.set_ylabel(label(solution.problem, name))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def error_curve(solution: Solution, name: str, pieces: list[OutputMesh], wrong: list[Array]) -> Figure:
    """Return the error of a field over one coordinate."""
    figure, axes = frame(solution, f"absolute error of {name}")
    floor = _floor(wrong)
    for piece, w in zip(pieces, wrong, strict=True):
        axes.semilogy(piece.nodes[:, 0], np.maximum(w, floor), color="C3", linewidth=1.2)
    axes.set_xlabel(label(solution.problem, solution.problem.coordinates[0]))
    axes.set_ylabel(f"|{name} - exact|")
    axes.grid(alpha=0.3)
    return figure


def field_map(solution: Solution, name: str, pieces: list[OutputMesh], values: list[Array]) -> Figure:
    """Return a field over two coordinates, in colours that show its sign where it has both."""
    figure, axes = frame(solution, name, extent_of(solution.problem, [p.nodes for p in pieces]))
    norm, colours = scale(values)
    coloured(figure, axes, solution.problem, pieces, values, norm, colours, label(solution.problem, name))
    return figure


def scale(values: list[Array]) -> tuple[Normalize, str]:
    """Return the range of values and the colours that suit them; single values far beyond all others are out of range.

    A stress in a corner has no limit, and would leave one colour for the rest.
    """
    every = np.concatenate([np.ravel(v) for v in values])
    low, first, last, high = (float(q) for q in np.nanquantile(every, [0.0, RARE, 1 - RARE, 1.0]))
    low = first if first - low > last - first else low
    high = last if high - last > last - first else high
    reach = max(-low, high)
    if low < 0 < high and min(-low, high) > 0.1 * reach:
        return Normalize(-reach, reach), "RdBu_r"
    return Normalize(low, high), "viridis"


def error_map(solution: Solution, name: str, pieces: list[OutputMesh], wrong: list[Array]) -> Figure:
    """Return the error of a field over two coordinates, on a logarithmic scale."""
    figure, axes = frame(solution, f"absolute error of {name}", extent_of(solution.problem, [p.nodes for p in pieces]))
    wrong = [np.where(np.isfinite(w), w, np.nan) for w in wrong]  # a stress at a crack tip
    largest = max(*(float(np.nanmax(w)) for w in wrong), 1e-300)
    common = max(float(np.nanquantile(w, 0.02)) for w in wrong)
    floor = max(largest * DYNAMIC_RANGE, min(common, largest / 10), 1e-300)
    shown = [np.clip(w, floor, None) for w in wrong]
    norm = LogNorm(floor, largest * 1.0001)
    coloured(figure, axes, solution.problem, pieces, shown, norm, "magma", f"|{name} - exact|")
    return figure


def _floor(wrong: list[Array]) -> float:
    return max(*(float(np.nanmax(w)) * DYNAMIC_RANGE for w in wrong), 1e-300)
