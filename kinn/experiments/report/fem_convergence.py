"""Finite elements beside networks: convergence over meshes, and the coarsest mesh as accurate as a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

from kinn.experiments.tables import Row

#: The prefix of errors of derived fields in the details of a history entry.
_DERIVED = "error of "


@dataclass(frozen=True)
class FEMConvergenceRun:
    """Finite elements on one mesh.

    Attributes:
        problem: The label of the problem.
        method: The label of the elements.
        elements: Their number.
        dofs: The number of degrees of freedom.
        seconds: The time for meshing, assembly and solution.
        errors: Relative L2 errors by field, derived fields included.
    """

    problem: str
    method: str
    elements: int
    dofs: int
    seconds: float
    errors: dict[str, float]


def convergence_runs(table: Sequence[Row]) -> list[FEMConvergenceRun]:
    """Meshes of all rows of finite elements, from coarse to fine."""
    out = []
    for row in table:
        for entry in row.successes[0].history() if row.successes and row.successes[0].discretised else ():
            detail = entry["detail"]
            derived = {k.removeprefix(_DERIVED): e for k, e in detail.items() if k.startswith(_DERIVED)}
            elements, dofs = round(detail["elements"]), round(detail["dofs"])
            errors = entry["errors"] | derived
            out.append(FEMConvergenceRun(row.problem, row.method, elements, dofs, entry["seconds"], errors))
    return out


def columns(meshes: Sequence[FEMConvergenceRun]) -> tuple[list[str], list[list[str]]]:
    """Headings and cells of a table of meshes."""
    fields = dict.fromkeys(name for mesh in meshes for name in mesh.errors)
    headings = [
        "problem",
        "method",
        "elements",
        "degrees of freedom",
        "time (s)",
        *(f"L2 of {name}" for name in fields),
    ]
    cells = []
    for mesh in meshes:
        errors = [f"{mesh.errors[name]:.1e}" if name in mesh.errors else "" for name in fields]
        cells.append([mesh.problem, mesh.method, str(mesh.elements), str(mesh.dofs), f"{mesh.seconds:.2f}", *errors])
    return headings, cells


def equal_accuracy(table: Sequence[Row]) -> list[str]:
    """A sentence for each row of networks and each kind of elements: the first mesh as accurate in every field.

    The errors and seconds of a row are medians over its seeds.
    """
    meshes, out = convergence_runs(table), []
    for row in table:
        if not row.successes or any(run.discretised for run in row.successes):
            continue
        errors = {name: median(run.errors.get(name, {}).get("l2", inf) for run in row.successes) for name in row.fields}
        listed = ", ".join(f"{e:.1e} of {name}" for name, e in errors.items())
        head = f"{row.problem}: the error of {row.method} ({listed}; {row.value('seconds').median:.1f} s)"
        for method in dict.fromkeys(mesh.method for mesh in meshes if mesh.problem == row.problem):
            series = [mesh for mesh in meshes if (mesh.problem, mesh.method) == (row.problem, method)]
            accurate = [m for m in series if all(m.errors.get(name, inf) <= e for name, e in errors.items())]
            if accurate:
                first = accurate[0]
                out.append(f"{head}: {method} reaches it with {first.dofs} degrees of freedom in {first.seconds:.2f} s")
            else:
                out.append(f"{head}: {method} does not reach it with {series[-1].dofs} degrees of freedom")
    return out
