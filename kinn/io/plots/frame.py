"""What figures have in common: titles, labels with units, coloured meshes and their outlines."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from kinn.fields import TIME
from kinn.io.output_mesh import OutputMesh
from kinn.problem import Array, Problem

if TYPE_CHECKING:
    from kinn.solution import Solution


#: The letters of a title that fit into one line.
LINE = 66


def frame(solution: Solution, what: str, extent: Array | None = None) -> tuple[Figure, Any]:
    """Return an empty figure and its axes, titled with the problem, the network and the error.

    Args:
        solution: What is shown.
        what: What is said of it.
        extent: Width and height of a map whose axes have one scale.
    """
    height = 4.8 if extent is None else min(6.4, 1.4 + 4.6 * float(extent[1] / extent[0]))
    figure = Figure(figsize=(6.4, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    figure.suptitle(headline(solution.problem), fontsize=11)
    axes.set_title(f"{facts(solution)}\n{what}", fontsize=8)
    return figure, axes


def headline(problem: Problem) -> str:
    """Return the problem's title, in as many lines as a figure of the usual width needs."""
    return fill(problem.title or problem.name, LINE)


def facts(solution: Solution) -> str:
    """Return the network, its size and its errors in one line."""
    parts = [f"{solution.network.name.upper()}, {solution.form} form, {solution.parameters} parameters"]
    if solution.errors:
        parts += ["relative $L_2$ errors: " + ", ".join(f"{name} {e.l2:.1e}" for name, e in solution.errors.items())]
    return "; ".join(parts)


def extent_of(problem: Problem, nodes: list[Array]) -> Array | None:
    """Return the width and height of meshes with these nodes, or None where one coordinate is the time."""
    return None if TIME in problem.coordinates else np.ptp(np.concatenate(nodes), axis=0)


def label(problem: Problem, name: str) -> str:
    """Return a name with its unit, if that is known."""
    unit = problem.output.units.get(name)
    return f"{name} ({unit})" if unit else name


def coloured(
    figure: Figure,
    axes: Any,
    problem: Problem,
    pieces: list[OutputMesh],
    values: list[Array],
    norm: Normalize,
    colours: str,
    meaning: str,
    moved: list[Array] | None = None,
) -> None:
    """Draw values at the nodes of meshes, which may be moved, with one colour bar."""
    image: Any = None
    for piece, v, at in zip(pieces, values, moved or [p.nodes for p in pieces], strict=True):
        mesh = Triangulation(at[:, 0], at[:, 1], piece.triangles)
        image = axes.tripcolor(mesh, v, norm=norm, cmap=colours, shading="gouraud", rasterized=True)
    first, second = problem.coordinates
    axes.set_xlabel(label(problem, first))
    axes.set_ylabel(label(problem, second))
    axes.locator_params(nbins=6)
    axes.margins(0.0 if moved is None else 0.03)
    if TIME not in (first, second):
        axes.set_aspect("equal")
    bar = axes.inset_axes((1.03, 0.0, 0.04, 1.0))  # as high as the map
    figure.colorbar(image, cax=bar, label=meaning, extend=beyond(values, norm))


def beyond(values: list[Array], norm: Normalize) -> Literal["neither", "min", "max", "both"]:
    """Return at which ends values are out of the range of colours."""
    assert norm.vmin is not None
    assert norm.vmax is not None
    below = any(float(np.nanmin(v)) < norm.vmin for v in values)
    above = any(float(np.nanmax(v)) > norm.vmax for v in values)
    return ("both" if below else "max") if above else ("min" if below else "neither")


def outlined(axes: Any, piece: OutputMesh, at: Array, **style: Any) -> None:
    """Draw what bounds a mesh whose nodes are at points (N, 2)."""
    sides = np.sort(np.concatenate([piece.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))]), axis=1)
    edges, uses = np.unique(sides, axis=0, return_counts=True)
    axes.add_collection(LineCollection(list(at[edges[uses == 1]]), **style))
