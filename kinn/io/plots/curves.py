"""Plots of curves: fields over one coordinate or along a line, their errors, and the convergence of training."""

from __future__ import annotations

from itertools import pairwise
from math import inf

import numpy as np
from matplotlib.figure import Figure

from kinn.io.output_mesh import OutputMesh
from kinn.io.plots.frame import (
    ErrorKind,
    PlottedSolution,
    empty_figure,
    figure_with_axes,
    label,
    network_and_errors,
    wrapped_title,
)
from kinn.metrics import derived_reference, derived_values, reference_values
from kinn.problem import Array

#: Errors below this fraction of the largest are shown as this.
DYNAMIC_RANGE = 1e-6

#: The points along a line.
LINE_POINTS = 401

#: A component of a displacement that is smaller than this, relative to the others, is not drawn along a line.
RELATIVE_ROUNDING = 1e-6


def field_curve(
    solution: PlottedSolution, name: str, meshes: list[OutputMesh], values: list[Array], exact: list[Array]
) -> Figure:
    """Field over one coordinate, with the exact solution where it is known."""
    figure, axes = figure_with_axes(solution, name)
    for n, mesh in enumerate(meshes):
        if exact:
            axes.plot(mesh.nodes[:, 0], exact[n], color="0.7", linewidth=4, label="exact" if n == 0 else None)
        axes.plot(mesh.nodes[:, 0], values[n], color="C0", linewidth=1.5, label="computed" if n == 0 else None)
    axes.set(xlabel=label(solution.problem, solution.problem.coordinates[0]), ylabel=label(solution.problem, name))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def error_curve(
    solution: PlottedSolution, name: str, meshes: list[OutputMesh], errors: list[Array], kind: ErrorKind
) -> Figure:
    """Error of a field over one coordinate."""
    figure, axes = figure_with_axes(solution, f"{kind.title} of {name}")
    floor = _floor(*errors)
    for mesh, error in zip(meshes, errors, strict=True):
        axes.semilogy(mesh.nodes[:, 0], np.maximum(error, floor), color="C3", linewidth=1.2)
    axes.set(xlabel=label(solution.problem, solution.problem.coordinates[0]), ylabel=kind.meaning.format(name))
    axes.grid(alpha=0.3)
    return figure


def line(solution: PlottedSolution, name: str) -> Figure:
    """All fields along a line of the problem, one per column, with errors below where a solution is known."""
    problem = solution.problem
    start, end = (np.asarray(point, dtype=np.float64) for point in problem.postprocess.lines[name])
    parameter = np.linspace(0.0, 1.0, LINE_POINTS)
    arc_length = parameter * float(np.linalg.norm(end - start))
    curves = _values_on_line(solution, start + parameter[:, None] * (end - start))
    rows = 2 if any(exact is not None for _, exact in curves.values()) else 1
    figure = empty_figure(max(6.4, 3.6 * len(curves)), 1.0 + 2.3 * rows)
    figure.suptitle(f"{wrapped_title(problem)}\n{network_and_errors(solution)}", fontsize=10)
    axes = figure.subplots(rows, len(curves), squeeze=False, sharex=True)
    unit = problem.postprocess.units.get(problem.coordinates[0])
    for column, (field, (computed, exact)) in enumerate(curves.items()):
        top = axes[0, column]
        top.plot(arc_length, computed, color="C0", linewidth=1.6, label=solution.network.name.upper())
        top.set_title(f"{field}, {name}", fontsize=9)
        top.set_ylabel(label(problem, field))
        if exact is not None:
            top.plot(arc_length, exact, color="black", linewidth=1.2, linestyle=(0, (4, 4)), label="exact or reference")
            error = np.abs(computed - exact)
            axes[1, column].semilogy(arc_length, np.maximum(error, _floor(error)), color="C3", linewidth=1.1)
            axes[1, column].set_ylabel(f"|{field} - exact|")
        elif rows == 2:
            axes[1, column].set_axis_off()
        top.legend(frameon=False, fontsize=7)
        for row in range(rows):
            axes[row, column].grid(alpha=0.3)
        origin = ", ".join(f"{c:g}" for c in start)
        axes[-1, column].set_xlabel(f"distance from ({origin})" + (f" ({unit})" if unit else ""))
    return figure


def _values_on_line(solution: PlottedSolution, points: Array) -> dict[str, tuple[Array, Array | None]]:
    """Computed and exact values of each field and derived field at points (N, d); NaN outside the domain."""
    problem, fields = solution.problem, solution.fields
    exact = reference_values(problem, points)
    curves: dict[str, tuple[Array, Array | None]] = {
        name: (fields.evaluate(points, name), exact.get(name)) for name in problem.output_names
    }
    for name in problem.derived:
        curves[name] = (derived_values(fields, name, points), derived_reference(problem, name, points))
    # a component that vanishes by symmetry would show rounding alone
    sizes = {name: float(np.nanmax(np.abs(curves[name][0]))) for name in problem.postprocess.displacement}
    for name, size in sizes.items():
        if size <= RELATIVE_ROUNDING * max(sizes.values()):
            del curves[name]
    return curves


#: Names of stages stand at least this fraction of the time axis apart.
LABEL_GAP = 0.03


def convergence(solution: PlottedSolution) -> Figure:
    """Loss over training time, with the validation loss and the stages of the optimiser."""
    figure, axes = figure_with_axes(solution, "convergence")
    history = solution.history
    seconds = [step.seconds for step in history]
    validated = [(step.seconds, step.validation) for step in history if step.validation is not None]
    # the minimum of an energy is unknown, and mostly negative: the distance from the lowest value reached is shown
    energy = solution.form == "energy"
    lowest = min(step.loss for step in history) if energy else 0.0
    floor = 1e-14 * abs(lowest) or 1e-300
    labels = ("energy above its minimum", "energy by the guard quadrature") if energy else ("training", "validation")
    axes.semilogy(seconds, [max(step.loss - lowest, floor) for step in history], label=labels[0], linewidth=1.2)
    if validated:
        distances = [(s, max(abs(v - lowest), floor)) for s, v in validated]
        axes.semilogy(*zip(*distances, strict=True), "o-", markersize=3, linewidth=1, label=labels[1])
    labelled = -inf
    for before, after in pairwise(history):
        if before.stage == after.stage:
            continue
        axes.axvline(after.seconds, color="0.7", linewidth=0.8)
        if after.seconds - labelled > LABEL_GAP * seconds[-1]:
            labelled = after.seconds
            axes.annotate(
                after.stage, (after.seconds, 1.0), (2, -4), ("data", "axes fraction"), "offset points",
                fontsize=7, color="0.4", rotation=90, va="top",
            )  # fmt: skip
    axes.set(xlabel="seconds", ylabel="energy" if energy else "loss")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _floor(*errors: Array) -> float:
    """Smallest error that a logarithmic axis shows."""
    finite = [float(np.nanmax(np.where(np.isfinite(error), error, np.nan))) for error in errors]
    return max(*(DYNAMIC_RANGE * largest for largest in finite), 1e-300)
