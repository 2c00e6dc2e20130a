"""Figures of the problems: exact or reference solutions, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from kinn import Problem
from kinn.conditions import Observation
from kinn.io.output_mesh import output_meshes
from kinn.metrics import reference_values

#: Cells along the longest axis of a map.
CELLS = 160

#: Shares of the third coordinate at which fields of three coordinates are shown.
CUTS = (0.0, 0.5, 1.0)

#: The most fields shown of a problem.
FIELDS = 3


def draw(problem: Problem, path: Path) -> None:
    """Write a figure of the solution of a problem as PNG."""
    drawing = {1: _curves, 2: _maps, 3: _cuts}.get(problem.dimension, _plane)
    figure = drawing(problem)
    FigureCanvasAgg(figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _curves(problem: Problem) -> Figure:
    """Return every field over the only coordinate, with its observations."""
    figure = Figure(figsize=(7.0, 3.0), layout="constrained")
    axes = figure.add_subplot()
    (piece,) = output_meshes(problem, 1000)
    for name, values in reference_values(problem, piece.inner_nodes).items():
        axes.plot(piece.nodes[:, 0], values, linewidth=1.3, label=name)
    for condition in problem.conditions:
        if isinstance(condition, Observation):
            axes.plot(condition.points[:, 0], condition.values, "k.", markersize=3)
    axes.set_xlabel(problem.coordinates[0])
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    return figure


def _maps(problem: Problem) -> Figure:
    """Return a map of every field, with the points of its observations."""
    pieces = output_meshes(problem, CELLS)
    given = [reference_values(problem, piece.inner_nodes) for piece in pieces]
    names = list(given[0])[:FIELDS]
    figure, panels = _panels(problem, len(names))
    for axes, name in zip(panels, names, strict=True):
        values = [values[name] for values in given]
        nodes = [piece.nodes for piece in pieces]
        _map(figure, axes, nodes, [piece.triangles for piece in pieces], values)
        _label(axes, problem, name)
        for condition in problem.conditions:
            if isinstance(condition, Observation) and condition.quantity == name:
                axes.plot(*condition.points.T, "k.", markersize=1.5)
    return figure


def _cuts(problem: Problem) -> Figure:
    """Return maps of the first field over the first two coordinates, at the start, the middle and the end of the third.

    Unknown fields are shown in the middle only.
    """
    lower, upper = problem.bounds
    nodes, triangles = _grid(lower[:2], upper[:2])
    names = [problem.names[0], *(u.name for u in problem.unknown_fields if u.exact is not None)]
    shown = [(names[0], share) for share in CUTS] + [(name, 0.5) for name in names[1:]]
    figure, panels = _panels(problem, len(shown))
    third = problem.coordinates[2]
    for axes, (name, share) in zip(panels, shown, strict=True):
        at = lower[2] + share * (upper[2] - lower[2])
        values = reference_values(problem, np.column_stack([nodes, np.full(len(nodes), at)]))[name]
        _map(figure, axes, [nodes], [triangles], [values])
        _label(axes, problem, f"{name} at {third} = {at:g}")
    return figure


def _plane(problem: Problem) -> Figure:
    """Return a map of the first field over the first two of many coordinates, the others in the middle."""
    lower, upper = problem.bounds
    nodes, triangles = _grid(lower[:2], upper[:2])
    middle = np.broadcast_to((lower[2:] + upper[2:]) / 2, (len(nodes), problem.dimension - 2))
    name = problem.names[0]
    figure, (axes,) = _panels(problem, 1)
    _map(figure, axes, [nodes], [triangles], [reference_values(problem, np.column_stack([nodes, middle]))[name]])
    _label(axes, problem, f"{name} in the middle of the other coordinates")
    return figure


def _panels(problem: Problem, count: int) -> tuple[Figure, list[Any]]:
    """Return a figure with several axes in a row."""
    figure = Figure(figsize=(3.0 * count + 1.0, 3.0), layout="constrained")
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def _grid(lower: Any, upper: Any) -> tuple[Any, Any]:
    """Return the nodes and the triangles of a grid of a rectangle."""
    x, y = (np.linspace(a, b, CELLS + 1) for a, b in zip(lower, upper, strict=True))
    nodes = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    number = np.arange(len(nodes)).reshape(CELLS + 1, CELLS + 1)
    cells = [number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]]
    return nodes, _triangles(np.stack([c.ravel() for c in cells], axis=1))


def _triangles(cells: Any) -> Any:
    """Return two triangles for each quadrilateral."""
    return np.concatenate([cells[:, [0, 1, 2]], cells[:, [0, 2, 3]]])


def _map(figure: Figure, axes: Any, nodes: list[Any], triangles: list[Any], values: list[Any]) -> None:
    """Draw the values at the nodes of several meshes with one colour bar."""
    # a field that is singular somewhere would leave one colour for all the rest
    low, high = (float(np.quantile(np.concatenate(values), share)) for share in (0.002, 0.998))
    signed = low < 0 < high and min(-low, high) > 0.1 * max(-low, high)
    reach = max(-low, high)
    norm = Normalize(-reach, reach) if signed else Normalize(low, high)
    image = None
    for x, t, v in zip(nodes, triangles, values, strict=True):
        image = axes.tripcolor(
            Triangulation(x[:, 0], x[:, 1], t), v, norm=norm, cmap="RdBu_r" if signed else "viridis", shading="gouraud"
        )
    figure.colorbar(image, ax=axes)


def _label(axes: Any, problem: Problem, title: str) -> None:
    axes.set_title(title, fontsize=9)
    axes.set_xlabel(problem.coordinates[0])
    axes.set_ylabel(problem.coordinates[1])
    axes.margins(0.0)
    if "t" not in problem.coordinates[:2]:
        axes.set_aspect("equal")
