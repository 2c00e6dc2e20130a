"""Meshes from files: Gmsh, VTU, Abaqus, with their groups, and what is refused."""

from __future__ import annotations

from pathlib import Path

import meshio
import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh
from tests.geometry.meshes.grids import SOLID, faces_at, grid, ring

GMSH = """$MeshFormat
4.1 0 8
$EndMeshFormat
$PhysicalNames
4
1 1 "left"
1 2 "weld"
2 3 "steel"
2 4 "air"
$EndPhysicalNames
$Entities
0 3 2 0
1 0 0 0 0 1 0 1 1 0
2 1 0 0 1 1 0 1 2 0
3 0 0 0 2 0 0 0 0
1 0 0 0 1 1 0 1 4 1 1
2 1 0 0 2 1 0 1 3 1 2
$EndEntities
$Nodes
1 6 1 6
2 1 0 6
1
2
3
4
5
6
0 0 0
1 0 0
2 0 0
0 1 0
1 1 0
2 1 0
$EndNodes
$Elements
4 6 1 6
1 1 1 1
1 4 1
1 2 1 1
2 2 5
2 1 2 2
3 1 2 5
4 1 5 4
2 2 2 2
5 2 3 6
6 2 6 5
$EndElements
"""

ABAQUS = """*HEADING
two quadratic triangles
*NODE
1, 0.0, 0.0
2, 1.0, 0.0
3, 1.0, 1.0
4, 0.0, 1.0
5, 0.5, 0.0
6, 1.1, 0.5
7, 0.5, 0.5
8, 0.5, 1.0
9, 0.0, 0.5
*ELEMENT, TYPE=CPS6, ELSET=PLATE
1, 1, 2, 3, 5, 6, 7
2, 1, 3, 4, 7, 8, 9
*ELSET, ELSET=UPPER
2
*NSET, NSET=LEFT
1, 4, 9
*NSET, NSET=CORNER
2
"""


def test_gmsh_with_physical_groups(tmp_path: Path) -> None:
    path = tmp_path / "two.msh"
    path.write_text(GMSH)
    mesh = Mesh.read(path)
    assert mesh.measure == pytest.approx(2)
    assert mesh.boundaries == ("left", "rest")
    assert mesh.boundary("left").measure == pytest.approx(1)
    assert np.allclose(mesh.boundary("left").sample(5).normals, (-1, 0))
    assert set(mesh.subdomains) == {"steel", "air"}
    steel = mesh.subdomain("steel")
    assert (steel.measure, steel.boundaries) == (pytest.approx(1), ("weld", "rest"))


def test_abaqus_with_sets(tmp_path: Path) -> None:
    path = tmp_path / "two.inp"
    path.write_text(ABAQUS)
    mesh = Mesh.read(path)
    assert list(mesh.elements) == ["triangle6"]
    assert mesh.measure == pytest.approx(1 + 2 / 3 * 0.1)  # the area under a parabola of height 0.1
    assert mesh.boundaries == ("LEFT", "rest")
    assert mesh.boundary("LEFT").measure == pytest.approx(1)
    assert set(mesh.subdomains) == {"PLATE", "UPPER"}
    assert mesh.subdomain("UPPER").measure == pytest.approx(0.5)


@pytest.mark.parametrize("kind", SOLID)
def test_vtu_of_every_kind(kind: str, tmp_path: Path) -> None:
    points, elements = grid(kind, 2, ring)
    third = np.column_stack([points, np.zeros(len(points))]) if points.shape[1] == 2 else points
    path = tmp_path / "ring.vtu"
    meshio.write(path, meshio.Mesh(third, elements))
    mesh, made = Mesh.read(path), Mesh(points, elements)
    assert mesh.dim == made.dim
    assert mesh.measure == pytest.approx(made.measure, rel=1e-12)


