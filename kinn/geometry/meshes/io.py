"""Arguments of meshes from files: points, elements, named boundaries and subdomains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry.meshes.deck import read_deck
from kinn.geometry.meshes.elements import element_types
from kinn.geometry.meshes.exodus import read_exodus
from kinn.geometry.meshes.mesh_file import MeshFile
from kinn.geometry.meshes.meshio_reader import check_file, read_with_meshio, reader_error
from kinn.geometry.meshes.nastran import read_nastran
from kinn.geometry.meshes.su2 import read_su2
from kinn.geometry.meshes.unv import read_unv
from kinn.geometry.types import Array, Indices

_T = TypeVar("_T")

#: Names, in other programs, of the integers that distinguish groups of cells.
TAGS = (
    "gmsh:physical",
    "medit:ref",
    "CellEntityIds",
    "flac3d:group",
    "xdmf3:ref",
    "mat_id",
    "MaterialIDs",
    "tetgen:ref",
    "avsucd:material",
    "ugrid:ref",
    "netgen:index",
    "cell_tags",
)

#: Readers that keep what meshio loses, by its names of formats; suffixes and these names.
_READERS = {"abaqus": read_deck, "nastran": read_nastran, "su2": read_su2, "exodus": read_exodus, "unv": read_unv}
_SUFFIXES = {
    ".inp": "abaqus",
    **dict.fromkeys((".bdf", ".nas", ".fem"), "nastran"),
    ".su2": "su2",
    **dict.fromkeys((".e", ".exo", ".ex2", ".g"), "exodus"),
    ".unv": "unv",
    ".f3grid": "flac3d",
}

_PLANE = 1e-6  # heights that differ by less, relative to the size, are the same


@dataclass(frozen=True, eq=False)
class Groups:
    """Named groups: corners of faces, arrays (F, c), of boundaries, nodes of boundaries, elements of subdomains."""

    boundaries: Mapping[str, list[Indices]]
    nodes: Mapping[str, Indices]
    subdomains: Mapping[str, Indices]


def read_mesh(
    path: str | Path, tags: str | None, names: Mapping[int, str] | None, file_format: str | None = None
) -> tuple[Array, dict[str, Indices], Groups]:
    """Points, elements and groups of the mesh in a file.

    Raises:
        InputError: There is no such file, it cannot be read, or it holds no elements that a mesh may consist of.
    """
    where = check_file(path, "a mesh")
    kind = file_format or _SUFFIXES.get(where.suffix.lower(), "")
    if kind == "abaqus" and file_format is None and _is_ucd(where):
        kind = "avsucd"
    try:
        if kind in _READERS:
            if tags is not None:
                raise InputError("tags= is for files whose groups have numbers alone")
            return _arguments(_renamed(_READERS[kind](where), names, path), path)
        return _arguments(_from_meshio(read_with_meshio(path, "a mesh", kind or None), kind, tags, names, path), path)
    except InputError as error:
        if repr(str(path)) in str(error):
            raise
        raise InputError(f"{str(path)!r} cannot be read as a mesh: {error}") from None
    except Exception as error:  # noqa: BLE001 (files are broken in many ways)
        raise InputError(f"{str(path)!r} cannot be read as a mesh: {reader_error(error)}") from None


def _is_ucd(path: Path) -> bool:
    """Whether a file ending with .inp is one of AVS: it begins with five numbers."""
    with path.open(encoding="utf-8", errors="replace") as file:
        first = next((line.split() for line in file if line.strip() and line[0] != "#"), [])
    return len(first) == 5 and all(word.isdigit() for word in first)


def _arguments(mesh: MeshFile, path: str | Path) -> tuple[Array, dict[str, Indices], Groups]:
    types = element_types()
    sides = {kind: types[kind].dim for kind, _ in mesh.blocks if kind in types}
    strange = sorted({kind for kind, _ in mesh.blocks} - set(types) - {"vertex"})
    if strange:
        raise unknown("kind of element", strange[0], types, repr(str(path)))
    dim = max(sides.values(), default=0)
    if dim < 2:
        raise InputError(f"{str(path)!r} holds no triangles, quadrilaterals, tetrahedra, hexahedra, wedges or pyramids")
    points = _flattened(mesh, dim, path)
    kinds = list(dict.fromkeys(kind for kind, _ in mesh.blocks if sides.get(kind) == dim))
    elements = {kind: np.concatenate([nodes for other, nodes in mesh.blocks if other == kind]) for kind in kinds}
    order = [k for kind in kinds for k, (other, _) in enumerate(mesh.blocks) if other == kind]
    starts = dict(zip(order, accumulate((len(mesh.blocks[k][1]) for k in order), initial=0), strict=False))
    boundaries: dict[str, list[Indices]] = defaultdict(list)
    subdomains: dict[str, list[int]] = defaultdict(list)
    for name, faces in mesh.face_sets.items():
        if any(corners.min() < 0 or corners.max() >= len(points) for corners in faces):
            raise InputError(f"the boundary {name!r} has nodes that do not exist: there are {len(points)}")
        boundaries[name].extend(faces)
    for name, members in mesh.cell_sets.items():
        for k, rows in members.items():
            kind, nodes = mesh.blocks[k]
            if k in starts:
                subdomains[name].extend((starts[k] + rows).tolist())
            elif sides.get(kind) == dim - 1 and len(rows):
                boundaries[name].append(nodes[rows][:, : types[kind].corners])
    node_sets = {
        name: rows
        for name, rows in mesh.node_sets.items()
        if name not in boundaries and 0 < len(rows) < len(points) and _has_faces(rows, elements)
    }
    elements, numbers = _once(elements)
    numbered = {name: np.unique(numbers[rows]) for name, rows in subdomains.items() if rows}
    return points, elements, Groups(boundaries, node_sets, numbered)


def _once(elements: Mapping[str, Indices]) -> tuple[dict[str, Indices], Indices]:
    """Elements without those that are there again, and the number of each one's first: Gmsh 2.2 writes one a group."""
    found, numbers, first = {}, [], 0
    for kind, nodes in elements.items():
        keys = np.sort(nodes, axis=1)
        # equal rows have equal sums, which are compared faster
        if len(np.unique((keys.astype(np.uint64) + 1) ** 3 @ np.arange(1, keys.shape[1] + 1, dtype=np.uint64))) == len(
            keys
        ):
            place, kept = np.arange(len(nodes)), nodes
        else:
            _, index, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
            order = np.argsort(index)
            place, kept = np.argsort(order)[inverse.reshape(-1)], nodes[index[order]]
        found[kind] = kept
        numbers.append(first + place)
        first += len(kept)
    return found, np.concatenate(numbers)


