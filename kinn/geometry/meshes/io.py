"""Meshes from files, through meshio, with one line for what is wrong with them."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry.meshes.elements import element_types

#: Plane and axisymmetric elements of Abaqus that meshio's table leaves out.
ABAQUS = {
    family + variant: kind
    for family in ("CPE", "CPS", "CAX")
    for kind, variants in {
        "triangle": "3",
        "quad": "4 4R 4I 4H 4RH",
        "triangle6": "6 6M 6H 6MH",
        "quad8": "8 8R 8H 8RH",
    }.items()
    for variant in variants.split()
}


def read_with_meshio(path: str | Path, what: str) -> Any:
    """The mesh of meshio in a file that should contain `what`; InputError where there is none that it can read."""
    import meshio  # slow to import, and needed for files alone
    from meshio.abaqus import _abaqus

    for name, kind in ABAQUS.items():
        _abaqus.abaqus_to_meshio_type.setdefault(name, kind)
    where = Path(path)
    if not where.is_file():
        raise InputError(f"there is no {what.rsplit(maxsplit=1)[-1]} file {str(path)!r}")
    aside = io.StringIO()  # meshio prints what is wrong, and then leaves
    try:
        # of a text file meshio first reads some letters as a number, which may overflow
        with np.errstate(over="ignore"), redirect_stdout(aside), redirect_stderr(aside):
            return meshio.read(where)
    except (meshio.ReadError, SystemExit, ValueError, KeyError, IndexError, OSError) as error:
        message = " ".join((aside.getvalue() if isinstance(error, SystemExit) else str(error)).split())
        if "Incompatible cell data" in message:
            message += " (give each surface or volume a physical group, or save only what has one)"
        raise InputError(f"{str(path)!r} cannot be read as {what}" + (f": {message}" if message else "")) from None


#: Names, in other programs, of the integers that distinguish groups of cells.
TAGS = ("gmsh:physical", "medit:ref", "CellEntityIds", "flac3d:group", "xdmf3:ref")

_PLANE = 1e-12  # heights that differ by less, relative to the size, are the same


def read_mesh(path: str | Path, tags: str | None, names: Mapping[int, str] | None) -> dict[str, Any]:
    """Arguments of `Mesh`: points, elements, boundaries, nodes and subdomains.

    Raises:
        InputError: There is no such file, it cannot be read, or it holds no elements that a mesh may consist of.
    """
    mesh = read_with_meshio(path, "a mesh")
    sides = {block.type: element_types()[block.type].dim for block in mesh.cells if block.type in element_types()}
    strange = sorted({block.type for block in mesh.cells} - set(element_types()) - {"vertex"})
    if strange:
        raise unknown("kind of element", strange[0], element_types(), repr(str(path)))
    dim = max(sides.values(), default=0)
    if dim < 2:
        raise InputError(f"{str(path)!r} holds no triangles, quadrilaterals, tetrahedra or hexahedra")
    points = _flattened(mesh.points, dim, path)
    labelled = _labels(mesh, tags, names, path)
    kinds = list(dict.fromkeys(block.type for block in mesh.cells if sides.get(block.type) == dim))
    elements = {kind: np.concatenate([block.data for block in mesh.cells if block.type == kind]) for kind in kinds}
    order = [k for kind in kinds for k, block in enumerate(mesh.cells) if block.type == kind]
    starts = dict(zip(order, accumulate((len(mesh.cells[k].data) for k in order), initial=0), strict=False))
    boundaries: dict[str, list[Any]] = defaultdict(list)
    subdomains: dict[str, list[int]] = defaultdict(list)
    for name, members in labelled.items():
        for k, rows in members.items():
            kind, data = mesh.cells[k].type, mesh.cells[k].data
            if k in starts:
                subdomains[name].extend((starts[k] + rows).tolist())
            elif sides.get(kind) == dim - 1 and len(rows):
                boundaries[name].append(data[rows][:, : element_types()[kind].corners])
    nodes = {
        name: rows
        for name, rows in mesh.point_sets.items()
        if name not in boundaries and 0 < len(rows) < len(points) and name[:5] != "gmsh:" and _has_faces(rows, elements)
    }
    return {
        "points": points,
        "elements": elements,
        "boundaries": boundaries,
        "nodes": nodes,
        "subdomains": {name: np.array(rows) for name, rows in subdomains.items() if rows},
    }


def _flattened(points: Any, dim: int, path: str | Path) -> Any:
    """Nodes without the third coordinate where the mesh is plane."""
    nodes = np.asarray(points, dtype=np.float64)
    if dim == 3 or nodes.shape[1] != 3:
        return nodes
    if np.ptp(nodes[:, 2]) > _PLANE * max(1e-300, float(np.max(np.ptp(nodes, axis=0)))):
        raise InputError(
            f"{str(path)!r} holds a surface in space, not a mesh of the plane: the solid inside is "
            "TriangulatedSolid.from_file(...)"
        )
    return nodes[:, :2]


def _labels(
    mesh: Any, tags: str | None, names: Mapping[int, str] | None, path: str | Path
) -> dict[str, dict[int, Any]]:
    """For each name of a group of cells the rows of each block of cells that belong to it."""
    found: dict[str, dict[int, Any]] = {
        name: {k: np.asarray(rows, dtype=np.intp) for k, rows in enumerate(members) if rows is not None}
        for name, members in mesh.cell_sets.items()
        if name[:5] != "gmsh:"
    }
    if tags is not None and tags not in mesh.cell_data:
        raise unknown("cell data", tags, list(mesh.cell_data), repr(str(path)))
    tag = tags or next((tag for tag in TAGS if tag in mesh.cell_data), None)
    group_names = {(int(number), int(dim)): name for name, (number, dim) in mesh.field_data.items()}
    for k, values in enumerate(mesh.cell_data[tag] if tag is not None else ()):
        numbers, kind = np.asarray(values), element_types().get(mesh.cells[k].type)
        if kind is None:
            continue
        for number in np.unique(numbers).astype(int).tolist():
            name = (names or {}).get(number) or group_names.get((number, kind.dim))
            if name is not None or number != 0:  # which marks what belongs to no group
                found.setdefault(str(number) if name is None else name, {})[k] = np.flatnonzero(numbers == number)
    return found


def _has_faces(rows: Any, elements: Mapping[str, Any]) -> bool:
    """Whether some face has nodes of a set alone; sets of single points are no boundaries."""
    return any(
        np.isin(nodes[:, np.array(faces)[:, : element_types()[face_kind].corners]], rows).all(axis=2).any()
        for kind, nodes in elements.items()
        for face_kind, faces in element_types()[kind].faces
    )
