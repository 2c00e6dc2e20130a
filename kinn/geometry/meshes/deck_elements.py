"""Element types of Abaqus and CalculiX: what kind of element each is, and which faces the labels of surfaces mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_SOLID = re.compile(r"(?:[A-Z]?C3D|DCC3D|F3D|SC)(4|5|6|8|10|15|20)(?!\d)[A-Z]*")
_PLANE = re.compile(r"(?:CPE|CPS|CPEG|CAX|CGAX|DC2D|DCC2D|AC2D|DCAX|DCCAX|ACAX)([3468])(?!\d)[A-Z]*")
_SHELL = re.compile(r"(?:S|DS|M3D|SFM3D|R3D|STRI)([34689])(?:5|R5|[A-Z]*)")
_LINE = re.compile(
    r"(?:B2[13]|B3[13]|T2D2|T3D2|R2D2|RAX2|RB2D2|RB3D2|D?SAX1|MAX1|PIPE[23]1|F2D2|FAX2|D?C?C1D2|AC1D2|FRAME[23]D)[A-Z]*"
)
_LINE3 = re.compile(r"(?:B[23]2|T2D3|T3D3|D?SAX2|MAX2|PIPE[23]2|DC1D3|AC1D3)[A-Z]*")
_DISCRETE = re.compile(
    r"MASS|ROTARYI|SPRING[A12]|DASHPOT[A12]|GAP[A-Z]*|CONN[23]D2|DCOUP[23]D|HEATCAP|JOINTC|ITS[A-Z]*|T3D1|D[A-Z]*"
)

_SOLIDS = {
    4: "tetra",
    5: "pyramid",
    6: "wedge",
    8: "hexahedron",
    10: "tetra10",
    15: "wedge15",
    20: "hexahedron20",
}
_SURFACES = {3: "triangle", 4: "quad", 6: "triangle6", 8: "quad8", 9: "quad9"}
_NODES = {"line": 2, "line3": 3}

_TRIANGLE = ((0, 1), (1, 2), (2, 0))
_SQUARE = ((0, 1), (1, 2), (2, 3), (3, 0))
_FACES: dict[int, tuple[tuple[int, ...], ...]] = {
    4: ((0, 1, 2), (0, 3, 1), (1, 3, 2), (2, 3, 0)),
    5: ((0, 1, 2, 3), (0, 4, 1), (1, 4, 2), (2, 4, 3), (3, 4, 0)),
    6: ((0, 1, 2), (3, 5, 4), (0, 3, 4, 1), (1, 4, 5, 2), (2, 5, 3, 0)),
    8: ((0, 1, 2, 3), (4, 7, 6, 5), (0, 4, 5, 1), (1, 5, 6, 2), (2, 6, 7, 3), (3, 7, 4, 0)),
}
_CORNERS = {3: 3, 4: 4, 5: 5, 6: 6, 8: 8, 10: 4, 15: 6, 20: 8}


@dataclass(frozen=True)
class DeckType:
    """A type of elements.

    Attributes:
        kind: What meshio calls such elements; empty for springs, masses and the like, which fill no domain.
        nodes: How many nodes each has.
        faces: For each label of a face, as *SURFACE writes it, the corners of that face.
    """

    kind: str
    nodes: int
    faces: dict[str, tuple[int, ...]]


@cache
def deck_type(name: str) -> DeckType | None:
    """The type of a name in capitals, None where it is not known."""
    if match := _SOLID.fullmatch(name):
        n = int(match[1])
        table = _FACES[_CORNERS[n]]
        return DeckType(_SOLIDS[n], n, {f"S{k}": face for k, face in enumerate(table, 1)})
    if match := _PLANE.fullmatch(name):
        n = int(match[1])
        edges = _TRIANGLE if n in (3, 6) else _SQUARE
        return DeckType(_SURFACES[n], n, {f"{letter}{k}": face for k, face in enumerate(edges, 1) for letter in "SE"})
    # CalculiX counts the faces of a shell before its edges, Abaqus names them apart
    if match := _SHELL.fullmatch(name):
        n = int(match[1])
        edges = _TRIANGLE if n in (3, 6) else _SQUARE
        side = tuple(range(len(edges)))
        sides = dict.fromkeys(("SPOS", "SNEG", "S1", "S2"), side)
        labels = {label: face for k, face in enumerate(edges, 1) for label in (f"E{k}", f"S{k + 2}")}
        return DeckType(_SURFACES[n], n, {**sides, **labels})
    for pattern, kind in ((_LINE, "line"), (_LINE3, "line3")):
        if pattern.fullmatch(name):
            return DeckType(kind, _NODES[kind], {"SPOS": (0, 1), "SNEG": (0, 1)})
    return DeckType("", 0, {}) if _DISCRETE.fullmatch(name) else None
