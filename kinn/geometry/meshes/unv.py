"""The mesh of an I-DEAS universal file (Salome, FreeCAD): nodes, elements and groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinn.errors import InputError
from kinn.geometry.meshes.mesh_file import ElementTable, MeshFile, to_float, to_int

#: Kinds of elements by the number of their descriptor, and their nodes in VTK's order: in I-DEAS those of edges stand
#: between their ends.
_KINDS: dict[int, tuple[str, tuple[int, ...]]] = {
    **dict.fromkeys((41, 51, 61, 74, 81, 91), ("triangle", (0, 1, 2))),
    **dict.fromkeys((42, 52, 62, 72, 82, 92), ("triangle6", (0, 2, 4, 1, 3, 5))),
    **dict.fromkeys((44, 54, 64, 71, 84, 94), ("quad", (0, 1, 2, 3))),
    **dict.fromkeys((45, 55, 65, 75, 85, 95), ("quad8", (0, 2, 4, 6, 1, 3, 5, 7))),
    111: ("tetra", (0, 1, 2, 3)),
    112: ("wedge", (0, 1, 2, 3, 4, 5)),
    113: ("wedge15", (0, 2, 4, 9, 11, 13, 1, 3, 5, 10, 12, 14, 6, 7, 8)),
    115: ("hexahedron", tuple(range(8))),
    116: ("hexahedron20", (0, 2, 4, 6, 12, 14, 16, 18, 1, 3, 5, 7, 13, 15, 17, 19, 8, 9, 10, 11)),
    118: ("tetra10", (0, 2, 4, 9, 1, 3, 5, 6, 7, 8)),
}
_BEAMS = (11, 21, 22, 23, 24)  # which have a line more, of their orientation
_LINES: dict[int, tuple[str, tuple[int, ...]]] = {2: ("line", (0, 1)), 3: ("line3", (0, 2, 1))}
#: Datasets of groups, and the number of integers of each entry.
_GROUPS = {**dict.fromkeys((2429, 2430, 2432), 2), **dict.fromkeys((2435, 2452, 2467, 2477), 4)}
_NODE, _ELEMENT = 7, 8  # what an entry of a group is


def read_unv(path: str | Path) -> MeshFile:
    """The mesh of a universal file.

    Raises:
        InputError: An element is of an unknown kind, a node is missing, or its coordinates are in a local system.
    """
    points: dict[int, list[float]] = {}
    table, numbers = ElementTable(), dict[int, int]()
    groups: dict[str, list[tuple[int, int]]] = {}
    elements: list[tuple[int, int, list[int], str]] = []
    for dataset, lines, where in _datasets(Path(path)):
        if dataset in (781, 2411):
            for head, coordinates in zip(lines[::2], lines[1::2], strict=False):
                if to_int(head.split()[1], where) not in (0, 1):
                    raise InputError(f"{where}: nodes in local coordinate systems are not read")
                points[to_int(head.split()[0], where)] = [to_float(text, where) for text in coordinates.split()]
        elif dataset in (780, 2412):
            elements += [(*element, where) for element in _elements(lines, where)]
        elif dataset in _GROUPS:
            for name, members in _groups(lines, _GROUPS[dataset], where):
                groups.setdefault(name, []).extend(members)
        elif dataset in (15, 71, 2431):
            raise InputError(f"{where}: the older dataset {dataset} is not read")
    index = {number: k for k, number in enumerate(points)}
    for number, descriptor, nodes, where in elements:
        known = _LINES.get(len(nodes)) if descriptor in _BEAMS else _KINDS.get(descriptor)
        if known is None:
            raise InputError(f"{where}: elements of the descriptor {descriptor} with {len(nodes)} nodes are not read")
        kind, order = known
        if len(nodes) != len(order) or any(node not in index for node in nodes):
            raise InputError(f"{where}: element {number} has not the {len(order)} nodes of a {kind}")
        numbers[number] = table.add(kind, [index[nodes[k]] for k in order])
    mesh = MeshFile(np.array(list(points.values())).reshape(-1, 3), table.blocks)
    for name, members in groups.items():
        if chosen := [numbers[number] for what, number in members if what == _ELEMENT and number in numbers]:
            mesh.cell_sets[name] = table.rows(chosen)
        elif nodes := [index[number] for what, number in members if what == _NODE and number in index]:
            mesh.node_sets[name] = np.array(nodes, dtype=np.intp)
    return mesh


def _datasets(path: Path) -> Iterator[tuple[int, list[str], str]]:
    """Numbers, lines and places of the datasets, each between two lines of -1."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    marks = [k for k, line in enumerate(lines) if line.strip() == "-1"]
    for start, end in zip(marks[::2], marks[1::2], strict=False):
        where = f"{path.name!r}, the dataset in line {start + 2}"
        yield to_int(lines[start + 1].split()[0], where), lines[start + 2 : end], where


def _elements(lines: list[str], where: str) -> Iterator[tuple[int, int, list[int]]]:
    """Number, descriptor and nodes of each element."""
    remaining = iter(lines)
    for line in remaining:
        head = [to_int(text, where) for text in line.split()]
        if len(head) < 6:
            raise InputError(f"{where}: {line.strip()!r} begins no element")
        if head[1] in _BEAMS:
            next(remaining, None)
        nodes: list[int] = []
        while len(nodes) < head[5]:
            if (more := next(remaining, None)) is None:
                raise InputError(f"{where}: element {head[0]} has {len(nodes)} of {head[5]} nodes")
            nodes += [to_int(text, where) for text in more.split()]
        yield head[0], head[1], nodes


def _groups(lines: list[str], size: int, where: str) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Name and entries of each group, of so many integers: what they are, and their numbers."""
    remaining = iter(lines)
    for line in remaining:
        head = [to_int(text, where) for text in line.split()]
        name, values = next(remaining, "").strip(), list[int]()
        while len(values) < size * head[-1]:
            if (more := next(remaining, None)) is None:
                raise InputError(f"{where}: the group {name!r} has fewer than {head[-1]} entries")
            values += [to_int(text, where) for text in more.split()]
        yield name or str(head[0]), list(zip(values[::size], values[1::size], strict=True))
