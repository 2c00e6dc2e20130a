"""The mesh of an SU2 file, its markers as named boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kinn.errors import InputError
from kinn.geometry.meshes.mesh_file import ElementTable, MeshFile, stack_faces, to_float, to_int

#: Kinds of elements by VTK's numbers.
_KINDS = {
    3: ("line", 2),
    5: ("triangle", 3),
    9: ("quad", 4),
    10: ("tetra", 4),
    12: ("hexahedron", 8),
    13: ("wedge", 6),
    14: ("pyramid", 5),
}

#: Keywords whose data are read.
_DATA = ("NDIME", "NPOIN", "NELEM", "MARKER_TAG", "MARKER_ELEMS")


def read_su2(path: str | Path) -> MeshFile:
    """The mesh of an SU2 file of one zone.

    Raises:
        InputError: A block is incomplete, an element is of an unknown kind, or the file has several zones.
    """
    return _Reader(Path(path)).mesh()


class _Reader:
    def __init__(self, path: Path) -> None:
        self._path, self._number = path, 0
        text = path.read_text(encoding="utf-8-sig", errors="replace")
        self._lines = self._content(text.splitlines())

    def _content(self, lines: list[str]) -> Iterator[str]:
        for self._number, line in enumerate(lines, 1):
            if content := line.split("%")[0].strip():
                yield content

    @property
    def _where(self) -> str:
        return f"{self._path.name!r} line {self._number}"

    def _take(self, count: int, what: str) -> Iterator[list[str]]:
        for k in range(count):
            line = next(self._lines, None)
            while line is not None and line.upper().startswith("SEND_TO"):  # of other processes
                line = next(self._lines, None)
            if line is None or "=" in line:
                raise InputError(f"{self._where}: {count} {what} are announced, {k} are there")
            yield line.split()

    def mesh(self) -> MeshFile:
        """Nodes, elements and markers."""
        dim = 0
        points, table = np.zeros((0, 3)), ElementTable()
        faces: dict[str, list[tuple[str, list[int]]]] = {}
        marker, passing = "", False
        for line in self._lines:
            key, _, value = (text.strip() for text in line.partition("="))
            key = key.upper()
            if key == "NZONE" and to_int(value, self._where) != 1:
                raise InputError(f"{self._where}: a file of {value} zones is not read, save each zone as a file")
            if key in _DATA:
                passing = False
            if key == "NDIME":
                dim = to_int(value, self._where)
            elif key == "NPOIN":
                rows = self._take(to_int(value.split()[0], self._where), "points")
                points = np.array([self._point(row, dim) for row in rows])
            elif key == "NELEM":
                for row in self._take(to_int(value, self._where), "elements"):
                    table.add(*self._element(row))
            elif key == "MARKER_TAG":
                marker = value
            elif key == "MARKER_ELEMS":
                rows = self._take(to_int(value, self._where), f"faces of {marker!r}")
                faces.setdefault(marker, []).extend(self._element(row) for row in rows if row[0] != "1")
            elif "=" in line:
                passing = key not in ("NMARK", "NZONE", "IZONE")  # free-form boxes, periodicity and the like
            elif not passing:
                raise InputError(f"{self._where}: {line!r} is neither data nor KEY= VALUE")
        if not dim or points.shape[1:] != (dim,):
            raise InputError(f"{self._path.name!r} has no NDIME= of 2 or 3 before its points")
        corners = {name: stack_faces(nodes for _, nodes in rows) for name, rows in faces.items() if rows}
        return MeshFile(points, table.blocks, face_sets=corners)

    def _point(self, row: list[str], dim: int) -> list[float]:
        if len(row) < dim:
            raise InputError(f"{self._where}: a point has {dim} coordinates, not {len(row)}")
        return [to_float(text, self._where) for text in row[:dim]]

    def _element(self, row: list[str]) -> tuple[str, list[int]]:
        number = to_int(row[0], self._where)
        if number not in _KINDS:
            raise InputError(f"{self._where}: elements of type {number} are not read")
        kind, count = _KINDS[number]
        if len(row) < 1 + count:
            raise InputError(f"{self._where}: a {kind} has {count} nodes, not {len(row) - 1}")
        return kind, [to_int(text, self._where) for text in row[1 : 1 + count]]