def _flattened(mesh: MeshFile, dim: int, path: str | Path) -> Array:
    """Nodes without the third coordinate where the mesh is plane."""
    points = np.asarray(mesh.points, dtype=np.float64)
    if dim == 3 or points.shape[1] != 3:
        return points
    used = points[np.unique(np.concatenate([nodes.ravel() for kind, nodes in mesh.blocks if kind != "vertex"]))]
    slack = _PLANE * max(1e-300, float(np.max(np.ptp(used, axis=0))))
    if np.ptp(used[:, 2]) <= slack:
        return points[:, :2]
    for axis in "xy":
        if np.ptp(column := used[:, "xy".index(axis)]) <= slack:
            raise InputError(
                f"{str(path)!r} holds a mesh in the plane {axis} = {column[0]:.4g}: the third coordinate of a plane mesh "
                "is constant, save it in the plane of x and y"
            )
    flat = np.linalg.svd(used - used.mean(axis=0), full_matrices=False)[2][2] @ (used - used.mean(axis=0)).T
    if np.ptp(flat) <= slack:
        raise InputError(
            f"{str(path)!r} holds a mesh in an oblique plane: the third coordinate of a plane mesh is constant, turn it "
            "into the plane of x and y"
        )
    raise InputError(
        f"{str(path)!r} holds a surface in space, not a mesh of the plane: the solid inside is "
        "TriangulatedSolid.from_file(...)"
    )


