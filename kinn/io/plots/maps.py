"""Plots over the plane: maps of fields and of their errors, and deformed shapes."""

from __future__ import annotations

from math import floor, log10
from typing import Any, Literal

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from kinn.fields import TIME
from kinn.io.output_mesh import OutputMesh, outer_edges, output_meshes
from kinn.io.plots.curves import DYNAMIC_RANGE
from kinn.io.plots.frame import ErrorKind, PlottedSolution, figure_with_axes, label
from kinn.metrics import derived_values
from kinn.problem import Array, Problem

#: The fraction of values at either end that may lie outside the colour range.
OUTLIERS = 1e-3

#: The derived field that colours a deformed shape.
MISES = "mises"

#: Displacements of at least this fraction of the body's size are drawn to scale; smaller ones up to twice this large.
VISIBLE = 0.05


def field_map(solution: PlottedSolution, name: str, meshes: list[OutputMesh], values: list[Array]) -> Figure:
    """Field over two coordinates, in diverging colours where it has both signs."""
    figure, axes = figure_with_axes(solution, name, [mesh.nodes for mesh in meshes])
    _draw_values(axes, solution.problem, meshes, values, *colour_range(values), label(solution.problem, name))
    return figure


def error_map(
    solution: PlottedSolution, name: str, meshes: list[OutputMesh], errors: list[Array], kind: ErrorKind
) -> Figure:
    """Error of a field over two coordinates, on a logarithmic scale."""
    figure, axes = figure_with_axes(solution, f"{kind.title} of {name}", [mesh.nodes for mesh in meshes])
    errors = [np.where(np.isfinite(error), error, np.nan) for error in errors]  # a stress at a crack tip
    largest = max(*(float(np.nanmax(error)) for error in errors), 1e-300)
    typical = max(float(np.nanquantile(error, 0.02)) for error in errors)
    lowest = max(largest * DYNAMIC_RANGE, min(typical, largest / 10), 1e-300)
    shown = [np.clip(error, lowest, None) for error in errors]
    norm = LogNorm(lowest, largest * 1.0001)
    _draw_values(axes, solution.problem, meshes, shown, norm, "magma", kind.meaning.format(name))
    return figure


def deformed_shape(solution: PlottedSolution) -> Figure:
    """Deformed shape of a plane body over its outline at rest, coloured by the von Mises stress if derived."""
    problem, meshes = solution.problem, output_meshes(solution.problem)
    names = list(problem.postprocess.displacement)
    displacements = [solution.fields.evaluate(mesh.nodes, names, subdomain=mesh.subdomain) for mesh in meshes]
    lengths = [np.linalg.norm(d, axis=1) for d in displacements]
    lower, upper = problem.bounds
    factor = exaggeration(max(float(np.nanmax(length)) for length in lengths) / float((upper - lower).max()))
    if MISES in problem.derived:
        values = [derived_values(solution.fields, MISES, m.inner_nodes, subdomain=m.subdomain) for m in meshes]
        meaning = label(problem, MISES)
    else:
        values, meaning = lengths, f"|({', '.join(names)})|"
    scale = "to scale" if factor == 1 else f"times {factor:g}"
    deformed = [mesh.nodes + factor * d for mesh, d in zip(meshes, displacements, strict=True)]
    title = f"deformed shape, displacements {scale}; grey: at rest"
    figure, axes = figure_with_axes(solution, title, [mesh.nodes for mesh in meshes] + deformed)
    for mesh in meshes:
        _draw_outline(axes, mesh, mesh.nodes, color="0.6", linewidth=0.8)
    _draw_values(axes, problem, meshes, values, *colour_range(values), meaning, deformed)
    for mesh, nodes in zip(meshes, deformed, strict=True):
        _draw_outline(axes, mesh, nodes, color="black", linewidth=0.6)
    return figure


def exaggeration(largest: float) -> float:
    """Factor of drawn displacements: 1, 2 or 5 times a power of ten.

    Args:
        largest: The largest displacement, relative to the size of the body.
    """
    if largest <= 0 or largest >= VISIBLE:
        return 1.0
    limit = 2 * VISIBLE / largest
    power = 10.0 ** floor(log10(limit))
    return max(m * power for m in (1.0, 2.0, 5.0) if m * power <= limit * (1 + 1e-9))


def colour_range(values: list[Array]) -> tuple[Normalize, str]:
    """Range of values and the colour map; outliers far beyond all other values lie outside the range.

    The stress in a corner is unbounded, and would leave one colour for all other values.
    """
    every = np.concatenate([np.ravel(v) for v in values])
    low, first, last, high = (float(q) for q in np.nanquantile(every, [0.0, OUTLIERS, 1 - OUTLIERS, 1.0]))
    low = first if first - low > last - first else low
    high = last if high - last > last - first else high
    largest = max(-low, high)
    if low < 0 < high and min(-low, high) > 0.1 * largest:
        return Normalize(-largest, largest), "RdBu_r"
    return Normalize(low, high), "viridis"


def colour_bar_extension(values: list[Array], norm: Normalize) -> Literal["neither", "min", "max", "both"]:
    """Ends of the colour range beyond which there are values."""
    assert norm.vmin is not None
    assert norm.vmax is not None
    below = any(float(np.nanmin(v)) < norm.vmin for v in values)
    above = any(float(np.nanmax(v)) > norm.vmax for v in values)
    return ("both" if below else "max") if above else ("min" if below else "neither")


def _draw_values(
    axes: Any,
    problem: Problem,
    meshes: list[OutputMesh],
    values: list[Array],
    norm: Normalize,
    colours: str,
    meaning: str,
    deformed: list[Array] | None = None,
) -> None:
    """Draw values at the nodes of meshes, deformed if so given, with one colour bar."""
    image: Any = None
    for mesh, v, nodes in zip(meshes, values, deformed or [mesh.nodes for mesh in meshes], strict=True):
        triangulation = Triangulation(nodes[:, 0], nodes[:, 1], mesh.triangles)
        image = axes.tripcolor(triangulation, v, norm=norm, cmap=colours, shading="gouraud", rasterized=True)
    first, second = problem.coordinates
    axes.set_xlabel(label(problem, first))
    axes.set_ylabel(label(problem, second))
    axes.locator_params(nbins=6)
    axes.margins(0.0 if deformed is None else 0.03)
    if TIME not in (first, second):
        axes.set_aspect("equal")
    bar = axes.inset_axes((1.03, 0.0, 0.04, 1.0))  # as high as the map
    axes.figure.colorbar(image, cax=bar, label=meaning, extend=colour_bar_extension(values, norm))


def _draw_outline(axes: Any, mesh: OutputMesh, nodes: Array, **style: Any) -> None:
    """Draw the outline of a mesh with its nodes at points (N, 2)."""
    axes.add_collection(LineCollection(list(nodes[outer_edges(mesh.triangles)]), **style))
