"""Nastran bulk data: coordinate systems, all field formats, properties, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh

HEAD = "SOL 101\nCEND\nBEGIN BULK\n"
POLAR = "GRID,1,1,1.,0.,0.\nGRID,2,1,2.,0.,0.\nGRID,3,1,2.,45.,0.\nGRID,4,1,1.,45.,0.\nCQUAD4,1,1,1,2,3,4\nENDDATA\n"
LARGE = """CORD2C* 1               0               0.              0.
*       0.              0.              0.              1.
*       1.              0.              0.
"""
CYLINDER = "CORD2C,1,0,0.,0.,0.,0.,0.,1.,+A\n+A,1.,0.,0.\n"


def read(tmp_path: Path, text: str, **settings: object) -> Mesh:
    path = tmp_path / "model.bdf"
    path.write_text(text)
    return Mesh.read(path, **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "frame",
    [
        CYLINDER,
        "CORD2C  1       0       0.      0.      0.      0.      0.      1.\n        1.      0.      0.\n",
        LARGE,
        # by grid points, and in another system, which turns the plane
        "CORD1C,1,11,12,13\nGRID,11,,0.,0.,0.\nGRID,12,,0.,0.,1.\nGRID,13,,1.,1.,0.\n",
        "CORD2R,5,0,3.,0.,0.,3.,0.,1.,,\n,3.,1.,0.\nCORD2C,1,5,0.,1.,0.,0.,1.,1.\n,1.,1.,0.\n",
    ],
)
def test_grid_points_in_cylindrical_systems(tmp_path: Path, frame: str) -> None:
    mesh = read(tmp_path, HEAD + frame + POLAR)
    assert mesh.measure == pytest.approx(1.5 * 2**-0.5)
    assert list(mesh.subdomains) == ["1"]


def test_systems_are_placed_where_they_say(tmp_path: Path) -> None:
    shifted = "CORD2R,1,0,10.,0.,0.,10.,0.,1.,+A\n+A,11.,0.,0.\n"
    grids = "GRID,1,0,0.,0.,0.\nGRID,2,0,1.,0.,0.\nGRID,3,0,1.,1.,0.\nGRID,4,0,0.,1.,0.\nGRID,5,1,-8.,0.,0.\nGRID,6,1,-8.,1.,0.\n"
    mesh = read(tmp_path, HEAD + shifted + grids + "CQUAD4,1,1,1,2,3,4\nCQUAD4,2,1,2,5,6,3\nENDDATA\n")
    assert mesh.measure == pytest.approx(2)
    assert mesh.bounds[1].tolist() == [2, 1]
    sphere = "CORD2S,1,0,0.,0.,0.,0.,0.,1.,+A\n+A,1.,0.,0.\n"
    corners = "GRID,1,0,0.,0.,0.\nGRID,2,1,2.,90.,0.\nGRID,3,1,3.,90.,90.\nGRID,4,1,4.,0.,0.\nCTETRA,1,7,1,2,3,4\n"
    assert read(tmp_path, HEAD + sphere + corners).points == pytest.approx(np.diag([2.0, 3, 4, 0])[:, :3][[3, 0, 1, 2]])
    default = "GRDSET,,1\n" + CYLINDER + POLAR.replace(",1,1.,", ",,1.,").replace(",1,2.,", ",,2.,")
    assert read(tmp_path, HEAD + default).measure == pytest.approx(1.5 * 2**-0.5)


SMALL = """$ fixed fields
BEGIN BULK
GRID    1               0.0     0.0     0.0
GRID    2               1.      0.0     0.0
GRID    3               1.+0    1.-0
GRID*   4                                0.0             1.0
*       0.0
GRID           5              2.      0.      0.
CTRIA3  1       3       1       2       3
CTRIA3  2       3       1       3       4
CTRIA3  3       8       2       5       3       0.0
CBAR    9       11      1       2       0.      0.      1.
CELAS1  12      5       1       1
ENDDATA
"""


def test_formats_of_fields_and_properties(tmp_path: Path) -> None:
    mesh = read(tmp_path, SMALL, names={3: "plate", 11: "foot"})
    assert mesh.measure == pytest.approx(1.5)
    assert set(mesh.subdomains) == {"plate", "8"}
    assert mesh.subdomain("plate").measure == pytest.approx(1)
    assert mesh.boundary("foot").measure == pytest.approx(1)
    assert read(tmp_path, SMALL.replace("BEGIN BULK\n", "")).measure == pytest.approx(1.5)
    with pytest.raises(InputError, match=r"names= has 4, which does not occur: .*model\.bdf' has 3, 8, 11"):
        read(tmp_path, SMALL, names={4: "lost"})


def test_continued_solids_and_their_order_of_nodes(tmp_path: Path) -> None:
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
    edges = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (1, 5), (2, 6), (3, 7), (4, 5), (5, 6), (6, 7), (7, 4)]
    nodes = np.array([*corners, *((np.array(corners[a]) + corners[b]) / 2 for a, b in edges)])
    grids = "".join(f"GRID,{k},,{x},{y},{z}\n" for k, (x, y, z) in enumerate(nodes, 1))
    hexa = "CHEXA,1,1,1,2,3,4,5,6,+\n+,7,8,9,10,11,12,13,14,+\n+,15,16,17,18,19,20\n"
    mesh = read(tmp_path, grids + hexa)
    assert list(mesh.elements) == ["hexahedron20"]
    assert mesh.measure == pytest.approx(1)
    penta = "CPENTA  1       1       1       2       4       5       6       8\n"
    assert read(tmp_path, grids + penta).measure == pytest.approx(0.5)


def test_included_files(tmp_path: Path) -> None:
    (tmp_path / "grids.bdf").write_text(CYLINDER + POLAR.replace("ENDDATA\n", ""))
    control = "SOL 101\nINCLUDE 'alter.v9'\nCEND\nBEGIN BULK\nINCLUDE 'grids.bdf'\nENDDATA\n"
    assert read(tmp_path, control).measure == pytest.approx(1.5 * 2**-0.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (POLAR, "GRID 1 is in the coordinate system 1, which does not exist"),
        ("CORD1R,1,1,2,3\n" + POLAR, "GRID 1 is in the coordinate system 1, which is defined by itself"),
        ("CORD2C,1,0,0.,0.,0.,0.,0.,1.\n,0.,0.,2.\n" + POLAR, "the three points of CORD2C 1 lie in one line"),
        (CYLINDER + POLAR.replace("1,2,3,4", "1,2,3,44"), "has node 44, which no GRID defines"),
        (CYLINDER + POLAR.replace("1,2,3,4\n", "1,2,3\n"), "line 10: CQUAD4 1 has 3 nodes"),
        (CYLINDER + POLAR.replace("CQUAD4", "CTRIAX6"), "line 10: entries CTRIAX6 are not read"),
        (CYLINDER + "GRID,1,1,3.,0.,0.\n" + POLAR, "line 7: GRID 1 has two different positions"),
        (CYLINDER + "GRID,11,,0.,0.,0.\n=,*1,=,*1.,==\n" + POLAR, r"line 7: replicated entries \(=\) are not read"),
        ("INCLUDE 'lost.bdf'\n" + POLAR, r"line 4: there is no file 'lost\.bdf'"),
    ],
)
def test_what_is_not_known_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, HEAD + text)