@pytest.mark.parametrize("kind", ["tetra10", "hexahedron20", "hexahedron27"])
def test_nodes_of_quadratic_gmsh_elements_are_put_in_order(kind: str, tmp_path: Path) -> None:
    points, elements = grid(kind, 1, ring)
    path = tmp_path / "ring.msh"
    data = {
        key: [np.ones(len(nodes), dtype=int)]
        for key in ("gmsh:physical", "gmsh:geometrical")
        for nodes in elements.values()
    }
    meshio.write(path, meshio.Mesh(points, elements, cell_data=data), file_format="gmsh22", binary=False)
    assert Mesh.read(path).measure == pytest.approx(Mesh(points, elements).measure, rel=1e-12)


def test_tags_without_names(tmp_path: Path) -> None:
    points, elements = grid("triangle", 2)
    sides = [faces_at(points, elements, lambda x, k=k: x[:, 0] == k) for k in (0, 1)]
    cells = [("triangle", elements["triangle"]), ("line", np.concatenate(sides))]
    data = {"patch": [np.zeros(8, dtype=int), np.array([4, 4, 7, 7])]}
    path = tmp_path / "square.vtu"
    meshio.write(path, meshio.Mesh(np.column_stack([points, np.zeros(9)]), cells, cell_data=data))
    mesh = Mesh.read(path, tags="patch", names={7: "right"})
    assert mesh.boundaries == ("4", "right", "rest")
    assert np.allclose(mesh.boundary("right").sample(3).points[:, 0], 1)
    assert Mesh.read(path).boundaries == ("boundary",)
    with pytest.raises(InputError, match="no cell data named 'patsh' in .*; did you mean 'patch'"):
        Mesh.read(path, tags="patsh")


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no mesh file"):
        Mesh.read(tmp_path / "none.msh")
    broken = tmp_path / "broken.msh"
    broken.write_text("$MeshFormat\n4.1 0 8\n")
    with pytest.raises(InputError, match="cannot be read as a mesh"):
        Mesh.read(broken)
    strange = tmp_path / "strange.inp"
    strange.write_text(ABAQUS.replace("CPS6", "CPS66"))
    with pytest.raises(
        InputError, match=r"strange\.inp' cannot be read as a mesh: .*Element type not available: CPS66"
    ):
        Mesh.read(strange)
    part = tmp_path / "part.msh"
    part.write_text(GMSH.replace("1 0 0 0 1 1 0 1 4 1 1", "1 0 0 0 1 1 0 0 1 1"))
    with pytest.raises(InputError, match="give each surface or volume a physical group"):
        Mesh.read(part)
    points, elements = grid("triangle", 1)
    bent = tmp_path / "bent.vtu"
    meshio.write(bent, meshio.Mesh(np.column_stack([points, points[:, 0] * points[:, 1]]), elements))
    with pytest.raises(
        InputError, match=r"holds a surface in space, not a mesh of the plane: .* TriangulatedSolid\.from_file"
    ):
        Mesh.read(bent)
    lines = tmp_path / "lines.vtu"
    meshio.write(lines, meshio.Mesh(np.zeros((2, 3)), {"line": [(0, 1)]}))
    with pytest.raises(InputError, match="holds no triangles, quadrilaterals, tetrahedra or hexahedra"):
        Mesh.read(lines)
    wedge = tmp_path / "wedge.vtu"
    meshio.write(wedge, meshio.Mesh(np.random.default_rng(0).random((6, 3)), {"wedge": [range(6)]}))
    with pytest.raises(InputError, match="no kind of element named 'wedge'"):
        Mesh.read(wedge)
    mixed = tmp_path / "mixed.vtu"
    second = grid("triangle6", 1)
    cells = [("triangle", elements["triangle"]), ("triangle6", second[1]["triangle6"] + 4)]
    nodes = np.concatenate([points, second[0] + (1, 0)])
    meshio.write(mixed, meshio.Mesh(np.column_stack([nodes, np.zeros(len(nodes))]), cells))
    with pytest.raises(InputError, match="mixes elements of different orders"):
        Mesh.read(mixed)
