"""The mesh of Nastran bulk data: grid points in all coordinate systems, elements, and their properties as sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from kinn.errors import InputError
from kinn.geometry.meshes.mesh_file import ElementTable, MeshFile, to_float, to_int
from kinn.geometry.types import Array

#: Elements by name: for each number of nodes the kind, in VTK's order after the renumbering below.
_ELEMENTS = {
    **{key: {3: "triangle"} for key in ("CTRIA3", "CTRIAR")},
    **{key: {4: "quad"} for key in ("CQUAD4", "CQUADR", "CSHEAR")},
    "CTRIA6": {6: "triangle6", 3: "triangle"},
    "CQUAD8": {8: "quad8", 4: "quad"},
    "CTETRA": {4: "tetra", 10: "tetra10"},
    **{key: {5: "pyramid", 13: "pyramid13"} for key in ("CPYRAM", "CPYRA")},
    "CPENTA": {6: "wedge", 15: "wedge15"},
    "CHEXA": {8: "hexahedron", 20: "hexahedron20"},
    **{key: {2: "line"} for key in ("CROD", "CBAR", "CBEAM", "CTUBE")},
}

#: Of the fields of grid points, those that may follow the nodes are not looked at.
_FIELDS = {"CTRIA3": 3, "CTRIAR": 3, "CQUAD4": 4, "CQUADR": 4, "CSHEAR": 4, "CTRIA6": 6, "CQUAD8": 8} | dict.fromkeys(
    ("CROD", "CBAR", "CBEAM", "CTUBE"), 2
)

#: Nastran numbers the nodes of edges of the lower face, then the upright ones, then the upper ones.
_ORDERS = {
    "wedge15": (*range(9), 12, 13, 14, 9, 10, 11),
    "hexahedron20": (*range(12), 16, 17, 18, 19, 12, 13, 14, 15),
}

#: Elements that fill a domain and are not among those above.
_UNKNOWN = re.compile(r"C(?:TRI|TRA|QUAD|HEX|TET|PENT|PYR|RAC|CONE|TOR)\w*|CORD3\w|GRIDB|EGRID")


def read_nastran(path: str | Path) -> MeshFile:
    """The mesh in a bulk-data file; properties are sets of elements, named by their numbers.

    Raises:
        InputError: An entry is not known or incomplete, or refers to what does not exist.
    """
    grids: dict[int, tuple[int, tuple[float, ...]]] = {}
    frames: dict[int, list[str]] = {}
    elements: list[tuple[str, str, list[int]]] = []
    default = 0
    for fields, where in _entries(Path(path)):
        name, *values = fields
        if name.startswith("="):
            raise InputError(f"{where}: replicated entries (=) are not read, write them out")
        if name == "GRDSET":
            default = int(_field(values, 1) or 0)
        elif name == "GRID":
            number, system = to_int(_field(values, 0), where), to_int(_field(values, 1) or str(default), where)
            position = tuple(to_float(_field(values, k), where) for k in (2, 3, 4))
            if grids.setdefault(number, (system, position)) != (system, position):
                raise InputError(f"{where}: GRID {number} has two different positions")
        elif re.fullmatch(r"CORD[12][RCS]", name):
            step = 4 if name[4] == "1" else len(values)  # an entry CORD1R may define two systems
            for first in range(0, len(values), step):
                if _field(values, first):
                    frames[to_int(values[first], where)] = [name, where, *values[first + 1 : first + step]]
        elif name in _ELEMENTS:
            size = _FIELDS.get(name, len(values))
            nodes = [to_int(text, where) for text in values[2 : 2 + size] if text]
            if len(nodes) not in _ELEMENTS[name]:
                raise InputError(f"{where}: {name} {values[0]} has {len(nodes)} nodes")
            kind = _ELEMENTS[name][len(nodes)]
            elements.append((kind, values[1] or values[0], [nodes[k] for k in _ORDERS.get(kind, range(len(nodes)))]))
        elif _UNKNOWN.fullmatch(name):
            raise InputError(f"{where}: entries {name} are not read")
    located = _Frames(frames, grids)
    index = {number: k for k, number in enumerate(grids)}
    table, sets = ElementTable(), dict[str, list[int]]()
    for kind, group, nodes in elements:
        missing = [node for node in nodes if node not in index]
        if missing:
            raise InputError(
                f"{Path(path).name!r}: an element of property {group} has node {missing[0]}, which no GRID defines"
            )
        sets.setdefault(group, []).append(table.add(kind, [index[node] for node in nodes]))
    sets.pop("0", None)  # which is no property
    points = np.array([located.position(number) for number in grids]).reshape(-1, 3)
    return MeshFile(points, table.blocks, {name: table.rows(numbers) for name, numbers in sets.items()})


def _field(values: list[str], k: int) -> str:
    return values[k] if k < len(values) else ""


@dataclass(frozen=True)
class Frame:
    """A coordinate system: "R", "C" or "S", its origin and its axes, in columns."""

    kind: str
    origin: Array
    axes: Array

    def to_basic(self, values: Array) -> Array:
        """Point in the basic system; angles are in degrees."""
        first, second, third = values
        if self.kind == "C":
            angle = np.radians(second)
            values = np.array([first * np.cos(angle), first * np.sin(angle), third])
        elif self.kind == "S":  # the second is the angle from the z axis
            polar, azimuth = np.radians(second), np.radians(third)
            values = first * np.array([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)])
        return np.asarray(self.origin + self.axes @ values)


class _Frames:
    """Coordinate systems, which may be given in others or by grid points, and grid points in them."""

    def __init__(self, entries: dict[int, list[str]], grids: dict[int, tuple[int, tuple[float, ...]]]) -> None:
        self._entries, self._grids = entries, grids
        self._known = {0: Frame("R", np.zeros(3), np.eye(3))}
        self._pending: list[int] = []

    def position(self, number: int) -> Array:
        """Grid point in the basic system."""
        system, values = self._grids[number]
        return self._frame(system, f"GRID {number}").to_basic(np.array(values))

    def _frame(self, number: int, where: str) -> Frame:
        if number in self._known:
            return self._known[number]
        if number not in self._entries or number in self._pending:
            what = "is defined by itself" if number in self._pending else "does not exist"
            raise InputError(f"{where} is in the coordinate system {number}, which {what}")
        self._pending.append(number)
        name, line, *values = self._entries[number]
        if name[4] == "1":
            grids = [to_int(_field(values, k), line) for k in range(3)]
            if any(grid not in self._grids for grid in grids):
                raise InputError(f"{line}: {name} {number} needs three grid points")
            origin, top, side = map(self.position, grids)
        else:
            reference = self._frame(to_int(_field(values, 0) or "0", line), line)
            numbers = np.array([to_float(_field(values, k), line) for k in range(1, 10)]).reshape(3, 3)
            origin, top, side = map(reference.to_basic, numbers)
        z = top - origin
        y = np.cross(z, side - origin)
        if not np.linalg.norm(y):
            raise InputError(f"{line}: the three points of {name} {number} lie in one line")
        z, y = z / np.linalg.norm(z), y / np.linalg.norm(y)
        self._known[number] = Frame(name[5], origin, np.column_stack([np.cross(y, z), y, z]))
        self._pending.pop()
        return self._known[number]


def _entries(path: Path, depth: int = 0) -> Iterator[tuple[list[str], str]]:
    """Entries as fields, their names in capitals, continuation lines joined; with file and line."""
    if depth > 20:
        raise InputError(f"{path.name!r} is included by itself")
    entry: list[str] = []
    where, bulk = "", depth > 0
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    bulk |= not re.search(r"^\s*BEGIN\s+(BULK|SUPER)", text, re.IGNORECASE | re.MULTILINE)
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.split("$")[0].rstrip()
        if not line.strip() or line[:1] == "#":
            continue
        head = line.strip().upper()
        if re.match(r"BEGIN\s+(BULK|SUPER)", head):
            bulk = True
        elif head.startswith("INCLUDE"):
            included = path.parent / line.strip()[7:].strip().strip("'\"")
            if not bulk and (not included.is_file() or b"BEGIN" not in included.read_bytes().upper()):
                continue  # executive and case control say nothing of the mesh
            if not included.is_file():
                raise InputError(f"{path.name!r} line {number}: there is no file {included.name!r}")
            yield from chain([(entry, where)] if entry else [], _entries(included, depth + 1))
            entry = []
        elif head.startswith("ENDDATA"):
            break
        elif bulk:
            continued, fields = _line_fields(line)
            if continued:
                entry += fields
            else:
                if entry:
                    yield entry, where
                entry, where = fields, f"{path.name!r} line {number}"
    if entry:
        yield entry, where


def _line_fields(line: str) -> tuple[bool, list[str]]:
    """Whether a line continues an entry, and its fields: the name unless it does, and eight, or four wide ones."""
    if "," in line:
        parts = [text.strip() for text in line.split(",")]
        first, fields = parts[0].upper(), parts[1:9]
        large = first.endswith("*") or first.startswith("*")
    else:
        line = line.expandtabs(8)
        first = line[:8].strip().upper()
        large = first.endswith("*") or first.startswith("*")
        width = 16 if large else 8
        fields = [line[k : k + width].strip() for k in range(8, 72, width)]
    size = 4 if large else 8
    fields = (fields + [""] * size)[:size]
    if not first or first[0] in "+*":
        return True, fields
    return False, [first.rstrip("*"), *fields]
