"""Meshes from files: Gmsh, VTU, Abaqus, with their groups, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh
from kinn.geometry.meshes.meshio_reader import import_meshio
from tests.geometry.meshes.grids import SOLID, faces_at, grid, ring

meshio = import_meshio()

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
    with pytest.raises(InputError, match=r"strange\.inp' cannot be read as a mesh: no type of element named 'CPS66'"):
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
    with pytest.raises(InputError, match="holds no triangles, quadrilaterals, tetrahedra, hexahedra, wedges"):
        Mesh.read(lines)
    pyramid = tmp_path / "pyramid.vtu"
    meshio.write(pyramid, meshio.Mesh(np.random.default_rng(0).random((13, 3)), {"pyramid13": [range(13)]}))
    with pytest.raises(InputError, match="no kind of element named 'pyramid13'"):
        Mesh.read(pyramid)
    mixed = tmp_path / "mixed.vtu"
    second = grid("triangle6", 1)
    cells = [("triangle", elements["triangle"]), ("triangle6", second[1]["triangle6"] + 4)]
    nodes = np.concatenate([points, second[0] + (1, 0)])
    meshio.write(mixed, meshio.Mesh(np.column_stack([nodes, np.zeros(len(nodes))]), cells))
    with pytest.raises(InputError, match="mixes elements of different orders"):
        Mesh.read(mixed)


@pytest.mark.parametrize("noise", [1e-9, 1e-7])
@pytest.mark.parametrize("height", [0, 5, -1e3])
def test_noise_of_the_third_coordinate(noise: float, height: float, tmp_path: Path) -> None:
    points, elements = grid("triangle", 4)
    z = height + noise * np.random.default_rng(0).standard_normal(len(points))
    path = tmp_path / "square.vtu"
    meshio.write(path, meshio.Mesh(np.column_stack([points, z]), elements))
    mesh = Mesh.read(path)
    assert (mesh.dim, mesh.measure) == (2, pytest.approx(1))


def test_meshes_in_other_planes_are_refused_with_the_reason(tmp_path: Path) -> None:
    points, elements = grid("triangle", 4)
    path = tmp_path / "square.vtu"
    for first, plane in ((0, "y = 2"), (1, "x = 2")):
        space = np.full((len(points), 3), 2.0)
        space[:, [first, 2]] = points
        meshio.write(path, meshio.Mesh(space, elements))
        with pytest.raises(InputError, match=f"holds a mesh in the plane {plane}: the third coordinate"):
            Mesh.read(path)
    meshio.write(path, meshio.Mesh(np.column_stack([points, points @ [0.5, 0.2]]), elements))
    with pytest.raises(InputError, match="holds a mesh in an oblique plane"):
        Mesh.read(path)


@pytest.mark.parametrize("tag", ["mat_id", "MaterialIDs", "cell_tags"])
def test_numbers_of_materials_are_names(tag: str, tmp_path: Path) -> None:
    points, elements = grid("quad", 2)
    path = tmp_path / "square.vtk"
    space = np.column_stack([points, np.zeros(len(points))])
    meshio.write(path, meshio.Mesh(space, elements, cell_data={tag: [np.array([1, 1, 1, 3])]}))
    assert set(Mesh.read(path).subdomains) == {"1", "3"}
    mesh = Mesh.read(path, names={3: "steel"})
    assert mesh.subdomain("steel").measure == pytest.approx(0.25)
    with pytest.raises(InputError, match=f"names= has 2, which does not occur: cell data '{tag}' of .* has 1, 3"):
        Mesh.read(path, names={2: "steel", 1: "air"})


def test_names_need_numbers(tmp_path: Path) -> None:
    points, elements = grid("quad", 2)
    path = tmp_path / "square.vtk"
    meshio.write(path, meshio.Mesh(np.column_stack([points, np.zeros(len(points))]), elements))
    with pytest.raises(InputError, match=r"names= has 3, which does not occur: .*square\.vtk' has no numbers"):
        Mesh.read(path, names={3: "steel"})


def test_the_format_can_be_stated(tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_text(ABAQUS)
    assert Mesh.read(path, file_format="abaqus").boundaries == ("LEFT", "rest")
    path.write_text(GMSH)
    assert Mesh.read(path, file_format="gmsh").boundaries == ("left", "rest")
    with pytest.raises(InputError, match="no file format named 'gmhs'; did you mean 'gmsh'"):
        Mesh.read(path, file_format="gmhs")
    with pytest.raises(InputError, match=r"two\.txt' cannot be read as a mesh: "):
        Mesh.read(path)


def test_ucd_files_of_the_same_ending(tmp_path: Path) -> None:
    path = tmp_path / "square.inp"
    points, elements = grid("quad", 2)
    space = np.column_stack([points, np.zeros(len(points))])
    data = {"avsucd:material": [np.array([1, 2, 2, 2])]}
    meshio.write(path, meshio.Mesh(space, elements, cell_data=data), file_format="avsucd")
    assert set(Mesh.read(path).subdomains) == {"1", "2"}


@pytest.mark.parametrize(("ending", "package"), [("med", "h5py"), ("e", "netCDF4"), ("xdmf", "h5py")])
def test_missing_packages_are_named(ending: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / f"part.{ending}"
    path.write_text({"xdmf": XDMF, "e": "CDF\x05"}.get(ending, ""))
    with pytest.raises(InputError, match=rf"the package {package} is missing: pip install 'kinn\[formats\]'"):
        Mesh.read(path)


XDMF = """<Xdmf Version="3.0"><Domain><Grid Name="Grid">
<Geometry GeometryType="XY"><DataItem DataType="Float" Dimensions="3 2" Format="HDF" Precision="8">a.h5:/x</DataItem></Geometry>
<Topology TopologyType="Triangle" NumberOfElements="1"><DataItem DataType="Int" Dimensions="1 3" Format="HDF" Precision="8">a.h5:/e</DataItem></Topology>
</Grid></Domain></Xdmf>"""


@pytest.mark.parametrize(
    "ending", ["msh", "vtk", "vtu", "mesh", "off", "stl", "obj", "ply", "med", "xdmf", "e", "su2", "bdf"]
)
@pytest.mark.parametrize(
    "text", ["", "1 2 3\n", "$MeshFormat\n2.2 0 8\n$EndMeshFormat\n$Nodes\n2\n", "# vtk DataFile\n\0\xff"]
)
def test_broken_files_are_refused_in_one_line(ending: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / f"broken.{ending}"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        Mesh.read(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "np." not in str(caught.value)


def test_other_formats_are_refused_with_a_way_out(tmp_path: Path) -> None:
    path = tmp_path / "part.k"
    path.write_text("*KEYWORD\n")
    with pytest.raises(InputError, match=r"LS-DYNA files \(\.k\) are not read; convert it to \.msh, \.vtu or \.inp$"):
        Mesh.read(path)
    partitioned = tmp_path / "part.msh"
    partitioned.write_text(GMSH.replace("$Nodes", "$PartitionedEntities\n2\n$EndPartitionedEntities\n$Nodes"))
    with pytest.raises(InputError, match="partitioned files of Gmsh are not read"):
        Mesh.read(partitioned)


def test_an_element_in_several_physical_groups_is_in_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "part.msh"
    twice = GMSH.replace('4\n1 1 "left"', '5\n2 5 "all"\n1 1 "left"')
    for old, new in (
        ("1 0 0 0 1 1 0 1 4 1 1", "1 0 0 0 1 1 0 2 4 5 1 1"),
        ("2 1 0 0 2 1 0 1 3", "2 1 0 0 2 1 0 2 3 5"),
    ):
        assert old in twice
        twice = twice.replace(old, new)
    path.write_text(twice)
    subdomains = Mesh.read(path).subdomains
    assert {name: len(rows) for name, rows in subdomains.items()} == {"steel": 2, "air": 2, "all": 4}


GMSH_4_0 = """$MeshFormat
4.0 0 8
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
1 6
1 2 0 6
1 0 0 0
2 1 0 0
3 2 0 0
4 0 1 0
5 1 1 0
6 2 1 0
$EndNodes
$Elements
4 6
1 1 1 1
1 4 1
2 1 1 1
2 2 5
1 2 2 2
3 1 2 5
4 1 5 4
2 2 2 2
5 2 3 6
6 2 6 5
$EndElements
"""


def test_the_older_version_of_gmsh(tmp_path: Path) -> None:
    path = tmp_path / "two.msh"
    path.write_text(GMSH_4_0)
    mesh = Mesh.read(path)
    assert (mesh.measure, mesh.boundaries, set(mesh.subdomains)) == (2, ("left", "rest"), {"steel", "air"})
    assert mesh.subdomain("steel").boundaries == ("weld", "rest")


GMSH_2_2 = """$MeshFormat
2.2 0 8
$EndMeshFormat
$PhysicalNames
3
1 1 "left"
2 2 "all"
2 3 "steel"
$EndPhysicalNames
$Nodes
6
1 0 0 0
2 1 0 0
3 2 0 0
4 0 1 0
5 1 1 0
6 2 1 0
$EndNodes
$Elements
7
1 1 2 1 1 4 1
2 2 2 2 1 1 2 5
3 2 2 2 1 1 5 4
4 2 2 2 2 2 3 6
5 2 2 2 2 2 6 5
6 2 2 3 2 2 3 6
7 2 2 3 2 2 6 5
$EndElements
"""


def test_elements_that_are_written_once_a_group(tmp_path: Path) -> None:
    path = tmp_path / "two.msh"
    path.write_text(GMSH_2_2)
    mesh = Mesh.read(path)
    assert (mesh.measure, mesh.boundaries) == (2, ("left", "rest"))
    assert {name: rows.tolist() for name, rows in mesh.subdomains.items()} == {"all": [0, 1, 2, 3], "steel": [2, 3]}
    twice = "*NODE\n1, 0, 0\n2, 1, 0\n3, 0, 1\n4, 1, 1\n*ELEMENT, TYPE=CPS3, ELSET=a\n1, 1, 2, 3\n2, 2, 4, 3\n"
    deck = tmp_path / "overlay.inp"
    deck.write_text(twice + "*ELEMENT, TYPE=CPS3, ELSET=b\n3, 3, 2, 4\n*ELSET, ELSET=c\n1, 3\n")
    mesh = Mesh.read(deck)
    assert {name: rows.tolist() for name, rows in mesh.subdomains.items()} == {"a": [0, 1], "b": [1], "c": [0, 1]}
