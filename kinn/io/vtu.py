"""VTU files for ParaView and its like, by way of meshio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import meshio
import numpy as np

from kinn.errors import InputError
from kinn.fields import TIME
from kinn.io.output_mesh import CELL_TYPES, OutputMesh, meshes
from kinn.metrics import derived_reference, derived_values, true_values, values_of
from kinn.problem import Array

if TYPE_CHECKING:
    from kinn.solution import Solution


def save_vtu(solution: Solution, path: Path) -> None:
    """Write fields, first derivatives, what is derived, the reference and the error on a mesh, the domain's own if it is one.

    A displacement is written as a vector too, `displacement`, and the stress that the problem's output names as the nine
    components `stress` of a tensor, row by row. Every subdomain is a block of its own, so that jumps across interfaces are kept;
    the cell data `subdomain` tells which. In more than three coordinates nothing is written, for there is no mesh to show it on.

    Args:
        solution: What to write.
        path: The file.
    """
    pieces = meshes(solution.problem)
    if pieces:
        _write(solution, pieces, [piece.inner_nodes for piece in pieces], path)


def save_pvd(solution: Solution, path: Path, times: int = 21) -> None:
    """Write a time-dependent solution as a series: a `.pvd` file and a folder of VTU files beside it.

    Args:
        solution: What to write.
        path: The `.pvd` file.
        times: How many moments, evenly spread.

    Raises:
        InputError: If the problem does not depend on time, or on nothing else.
    """
    problem = solution.problem
    if TIME not in problem.coordinates or problem.dimension == 1:
        raise InputError(f"problem {problem.name!r} is no field that changes in time: write a .vtu instead of a .pvd")
    if times < 1:
        raise InputError(f"a time series needs at least one moment, not {times}")
    axis = problem.coordinates.index(TIME)
    low, high = (corner[axis] for corner in problem.bounds)
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    root = ET.Element("VTKFile", type="Collection", version="0.1")
    collection = ET.SubElement(root, "Collection")
    space = [_slice(piece, axis) for piece in meshes(problem)]
    for n, time in enumerate(np.linspace(low, high, times)):
        file = folder / f"{path.stem}-{n:04d}.vtu"
        _write(solution, space, [np.insert(piece.inner_nodes, axis, time, axis=1) for piece in space], file)
        ET.SubElement(collection, "DataSet", timestep=f"{time:.12g}", file=f"{folder.name}/{file.name}")
    ET.ElementTree(root).write(path, xml_declaration=True, encoding="utf-8")


def _slice(piece: OutputMesh, axis: int) -> OutputMesh:
    """Return the spatial mesh of a space-time mesh: its nodes at the start, its cells without the time axis."""
    start = np.isclose(piece.nodes[:, axis], piece.nodes[:, axis].min())
    number = np.cumsum(start) - 1
    # the corners of a cell that lie at the start, in the order they have; time comes last, so they keep VTK's order
    on_start = start[piece.cells]
    cells = piece.cells[on_start.sum(axis=1) == piece.cells.shape[1] // 2]
    kept = number[cells[start[cells]].reshape(len(cells), -1)]
    return OutputMesh(
        piece.subdomain, np.delete(piece.nodes[start], axis, axis=1), kept, CELL_TYPES[piece.nodes.shape[1] - 1]
    )


def _write(solution: Solution, pieces: list[OutputMesh], points: list[Array], path: Path) -> None:
    """Write one file: the meshes of the pieces, the fields evaluated at `points`, one array a piece."""
    problem = solution.problem
    nodes, blocks, data, domain = [], [], [], []
    offset = 0
    for piece, x in zip(pieces, points, strict=True):
        nodes.append(np.pad(piece.nodes, ((0, 0), (0, 3 - piece.nodes.shape[1]))))
        blocks.append((piece.kind, piece.cells + offset))
        data.append(_columns(solution, x, piece.subdomain))
        domain.append(np.full(len(piece.cells), list(problem.subdomains).index(piece.subdomain)))
        offset += len(piece.nodes)
    meshio.Mesh(
        np.concatenate(nodes),
        blocks,
        point_data={key: np.concatenate([columns[key] for columns in data]) for key in data[0]},
        cell_data={"subdomain": domain},
    ).write(path, file_format="vtu")


def _columns(solution: Solution, x: Array, subdomain: str) -> dict[str, Array]:
    """Return what is written of points (N, d) of a subdomain, by name: numbers (N,), vectors (N, 3) and tensors (N, 9)."""
    problem = solution.problem
    names = list(problem.evaluated)
    expressions = [*names, *(f"{name}.{c}" for name in names for c in problem.coordinates)]
    values = solution.trial.evaluate(x, expressions, subdomain=subdomain)
    columns: dict[str, Array] = dict(zip(expressions, values.T, strict=True))
    true = true_values(problem, x)
    for name in problem.derived:
        columns[name] = derived_values(solution.trial, name, x, subdomain=subdomain)
        exact = derived_reference(problem, name, x)
        true |= {} if exact is None else {name: exact}
    for name, exact in true.items():
        columns[f"{name} exact"] = exact
        columns[f"{name} error"] = np.abs(columns[name] - exact)
    if shift := problem.output.displacement:
        columns["displacement"] = np.stack(
            [*(columns[name] for name in shift), *([np.zeros(len(x))] * (3 - len(shift)))], axis=1
        )
    if (stress := problem.output.stress) is not None:
        rows = values_of(
            solution.trial, lambda *given: [s for row in stress(*given) for s in row], x, subdomain=subdomain
        )
        size = round(rows.shape[1] ** 0.5)
        whole = np.zeros((len(x), 3, 3))
        whole[:, :size, :size] = rows.reshape(-1, size, size)
        columns["stress"] = whole.reshape(-1, 9)
    return columns
