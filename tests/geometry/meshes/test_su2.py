"""SU2 files: markers are boundaries by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh

SQUARE = """% two triangles and a square
NDIME= 2
NELEM= 3
5 0 1 2 0
5 0 2 3 1
9 1 4 5 2 2
NPOIN= 6 6
0.0 0.0 0
1.0 0.0 1
1.0 1.0 2
0.0 1.0 3
2.0 0.0 4
2.0 1.0 5
NMARK= 3
MARKER_TAG= lower
MARKER_ELEMS= 2
3 0 1
3 1 4
MARKER_TAG= inlet side
MARKER_ELEMS= 1
3 3 0
MARKER_TAG= SEND_RECEIVE
MARKER_ELEMS= 1
SEND_TO= 1
1 4
"""


def read(tmp_path: Path, text: str) -> Mesh:
    path = tmp_path / "square.su2"
    path.write_text(text)
    return Mesh.read(path)


def test_markers_are_boundaries(tmp_path: Path) -> None:
    extra = "NPERIODIC= 1\nPERIODIC_INDEX= 0\n0.0 0.0 0.0\nFFD_NBOX= 1\nFFD_CORNER_POINTS= 1\n-1 2 0\n"
    mesh = read(tmp_path, SQUARE + extra)
    assert mesh.measure == pytest.approx(2)
    assert mesh.boundaries == ("lower", "inlet side", "rest")
    assert [mesh.boundary(name).measure for name in mesh.boundaries] == pytest.approx([2, 1, 3])


def test_solids_of_every_kind(tmp_path: Path) -> None:
    """A cube, a wedge beside it and a pyramid on top."""
    points = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    points += [(2, 0, 0), (2, 1, 0), (0.5, 0.5, 2)]
    rows = "\n".join(" ".join(map(str, point)) for point in points)
    elements = "12 0 1 2 3 4 5 6 7\n13 1 8 5 2 9 6\n14 4 5 6 7 10\n"
    marker = "NMARK= 1\nMARKER_TAG= slope\nMARKER_ELEMS= 2\n9 8 9 6 5\n5 4 5 10\n"
    mesh = read(tmp_path, f"NDIME=3\nNELEM=3\n{elements}NPOIN=11\n{rows}\n{marker}")
    assert {kind: len(nodes) for kind, nodes in mesh.elements.items()} == {"hexahedron": 1, "wedge": 1, "pyramid": 1}
    assert mesh.measure == pytest.approx(1 + 1 / 2 + 1 / 3)
    assert mesh.boundary("slope").measure == pytest.approx(np.sqrt(2) + np.sqrt(5) / 4)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("NELEM= 3", "NELEM= 4", "line 7: 4 elements are announced, 3 are there"),
        ("NPOIN= 6 6", "NPOIN= 5 6", "line 13: '2.0 1.0 5' is neither data nor KEY= VALUE"),
        ("NDIME= 2", "NZONE= 2", "line 2: a file of 2 zones is not read, save each zone as a file"),
        ("NDIME= 2\n", "", "no NDIME= of 2 or 3 before its points"),
        ("5 0 1 2 0", "7 0 1 2 0", "line 4: elements of type 7 are not read"),
        ("9 1 4 5 2 2", "9 1 4 5", "line 6: a quad has 4 nodes, not 3"),
        ("1.0 1.0 2", "1.0 x 2", "line 10: 'x' is no number"),
        ("5 0 1 2 0", "5 0 1 12 0", "whose nodes do not exist: there are 6"),
        ("1.0 1.0 2", "1.0", "line 10: a point has 2 coordinates, not 1"),
        ("3 3 0", "3 3 9", "the boundary 'inlet side' has nodes that do not exist: there are 6"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, SQUARE.replace(old, new))
