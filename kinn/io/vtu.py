"""VTU files for ParaView and other viewers, written with meshio."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from kinn.errors import InputError
from kinn.fields import TIME
from kinn.geometry.meshes.meshio_reader import import_meshio
from kinn.io.output_mesh import CELL_TYPES, OutputMesh, output_meshes
from kinn.metrics import FieldEvaluator, derived_reference, derived_values, evaluate_function, reference_values
from kinn.problem import Array

meshio = import_meshio()


def save_vtu(fields: FieldEvaluator, path: Path, error: FieldEvaluator | None = None) -> None:
    """Write fields, first derivatives, derived fields, the reference, the error and the estimated one on a mesh.

    The mesh is that of the domain, if the domain is one. A displacement is also written as the vector `displacement`, and
    the stress of the problem's output as the nine components `stress` of a tensor, row by row. Every subdomain is a
    block, which keeps jumps across interfaces; the cell data `subdomain` numbers them. In more than three coordinates,
    where there is no mesh, nothing is written.

    Args:
        fields: The fields.
        path: The file.
        error: Their estimated error.
    """
    meshes = output_meshes(fields.problem)
    if meshes:
        _write(fields, meshes, [mesh.inner_nodes for mesh in meshes], path, error)


def save_pvd(fields: FieldEvaluator, path: Path, times: int = 21, error: FieldEvaluator | None = None) -> None:
    """Write time-dependent fields at equally spaced times: a `.pvd` file and a folder of VTU files beside it.

    Raises:
        InputError: If the problem does not depend on time, or on nothing else.
    """
    problem = fields.problem
    if TIME not in problem.coordinates or problem.dimension == 1:
        raise InputError(f"problem {problem.name!r} is no field that changes in time: write a .vtu instead of a .pvd")
    if times < 1:
        raise InputError(f"a time series needs at least one instant, not {times}")
    axis = problem.coordinates.index(TIME)
    low, high = (corner[axis] for corner in problem.bounds)
    folder = path.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    root = ET.Element("VTKFile", type="Collection", version="0.1")
    collection = ET.SubElement(root, "Collection")
    space = [_initial_slice(mesh, axis) for mesh in output_meshes(problem)]
    for n, time in enumerate(np.linspace(low, high, times)):
        file = folder / f"{path.stem}-{n:04d}.vtu"
        _write(fields, space, [np.insert(mesh.inner_nodes, axis, time, axis=1) for mesh in space], file, error)
        ET.SubElement(collection, "DataSet", timestep=f"{time:.12g}", file=f"{folder.name}/{file.name}")
    ET.ElementTree(root).write(path, xml_declaration=True, encoding="utf-8")


def _initial_slice(mesh: OutputMesh, axis: int) -> OutputMesh:
    """Spatial mesh of a space-time mesh: its nodes at the start, its cells without the time axis."""
    start = np.isclose(mesh.nodes[:, axis], mesh.nodes[:, axis].min())
    number = np.cumsum(start) - 1
    # the corners of a cell at the start keep their order, which is VTK's since time comes last
    on_start = start[mesh.cells]
    cells = mesh.cells[on_start.sum(axis=1) == mesh.cells.shape[1] // 2]
    spatial = number[cells[start[cells]].reshape(len(cells), -1)]
    nodes = np.delete(mesh.nodes[start], axis, axis=1)
    return OutputMesh(mesh.subdomain, nodes, spatial, CELL_TYPES[mesh.nodes.shape[1] - 1])


def _write(
    fields: FieldEvaluator, meshes: list[OutputMesh], points: list[Array], path: Path, error: FieldEvaluator | None
) -> None:
    """Write one file: the meshes, and the fields evaluated at `points`, one array per mesh."""
    subdomains = list(fields.problem.subdomains)
    nodes, blocks, data, numbers = [], [], [], []
    offset = 0
    for mesh, x in zip(meshes, points, strict=True):
        nodes.append(np.pad(mesh.nodes, ((0, 0), (0, 3 - mesh.nodes.shape[1]))))
        blocks.append((mesh.cell_type, mesh.cells + offset))
        data.append(_point_data(fields, x, mesh.subdomain, error))
        numbers.append(np.full(len(mesh.cells), subdomains.index(mesh.subdomain)))
        offset += len(mesh.nodes)
    meshio.Mesh(
        np.concatenate(nodes),
        blocks,
        point_data={name: np.concatenate([columns[name] for columns in data]) for name in data[0]},
        cell_data={"subdomain": numbers},
    ).write(path, file_format="vtu")


def _point_data(fields: FieldEvaluator, x: Array, subdomain: str, error: FieldEvaluator | None) -> dict[str, Array]:
    """Scalars (N,), vectors (N, 3) and tensors (N, 9) at points (N, d) of a subdomain, by name."""
    problem = fields.problem
    names = list(problem.output_names)
    expressions = [*names, *(f"{name}.{c}" for name in names for c in problem.coordinates)]
    values = fields.evaluate(x, expressions, subdomain=subdomain)
    columns: dict[str, Array] = dict(zip(expressions, values.T, strict=True))
    reference = reference_values(problem, x)
    for name in problem.derived:
        columns[name] = derived_values(fields, name, x, subdomain=subdomain)
        exact = derived_reference(problem, name, x)
        reference |= {} if exact is None else {name: exact}
    for name, exact in reference.items():
        columns[f"{name} exact"] = exact
        columns[f"{name} error"] = np.abs(columns[name] - exact)
    if error is not None:
        estimated = np.abs(error.evaluate(x, names, subdomain=subdomain)).T
        columns |= {f"{name} error estimate": column for name, column in zip(names, estimated, strict=True)}
    if displacement := problem.postprocess.displacement:
        zeros = [np.zeros(len(x))] * (3 - len(displacement))
        columns["displacement"] = np.stack([*(columns[name] for name in displacement), *zeros], axis=1)
    if (stress := problem.postprocess.stress) is not None:
        entries = evaluate_function(
            fields, lambda *args: [s for row in stress(*args) for s in row], x, subdomain=subdomain
        )
        size = round(entries.shape[1] ** 0.5)
        tensor = np.zeros((len(x), 3, 3))
        tensor[:, :size, :size] = entries.reshape(-1, size, size)
        columns["stress"] = tensor.reshape(-1, 9)
    return columns
