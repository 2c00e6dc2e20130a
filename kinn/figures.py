"""Figures of a solution: each field, its error, the convergence; with matplotlib's object interface alone."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.tri import Triangulation

from kinn.fields import TIME
from kinn.grids import Piece, meshes
from kinn.metrics import derived_values, true_values
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.solution import Solution

#: Errors below this fraction of the largest are shown as this.
DYNAMIC_RANGE = 1e-6


def figures(solution: Solution) -> dict[str, Figure]:
    """Return the figures by name: "u" and "u-error" of each field u, what is derived, the problem's own, and "convergence".

    Fields of one and of two coordinates are drawn; in more, the convergence alone.
    """
    made: dict[str, Figure] = {}
    dimension = solution.problem.dimension
    if dimension <= 2:
        pieces = meshes(solution.problem)
        given = [true_values(solution.problem, p.inner_nodes) for p in pieces]
        for name in solution.problem.evaluated:
            values = [solution.trial.evaluate(p.nodes, name, subdomain=p.subdomain) for p in pieces]
            exact = [g[name] for g in given if name in g]
            if dimension == 1:
                made[name] = _curve(solution, name, pieces, values, exact)
            else:
                made[name] = _map(solution, name, pieces, values)
            if exact:
                wrong = [np.abs(v - e) for v, e in zip(values, exact, strict=True)]
                made[f"{name}-error"] = (_error_curve if dimension == 1 else _error_map)(solution, name, pieces, wrong)
        for name in solution.problem.derived:
            values = [derived_values(solution.trial, name, p.inner_nodes, subdomain=p.subdomain) for p in pieces]
            made[name] = (
                _curve(solution, name, pieces, values, []) if dimension == 1 else _map(solution, name, pieces, values)
            )
    made |= {name: make(solution) for name, make in solution.problem.figures.items()}
    if solution.history:
        made["convergence"] = _convergence(solution)
    return made


def save_figures(made: dict[str, Figure], folder: Path) -> list[Path]:
    """Write figures as PNG into a folder, which is made if need be; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, figure in made.items():
        path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.png"
        figure.savefig(path, dpi=150)
        files.append(path)
    return files


def _figure(solution: Solution, what: str) -> tuple[Figure, Any]:
    """Return an empty figure and its axes, titled with the problem, the network and the error."""
    figure = Figure(figsize=(6.4, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    problem = solution.problem
    parts = [solution.network.name.upper(), f"{solution.parameters} parameters"]
    parts += [f"relative L2 error of {name} {e.l2:.1e}" for name, e in solution.errors.items()]
    figure.suptitle(problem.title or problem.name, fontsize=11)
    axes.set_title(f"{what}   ({', '.join(parts)})", fontsize=8)
    return figure, axes


def _curve(solution: Solution, name: str, pieces: list[Piece], values: list[Array], exact: list[Array]) -> Figure:
    figure, axes = _figure(solution, name)
    for n, piece in enumerate(pieces):
        if exact:
            axes.plot(piece.nodes[:, 0], exact[n], color="0.7", linewidth=4, label="exact" if n == 0 else None)
        axes.plot(piece.nodes[:, 0], values[n], color="C0", linewidth=1.5, label="computed" if n == 0 else None)
    axes.set_xlabel(solution.problem.coordinates[0])
    axes.set_ylabel(name)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _error_curve(solution: Solution, name: str, pieces: list[Piece], wrong: list[Array]) -> Figure:
    figure, axes = _figure(solution, f"absolute error of {name}")
    floor = max(*(float(w.max()) * DYNAMIC_RANGE for w in wrong), 1e-300)
    for piece, w in zip(pieces, wrong, strict=True):
        axes.semilogy(piece.nodes[:, 0], np.maximum(w, floor), color="C3", linewidth=1.2)
    axes.set_xlabel(solution.problem.coordinates[0])
    axes.set_ylabel(f"|{name} - exact|")
    axes.grid(alpha=0.3)
    return figure


def _map(solution: Solution, name: str, pieces: list[Piece], values: list[Array]) -> Figure:
    figure, axes = _figure(solution, name)
    low, high = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    signed = low < 0 < high and min(-low, high) > 0.1 * max(-low, high)
    reach = max(-low, high)
    norm = Normalize(-reach, reach) if signed else Normalize(low, high)
    _colour(figure, axes, solution, pieces, values, norm, "RdBu_r" if signed else "viridis", name)
    return figure


def _error_map(solution: Solution, name: str, pieces: list[Piece], wrong: list[Array]) -> Figure:
    figure, axes = _figure(solution, f"absolute error of {name}")
    largest = max(*(float(w.max()) for w in wrong), 1e-300)
    floor = max(largest * DYNAMIC_RANGE, min(max(float(np.quantile(w, 0.02)) for w in wrong), largest / 10), 1e-300)
    shown = [np.clip(w, floor, None) for w in wrong]
    _colour(figure, axes, solution, pieces, shown, LogNorm(floor, largest * 1.0001), "magma", f"|{name} - exact|")
    return figure


def _colour(
    figure: Figure,
    axes: Any,
    solution: Solution,
    pieces: list[Piece],
    values: list[Array],
    norm: Normalize,
    colours: str,
    label: str,
) -> None:
    """Draw values on the quadrilaterals of the pieces, each cut into two triangles, with one colour bar."""
    image: Any = None
    for piece, v in zip(pieces, values, strict=True):
        a, b, c, d = piece.cells.T
        triangles = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
        mesh = Triangulation(piece.nodes[:, 0], piece.nodes[:, 1], triangles)
        image = axes.tripcolor(mesh, v, norm=norm, cmap=colours, shading="gouraud", rasterized=True)
    first, second = solution.problem.coordinates
    axes.set_xlabel(first)
    axes.set_ylabel(second)
    axes.locator_params(nbins=6)
    axes.margins(0.0)
    if TIME not in (first, second):
        axes.set_aspect("equal")
    figure.colorbar(image, ax=axes, label=label)


def _convergence(solution: Solution) -> Figure:
    figure, axes = _figure(solution, "convergence")
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
