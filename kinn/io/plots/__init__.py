"""Figures of a solution: fields, errors, deformed shapes, lines, convergence; with matplotlib's object interface alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from kinn.fields import TIME
from kinn.io.output_mesh import meshes
from kinn.io.plots.boundary import boundaries
from kinn.io.plots.convergence import convergence
from kinn.io.plots.deformation import deformed
from kinn.io.plots.fields import curve, error_curve, error_map, field_map
from kinn.io.plots.lines import line
from kinn.metrics import derived_reference, derived_values, true_values

if TYPE_CHECKING:
    from kinn.solution import Solution

__all__ = ["figures", "save_figures"]


def figures(solution: Solution) -> dict[str, Figure]:
    """Return the figures by name.

    "u" and "u-error" of each field u and of what is derived, in one and two coordinates; "deformed" of a displacement in the
    plane; "boundary" of the data that the inverse form seeks; "line-NAME" of each line of the problem; the problem's own; "convergence".
    """
    problem, made = solution.problem, {}
    if problem.dimension <= 2:
        made = _of_fields(solution)
        if problem.output.displacement and problem.dimension == 2 and TIME not in problem.coordinates:
            made["deformed"] = deformed(solution)
    made |= boundaries(solution)
    made |= {f"line-{name}": line(solution, name) for name in problem.output.lines}
    made |= {name: make(solution) for name, make in problem.figures.items()}
    if solution.history:
        made["convergence"] = convergence(solution)
    return made


def _of_fields(solution: Solution) -> dict[str, Figure]:
    """Return the figures of fields and of what is derived, and of their errors."""
    problem, made = solution.problem, {}
    flat = problem.dimension == 1
    pieces = meshes(problem)
    given = [true_values(problem, p.inner_nodes) for p in pieces]
    for name in (*problem.evaluated, *problem.derived):
        if name in problem.derived:
            values = [derived_values(solution.trial, name, p.inner_nodes, subdomain=p.subdomain) for p in pieces]
            known = [derived_reference(problem, name, p.inner_nodes) for p in pieces]
            exact = [k for k in known if k is not None]
        else:
            values = [solution.trial.evaluate(p.nodes, name, subdomain=p.subdomain) for p in pieces]
            exact = [g[name] for g in given if name in g]
        made[name] = curve(solution, name, pieces, values, exact) if flat else field_map(solution, name, pieces, values)
        if exact:
            wrong = [np.abs(v - e) for v, e in zip(values, exact, strict=True)]
            made[f"{name}-error"] = (error_curve if flat else error_map)(solution, name, pieces, wrong)
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