def _from_meshio(mesh: Any, kind: str, tags: str | None, names: Mapping[int, str] | None, path: str | Path) -> MeshFile:
    """The mesh of meshio, its sets and integer cell data as named sets."""
    blocks = [(block.type, np.asarray(block.data)) for block in mesh.cells]
    sets: dict[str, dict[int, Indices]] = {
        name: {k: np.asarray(rows, dtype=np.intp) for k, rows in enumerate(members) if rows is not None}
        for name, members in mesh.cell_sets.items()
        if name[:5] != "gmsh:"
    }
    if kind == "flac3d":  # whose sets count on from block to block
        starts = np.cumsum([0, *(len(nodes) for _, nodes in blocks)])
        sets = {name: {k: rows - starts[k] for k, rows in members.items()} for name, members in sets.items()}
    for name, members in sets.items():
        if any(len(rows) and rows.max() >= len(blocks[k][1]) for k, rows in members.items()):
            raise InputError(f"the set {name!r} has elements that do not exist")
    if tags is not None and tags not in mesh.cell_data:
        raise unknown("cell data", tags, list(mesh.cell_data), repr(str(path)))
    tag = tags or next((tag for tag in TAGS if tag in mesh.cell_data), None)
    names_of = _names_of_groups(mesh, names or {})
    met = set()
    for k, values in enumerate(mesh.cell_data[tag] if tag is not None else ()):
        numbers, element = np.asarray(values).reshape(len(values), -1)[:, 0], element_types().get(blocks[k][0])
        if element is None or np.size(values) != len(values) or not (numbers == np.round(numbers)).all():
            continue
        for number in np.unique(numbers).astype(int).tolist():
            met.add(number)
            found = names_of(number, element.dim)
            if not found and number != 0:  # which marks what belongs to no group
                found = [str(number)]
            for name in found:
                sets.setdefault(name, {})[k] = np.union1d(
                    sets.get(name, {}).get(k, []), np.flatnonzero(numbers == number)
                ).astype(np.intp)
    _check_names(names, met, f"cell data {tag!r} of {str(path)!r}" if tag else repr(str(path)))
    points = {name: np.asarray(rows) for name, rows in mesh.point_sets.items() if name[:5] != "gmsh:"}
    return MeshFile(np.asarray(mesh.points), blocks, sets, node_sets=points)


def _names_of_groups(mesh: Any, names: Mapping[int, str]) -> Callable[[int, int], list[str]]:
    """Names that stand for a number at cells of a dimension: the user's, those of Gmsh, those of MED."""
    gmsh: dict[tuple[int, int], list[str]] = {}
    for name, value in mesh.field_data.items():  # of which physical groups are a number and a dimension each
        if isinstance(value, np.ndarray) and value.size == 2 and np.issubdtype(value.dtype, np.number):
            gmsh.setdefault((int(value[0]), int(value[1])), []).append(name)
    families = {int(number): list(groups) for number, groups in getattr(mesh, "cell_tags", {}).items()}

    def names_of(number: int, dim: int) -> list[str]:
        if number in names:
            return [names[number]]
        return gmsh.get((number, dim)) or families.get(number, [])

    return names_of


def _check_names(names: Mapping[int, str] | None, met: set[int], where: str) -> None:
    lost = sorted(set(names or {}) - met)
    if lost:
        there = ", ".join(map(str, sorted(met)[:20])) or "no numbers"
        raise InputError(f"names= has {lost[0]}, which does not occur: {where} has {there}")


def _renamed(mesh: MeshFile, names: Mapping[int, str] | None, path: str | Path) -> MeshFile:
    """The mesh with sets that are called by numbers renamed."""
    groups = (mesh.cell_sets, mesh.face_sets, mesh.node_sets)
    _check_names(names, {int(key) for group in groups for key in group if key.isdigit()}, repr(str(path)))
    words = {str(number): name for number, name in (names or {}).items()}

    def renamed(group: Mapping[str, _T]) -> dict[str, _T]:
        return {words.get(key, key): value for key, value in group.items()}

    return MeshFile(mesh.points, mesh.blocks, renamed(mesh.cell_sets), renamed(mesh.face_sets), renamed(mesh.node_sets))


def _has_faces(rows: Any, elements: Mapping[str, Any]) -> bool:
    """Whether some face has nodes of a set alone; sets of single points are no boundaries."""
    return any(
        np.isin(nodes[:, np.array(faces)[:, : element_types()[face_kind].corners]], rows).all(axis=2).any()
        for kind, nodes in elements.items()
        for face_kind, faces in element_types()[kind].faces
    )
