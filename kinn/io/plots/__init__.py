"""Plots of a solution, with matplotlib's object interface: fields, errors, deformed shapes, lines, convergence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from kinn.fields import TIME
from kinn.io.output_mesh import output_meshes
from kinn.io.plots.curves import convergence, error_curve, field_curve, line
from kinn.io.plots.frame import ESTIMATED_ERROR, TRUE_ERROR, PlottedSolution
from kinn.io.plots.maps import deformed_shape, error_map, field_map
from kinn.metrics import derived_reference, derived_values, reference_values

__all__ = ["PlottedSolution", "plot_solution", "save_figures"]


def plot_solution(solution: PlottedSolution) -> dict[str, Figure]:
    """Figures of a solution by name.

    "u" and "u-error" of each field u and derived field, in one and two coordinates, "u-error-estimate" where it is
    estimated; "deformed" of a plane displacement;
    "boundary" of the boundary data in the inverse form; "line-NAME" of each line of the problem; the problem's further
    figures; "convergence".
    """
    problem = solution.problem
    figures: dict[str, Figure] = {}
    if problem.dimension <= 2:
        figures = _field_figures(solution)
        if problem.postprocess.displacement and problem.dimension == 2 and TIME not in problem.coordinates:
            figures["deformed"] = deformed_shape(solution)
    if solution.form == "inverse" and problem.dimension == 2:
        from kinn.io.plots.boundary import boundary_figures

        figures |= boundary_figures(solution)
    figures |= {f"line-{name}": line(solution, name) for name in problem.postprocess.lines}
    figures |= {name: draw(solution) for name, draw in problem.figures.items()}
    if solution.history:
        figures["convergence"] = convergence(solution)
    return figures


def _field_figures(solution: PlottedSolution) -> dict[str, Figure]:
    """Figures of fields and derived fields, of their errors, and of those of fields as estimated."""
    problem, fields = solution.problem, solution.fields
    one_dimensional = problem.dimension == 1
    draw_errors = error_curve if one_dimensional else error_map
    figures = {}
    meshes = output_meshes(problem)
    reference = [reference_values(problem, mesh.inner_nodes) for mesh in meshes]
    for name in (*problem.output_names, *problem.derived):
        if name in problem.derived:
            values = [derived_values(fields, name, mesh.inner_nodes, subdomain=mesh.subdomain) for mesh in meshes]
            known = [derived_reference(problem, name, mesh.inner_nodes) for mesh in meshes]
            exact = [k for k in known if k is not None]
        else:
            values = [fields.evaluate(mesh.nodes, name, subdomain=mesh.subdomain) for mesh in meshes]
            exact = [r[name] for r in reference if name in r]
        if one_dimensional:
            figures[name] = field_curve(solution, name, meshes, values, exact)
        else:
            figures[name] = field_map(solution, name, meshes, values)
        if exact:
            errors = [np.abs(v - e) for v, e in zip(values, exact, strict=True)]
            figures[f"{name}-error"] = draw_errors(solution, name, meshes, errors, TRUE_ERROR)
        if solution.estimate is not None and name in solution.estimate.l2:
            estimated = [np.abs(solution.estimate.field.evaluate(m.nodes, name, subdomain=m.subdomain)) for m in meshes]
            figures[f"{name}-error-estimate"] = draw_errors(solution, name, meshes, estimated, ESTIMATED_ERROR)
    return figures


def save_figures(figures: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Write figures as PNG into a folder, which is created if need be; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, figure in figures.items():
        path = folder / f"{re.sub(r'[^A-Za-z0-9._-]+', '-', name)}.png"
        figure.savefig(path, dpi=150)
        files.append(path)
    return files
