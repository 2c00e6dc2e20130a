"""What a mesh file holds, whatever its format: nodes, blocks of elements, named sets of elements, faces and nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinn.errors import InputError
from kinn.geometry.types import Array, Indices


@dataclass(frozen=True, eq=False)
class MeshFile:
    """Nodes, elements and their sets.

    Attributes:
        points: The nodes, (V, 2) or (V, 3).
        blocks: Elements of one kind each: meshio's name of it, and indices of their nodes, (E, n).
        cell_sets: For each name the rows of each block that belong to it.
        face_sets: For each name corners of faces, arrays (F, c).
        node_sets: For each name indices of nodes.
    """

    points: Array
    blocks: Sequence[tuple[str, Indices]]
    cell_sets: dict[str, dict[int, Indices]] = field(default_factory=dict)
    face_sets: dict[str, list[Indices]] = field(default_factory=dict)
    node_sets: dict[str, Indices] = field(default_factory=dict)


class ElementTable:
    """Elements in the order of a file, collected to blocks of one kind each."""

    def __init__(self) -> None:
        self._rows: dict[str, list[Sequence[int]]] = {}
        self._places: list[tuple[str, int]] = []

    def add(self, kind: str, nodes: Sequence[int]) -> int:
        """Number of the element that is added; its nodes are indices."""
        rows = self._rows.setdefault(kind, [])
        self._places.append((kind, len(rows)))
        rows.append(nodes)
        return len(self._places) - 1

    def element(self, number: int) -> tuple[str, Sequence[int]]:
        """Kind and nodes of an element."""
        kind, row = self._places[number]
        return kind, self._rows[kind][row]

    @property
    def blocks(self) -> list[tuple[str, Indices]]:
        """The elements by kind."""
        return [(kind, np.array(rows, dtype=np.intp)) for kind, rows in self._rows.items()]

    def rows(self, numbers: Iterable[int]) -> dict[int, Indices]:
        """Rows of each block, for a set of elements."""
        position = {kind: k for k, kind in enumerate(self._rows)}
        found: dict[int, list[int]] = {}
        for number in sorted(numbers):
            kind, row = self._places[number]
            found.setdefault(position[kind], []).append(row)
        return {block: np.array(rows, dtype=np.intp) for block, rows in found.items()}


def stack_faces(faces: Iterable[Sequence[int]]) -> list[Indices]:
    """Faces, given by their corners, as one array for each number of corners."""
    by_width: dict[int, list[Sequence[int]]] = {}
    for face in faces:
        by_width.setdefault(len(face), []).append(face)
    return [np.array(rows, dtype=np.intp) for rows in by_width.values()]


def to_float(text: str, where: str) -> float:
    """Number as Fortran writes it: 1.0D+3 and 1.0+3 as 1.0E+3, a blank field as 0."""
    try:
        return float(text or 0)
    except ValueError:
        pass
    number = text.strip().upper().replace("D", "E")
    if "E" not in number:  # the sign of the exponent may stand alone
        number = number[:1] + number[1:].replace("+", "E+").replace("-", "E-")
    try:
        return float(number)
    except ValueError:
        raise InputError(f"{where}: {text!r} is no number") from None


def to_int(text: str, where: str) -> int:
    """Number of a node or an element."""
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{where}: {text!r} is no number of a node or an element") from None
