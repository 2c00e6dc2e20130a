"""What finite elements beside networks show: the meshes one after another, and which is as accurate as a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import median

from kinn.experiments.tables import Row

#: What a record of a mesh tells beside seconds and errors.
_ELEMENTS, _DOFS = "elements", "dofs"


@dataclass(frozen=True)
class FEMConvergenceRun:
    """One mesh.

    Attributes:
        problem: What to call the problem.
        way: What to call the elements.
        elements: Their number.
        dofs: The number of degrees of freedom.
        seconds: What it took to make the mesh, to assemble and to solve.
        errors: Relative L2 errors by field, of derived ones too.
    """

    problem: str
    way: str
    elements: int
    dofs: int
    seconds: float
    errors: dict[str, float]


def mesh_runs(table: Sequence[Row]) -> list[FEMConvergenceRun]:
    """Return the meshes of all rows of finite elements, the coarsest of each row first."""
    out = []
    for row in table:
        for record in row.good[0].history() if row.good and row.good[0].discretised else ():
            detail = record["detail"]
            derived = {k.removeprefix("error of "): e for k, e in detail.items() if k.startswith("error of ")}
            errors = record["errors"] | derived
            out.append(
                FEMConvergenceRun(
                    row.problem, row.way, round(detail[_ELEMENTS]), round(detail[_DOFS]), record["seconds"], errors
                )
            )
    return out


def columns(meshes: Sequence[FEMConvergenceRun]) -> tuple[list[str], list[list[str]]]:
    """Return the heads and the cells of a table of meshes."""
    fields = list(dict.fromkeys(name for mesh in meshes for name in mesh.errors))
    heads = ["problem", "way", "elements", "degrees of freedom", "seconds", *(f"L2 of {name}" for name in fields)]
    cells = [
        [
            mesh.problem,
            mesh.way,
            str(mesh.elements),
            str(mesh.dofs),
            f"{mesh.seconds:.2f}",
            *(f"{mesh.errors[name]:.1e}" if name in mesh.errors else "" for name in fields),
        ]
        for mesh in meshes
    ]
    return heads, cells


def verdicts(table: Sequence[Row]) -> list[str]:
    """Return for each row of networks and each kind of elements the first mesh that is as accurate in every field.

    A row of several seeds stands with its median errors and seconds.
    """
    meshes, out = mesh_runs(table), []
    for row in table:
        if not row.good or any(run.discretised for run in row.good):
            continue
        reached = {name: median(run.errors.get(name, {}).get("l2", inf) for run in row.good) for name in row.fields}
        errors = ", ".join(f"{e:.1e} of {name}" for name, e in reached.items())
        head = f"{row.problem}: the error of {row.way} ({errors}; {row.figure('seconds').median:.1f} s)"
        for way in dict.fromkeys(mesh.way for mesh in meshes if mesh.problem == row.problem):
            mine = [mesh for mesh in meshes if (mesh.problem, mesh.way) == (row.problem, way)]
            enough = [m for m in mine if all(m.errors.get(name, inf) <= e for name, e in reached.items())]
            if enough:
                first = enough[0]
                out.append(f"{head}: {way} has it with {first.dofs} degrees of freedom in {first.seconds:.2f} s")
            else:
                out.append(f"{head}: {way} does not have it with {mine[-1].dofs} degrees of freedom")
    return out
