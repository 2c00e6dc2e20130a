"""The mesh of an Exodus file (Cubit, MOOSE, SEACAS): its blocks, side sets and node sets by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinn.errors import InputError
from kinn.geometry.meshes.mesh_file import MeshFile, stack_faces
from kinn.geometry.types import Array, Indices

_EDGES = {3: ((0, 1), (1, 2), (2, 0)), 4: ((0, 1), (1, 2), (2, 3), (3, 0))}

#: For each family of elements: kinds by number of nodes, corners of the sides in the order of their numbers.
_SOLIDS: dict[str, tuple[dict[int, str], tuple[tuple[int, ...], ...]]] = {
    "HEX": (
        {8: "hexahedron", 20: "hexahedron20", 27: "hexahedron27"},
        ((0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (0, 4, 7, 3), (0, 3, 2, 1), (4, 5, 6, 7)),
    ),
    "TET": ({4: "tetra", 10: "tetra10"}, ((0, 1, 3), (1, 2, 3), (0, 3, 2), (0, 2, 1))),
    "WEDGE": ({6: "wedge", 15: "wedge15"}, ((0, 1, 4, 3), (1, 2, 5, 4), (0, 3, 5, 2), (0, 2, 1), (3, 4, 5))),
    "PYRAMID": ({5: "pyramid"}, ((0, 1, 4), (1, 2, 4), (2, 3, 4), (3, 0, 4), (0, 3, 2, 1))),
}
_SURFACES = {3: "triangle", 4: "quad", 6: "triangle6", 8: "quad8", 9: "quad9"}
_LINES = {2: "line", 3: "line3"}

#: Nodes in VTK's order: upright edges come before those of the upper face, the middle before those of faces.
_ORDERS = {
    "wedge15": (*range(9), 12, 13, 14, 9, 10, 11),
    "hexahedron20": (*range(12), 16, 17, 18, 19, 12, 13, 14, 15),
    "hexahedron27": (*range(12), 16, 17, 18, 19, 12, 13, 14, 15, 23, 24, 25, 26, 21, 22, 20),
}


def read_exodus(path: str | Path) -> MeshFile:
    """The mesh of an Exodus file; what has no name is called by its number.

    Raises:
        InputError: An element or a side is of an unknown kind, or the file needs the package netCDF4.
    """
    data = _variables(Path(path))
    if "coord" in data:
        points = np.asarray(data["coord"], dtype=np.float64).T
    else:
        points = np.column_stack([data[f"coord{axis}"] for axis in "xyz" if f"coord{axis}" in data]).astype(np.float64)
    mesh = MeshFile(points, [])
    blocks, places, sides = list[tuple[str, Indices]](), list[tuple[int, int]](), list[tuple[tuple[int, ...], ...]]()
    for k, name in enumerate(_names(data, "eb"), 1):
        if f"connect{k}" not in data:  # an empty block
            continue
        nodes = np.asarray(data[f"connect{k}"], dtype=np.intp) - 1
        kind, faces = _kind(data[f"connect{k}:elem_type"], nodes.shape[1])
        places += [(len(blocks), row) for row in range(len(nodes))]
        sides += [faces] * len(nodes)
        if kind != "vertex":
            mesh.cell_sets[name] = {len(blocks): np.arange(len(nodes))}
        blocks.append((kind, nodes[:, _ORDERS.get(kind, range(nodes.shape[1]))]))
    for k, name in enumerate(_names(data, "ss"), 1):
        elements, numbers = (np.asarray(data.get(f"{key}_ss{k}", ()), dtype=np.intp) - 1 for key in ("elem", "side"))
        faces_found = []
        for element, side in zip(elements.tolist(), numbers.tolist(), strict=True):
            if not (0 <= element < len(sides) and 0 <= side < len(sides[element])):
                raise InputError(
                    f"the side set {name!r} has side {side + 1} of element {element + 1}, which is unknown"
                )
            block, row = places[element]
            faces_found.append([int(blocks[block][1][row, corner]) for corner in sides[element][side]])
        if faces_found:
            mesh.face_sets[name] = stack_faces(faces_found)
    for k, name in enumerate(_names(data, "ns"), 1):
        mesh.node_sets[name] = np.asarray(data.get(f"node_ns{k}", ()), dtype=np.intp) - 1
    return MeshFile(points, blocks, mesh.cell_sets, mesh.face_sets, mesh.node_sets)


def _kind(name: str, count: int) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """What meshio calls elements of a type with so many nodes, and the corners of their sides."""
    family = re.sub(r"\d+$", "", name.upper())
    for start, (kinds, faces) in _SOLIDS.items():
        if family.startswith(start) and count in kinds:
            return kinds[count], faces
    if re.fullmatch(r"(TRI|TRIANGLE|QUAD|TRISHELL|SHELL)", family) and count in _SURFACES:
        edges = _EDGES[3 if count in (3, 6) else 4]
        front = tuple(range(len(edges)))
        return _SURFACES[count], (front, front, *edges) if "SHELL" in family else edges
    if re.fullmatch(r"(BAR|BEAM|TRUSS|EDGE|ROD|LINE)", family) and count in _LINES:
        return _LINES[count], ()
    if family in ("SPHERE", "CIRCLE", "POINT", "NODE"):
        return "vertex", ()
    raise InputError(f"elements {name} with {count} nodes are not read")


def _names(data: Mapping[str, Any], group: str) -> list[str]:
    """Names of blocks (eb), side sets (ss) or node sets (ns); their numbers where they have none."""
    numbers = np.asarray(data.get(f"{group}_prop1", ()), dtype=np.intp).tolist()
    words = [_text(row) for row in np.asarray(data.get(f"{group}_names", np.zeros((0, 1), dtype="S1")))]
    return [word or str(number) for number, word in zip(numbers, [*words, *[""] * len(numbers)], strict=False)]


def _text(row: Array) -> str:
    return b"".join(np.asarray(row, dtype="S1").ravel().tolist()).split(b"\0")[0].decode(errors="replace").strip()


def _variables(path: Path) -> dict[str, Any]:
    """Arrays of a netCDF file by name, and the types of elements of its blocks."""
    with path.open("rb") as file:
        head = file.read(4)
    data: dict[str, Any] = {}
    if head in (b"CDF\x01", b"CDF\x02"):
        from scipy.io import netcdf_file

        with netcdf_file(path, "r", mmap=False) as classic:
            for name, variable in classic.variables.items():
                data[name] = variable[:].copy()
                if name.startswith("connect"):
                    data[f"{name}:elem_type"] = variable.elem_type.decode().strip("\0 ")
        return data
    if not head.startswith((b"\x89HDF", b"CDF")):
        raise InputError("it is no netCDF file")
    try:
        import netCDF4
    except ImportError:
        raise InputError("the package netCDF4 is missing: pip install 'kinn[formats]'") from None
    with netCDF4.Dataset(path) as dataset:
        dataset.set_auto_mask(False)
        for name, variable in dataset.variables.items():
            data[name] = variable[:]
            if name.startswith("connect"):
                data[f"{name}:elem_type"] = str(variable.elem_type).strip("\0 ")
    return data
