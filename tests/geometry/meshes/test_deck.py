"""Abaqus and CalculiX decks: nothing of the mesh is lost or swapped, and what is not known is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh

NODES = """*NODE
1, 0.0, 0.0, 0.0
2, 1.0, 0.0, 0.0
3, 2.0, 0.0, 0.0
4, 3.0, 0.0, 0.0
5, 4.0, 0.0, 0.0
6, 0.0, 1.0, 0.0
7, 1.0, 1.0, 0.0
8, 2.0, 1.0, 0.0
9, 3.0, 1.0, 0.0
10, 4.0, 1.0, 0.0
"""
QUADS = ["1, 1, 2, 7, 6", "2, 2, 3, 8, 7", "3, 3, 4, 9, 8", "4, 4, 5, 10, 9"]
ALL = "*ELEMENT, TYPE=CPS4, ELSET=Eall\n" + "\n".join(QUADS) + "\n"
STRIP = NODES + ALL


def block(name: str, *rows: str) -> str:
    """Elements of the strip in a set; without a name in none."""
    return f"*ELEMENT, TYPE=CPS4{f', ELSET={name}' if name else ''}\n" + "\n".join(rows) + "\n"


def read(tmp_path: Path, text: str) -> Mesh:
    path = tmp_path / "deck.inp"
    path.write_text(text)
    return Mesh.read(path)


def areas(mesh: Mesh) -> dict[str, float]:
    return {name: round(mesh.subdomain(name).measure, 9) for name in mesh.subdomains}


def lengths(mesh: Mesh) -> dict[str, float]:
    return {name: round(mesh.boundary(name).measure, 9) for name in mesh.boundaries if name not in ("rest", "boundary")}


@pytest.mark.parametrize(
    "text",
    [
        block("Eall", *QUADS[:2], "** second half", *QUADS[2:]),
        block("Eall", "** all of them", *QUADS),
        block("Eall", "1, 1, 2,", "**", "7, 6", *QUADS[1:], "** end", ""),
        block("Eall", *QUADS[:3]) + block("Eall", QUADS[3]),
        block("E1", *QUADS[:2]) + block("E2", *QUADS[2:]) + "*ELSET, ELSET=Eall\nE1, E2\n",
        block("E1", *QUADS[:2]) + block("E2", *QUADS[2:]) + "*ELSET, ELSET=Eall\nE1,\n** and\nE2,\n",
        block("", *QUADS) + "*ELSET, ELSET=Eall\nfirst, 4\n*ELSET, ELSET=first, GENERATE\n1, 3\n",
        block("", *QUADS) + "*Elset, elset=eALL, generate\n1, 4, 1\n",
    ],
)
def test_sets_hold_all_of_their_elements(tmp_path: Path, text: str) -> None:
    mesh = read(tmp_path, NODES + text)
    assert mesh.measure == 4
    assert {name.casefold(): area for name, area in areas(mesh).items()}["eall"] == 4


def test_sets_of_sets_keep_their_elements_apart(tmp_path: Path) -> None:
    blocks = block("E1", QUADS[0]) + block("E2", QUADS[1]) + block("E3", *QUADS[2:])
    mesh = read(tmp_path, NODES + blocks + "*ELSET, ELSET=Soft\nE2\n*ELSET, ELSET=Mix\nE3,\nE1,\n")
    assert areas(mesh) == {"E1": 1, "E2": 1, "E3": 2, "Soft": 1, "Mix": 3}
    assert mesh.subdomains["Soft"].tolist() == [1]
    assert mesh.subdomains["Mix"].tolist() == [0, 2, 3]


@pytest.mark.parametrize("first", ["", "soft"])
def test_a_set_is_that_of_its_block(tmp_path: Path, first: str) -> None:
    mesh = read(tmp_path, NODES + block(first, *QUADS[:2]) + block("steel", *QUADS[2:]))
    assert mesh.subdomains["steel"].tolist() == [2, 3]
    assert areas(mesh)["steel"] == 2


@pytest.mark.parametrize(
    "text",
    [
        "*NSET, NSET=bottom, GENERATE\n1, 3, 1\n4, 5, 1\n",
        "*NSET, NSET=bottom, GENERATE\n1, 5\n",
        "*NSET, NSET=bottom, GENERATE\n1, 5, 2\n2, 4, 2\n",
        "*NSET, NSET=bottom\n1, 2,\n** more\n3, 4, 5\n",
        "*NSET, NSET=bottom\n** more\n1, 2, 3\n4, 5\n**\n",
        "*nset, nset=bottom, unsorted\n5, 4, 3, 2, 1\n",
        "*NSET, NSET=left half\n1, 2, 3\n*NSET, NSET=right half\n3, 4, 5\n*NSET, NSET=bottom\nLEFT HALF, right half\n",
        "*NSET, NSET=bottom\n1, 2, 3\n*NSET, NSET=BOTTOM\n4, 5\n",
    ],
)
def test_sets_of_nodes(tmp_path: Path, text: str) -> None:
    assert lengths(read(tmp_path, STRIP + text))["bottom"] == 4


def test_sets_of_nodes_at_their_definition_and_of_sets(tmp_path: Path) -> None:
    upper = NODES.splitlines()
    split = "\n".join(["*NODE, NSET=bottom", *upper[1:6], "*NODE", *upper[6:]]) + "\n"
    assert lengths(read(tmp_path, split + ALL)) == {"bottom": 4}
    ends = "*NSET, NSET=left\n1, 6\n*NSET, NSET=right\n5, 10\n*NSET, NSET=fixed\nleft, right\n"
    assert lengths(read(tmp_path, STRIP + ends)) == {"left": 1, "right": 1, "fixed": 2}
    of_elements = "*ELSET, ELSET=end\n4\n*NSET, NSET=tip, ELSET=end\n"
    assert lengths(read(tmp_path, STRIP + of_elements)) == {"tip": 3}


def test_nodes_in_several_blocks_and_without_elements(tmp_path: Path) -> None:
    mesh = read(tmp_path, NODES + "*NODE\n11, 9., 9., 0.\n" + ALL)
    assert (mesh.measure, mesh.bounds[1].tolist()) == (4, [4, 1])


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_capitals_do_not_matter(tmp_path: Path, case: object) -> None:
    assert callable(case)
    text = STRIP + "*NSET, NSET=bottom\n1, 2, 3, 4, 5\n*SURFACE, NAME=press, TYPE=ELEMENT\nEall, S3\n"
    mesh = read(tmp_path, case(text))
    assert {name.casefold(): length for name, length in lengths(mesh).items()} == {"press": 4, "bottom": 4}


def test_surfaces(tmp_path: Path) -> None:
    low = "*ELSET, ELSET=_press_S1, INTERNAL\n1, 2, 3, 4\n*SURFACE, NAME=press, TYPE=ELEMENT\n_press_S1, S1\n"
    mesh = read(tmp_path, STRIP + low)
    assert (lengths(mesh), set(mesh.subdomains)) == ({"press": 4}, {"Eall"})
    assert set(map(tuple, mesh.boundary("press").sample(9).normals.round(9))) == {(0, -1)}
    single = "*SURFACE, NAME=ends\n1, S4\n4, s2\n*SURFACE, NAME=top, TYPE=NODE\nup,\n*NSET, NSET=up, GENERATE\n6, 10\n"
    assert lengths(read(tmp_path, STRIP + single)) == {"ends": 2, "up": 4, "top": 4}
    free = "*SURFACE, NAME=free\nEnd,\n*ELSET, ELSET=End\n3, 4\n"
    assert lengths(read(tmp_path, STRIP + free)) == {"free": 5}


CUBE = """*NODE
1, 0., 0., 0.
2, 1., 0., 0.
3, 1., 1., 0.
4, 0., 1., 0.
5, 0., 0., 2.
6, 1., 0., 2.
7, 1., 1., 2.
8, 0., 1., 2.
9, .5, .5, 3.
"""


@pytest.mark.parametrize(
    ("elements", "volume", "normals"),
    [
        (
            "*ELEMENT, TYPE=C3D8R\n1, 1, 2, 3, 4, 5, 6, 7, 8\n",
            2,
            [(0, 0, -1), (0, 0, 1), (0, -1, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0)],
        ),
        ("*ELEMENT, TYPE=C3D6\n1, 1, 2, 4, 5, 6, 8\n", 1, [(0, 0, -1), (0, 0, 1), (0, -1, 0), (1, 1, 0), (-1, 0, 0)]),
        ("*ELEMENT, TYPE=C3D4\n1, 1, 2, 4, 5\n", 1 / 3, [(0, 0, -1), (0, -1, 0), (2, 2, 1), (-1, 0, 0)]),
        (
            "*ELEMENT, TYPE=C3D5\n1, 5, 6, 7, 8, 9\n",
            1 / 3,
            [(0, 0, -1), (0, -2, 1), (2, 0, 1), (0, 2, 1), (-2, 0, 1)],
        ),
    ],
)
def test_faces_of_solids_have_the_labels_of_the_manual(
    tmp_path: Path, elements: str, volume: float, normals: list[tuple[float, ...]]
) -> None:
    text = CUBE + elements + "".join(f"*SURFACE, NAME=S{k}\n1, S{k}\n" for k in range(1, len(normals) + 1))
    mesh = read(tmp_path, text)
    assert mesh.measure == pytest.approx(volume)
    assert len(mesh.boundaries) == len(normals)
    for k, normal in enumerate(normals, 1):
        found = mesh.boundary(f"S{k}").sample(3).normals[0]
        length = sum(x * x for x in normal) ** 0.5
        assert found == pytest.approx([x / length for x in normal], abs=1e-12)


def test_shells_on_a_solid_are_a_boundary_and_springs_none(tmp_path: Path) -> None:
    solid = CUBE + "*ELEMENT, TYPE=C3D8, ELSET=V\n1, 1, 2, 3, 4, 5, 6, 7, 8\n"
    shell = "*ELEMENT, TYPE=S4R, ELSET=skin\n2, 1, 2, 3, 4\n*ELEMENT, TYPE=SPRINGA, ELSET=spring\n3, 8, 9\n"
    mesh = read(tmp_path, solid + shell + "*SURFACE, NAME=pad\nskin, SPOS\n")
    assert lengths(mesh) == {"skin": 1, "pad": 1}
    assert set(mesh.subdomains) == {"V"}
    loose = "*ELEMENT, TYPE=S3, ELSET=loose\n4, 7, 8, 9\n"
    assert read(tmp_path, solid + loose).boundaries == ("boundary",)


def test_included_files(tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "mesh.inc").write_text(STRIP + "*NSET, NSET=left\n1, 6\n")
    include = "*INCLUDE, INPUT=parts/mesh.inc\n"
    assert lengths(read(tmp_path, include)) == {"left": 1}
    assert lengths(read(tmp_path, include + "*NSET, NSET=bottom\n1, 2, 3, 4, 5\n")) == {"left": 1, "bottom": 4}
    (folder / "nodes.txt").write_text("\n".join(NODES.splitlines()[1:]))
    assert read(tmp_path, "*NODE, INPUT=parts\\nodes.txt\n" + ALL).measure == 4
    (folder / "outer.inc").write_text("*INCLUDE, INPUT='mesh.inc'\n")
    assert lengths(read(tmp_path, "*include, input=parts/outer.inc\n")) == {"left": 1}
    with pytest.raises(InputError, match=r"line 1: there is no file 'lost\.inc' next to it, which \*INCLUDE asks for"):
        read(tmp_path, "*INCLUDE, INPUT=lost.inc\n")
    with pytest.raises(InputError, match="is included by itself"):
        read(tmp_path, "*INCLUDE, INPUT=deck.inp\n")


@pytest.mark.parametrize("option", ["SYSTEM=C", "system = c", "NSET=N, SYSTEM=C"])
def test_cylindrical_coordinates(tmp_path: Path, option: str) -> None:
    nodes = f"*NODE, {option}\n1, 1., 0., 0.\n2, 2., 0., 0.\n3, 2., 45., 0.\n4, 1., 45., 0.\n"
    mesh = read(tmp_path, nodes + "*ELEMENT, TYPE=CPS4, ELSET=E\n1, 1, 2, 3, 4\n")
    assert mesh.measure == pytest.approx(1.5 * 2**-0.5)
    with pytest.raises(InputError, match="coordinate system 'S' are not read"):
        read(tmp_path, nodes.replace(option, "SYSTEM=S"))


PART = "*PART, NAME=P\n" + STRIP + "*NSET, NSET=bottom, GENERATE\n1, 5\n*END PART\n"


def test_parts_without_instances(tmp_path: Path) -> None:
    nodes = "*NODE\n1, 10., 0.\n2, 11., 0.\n3, 11., 1.\n4, 10., 1.\n"
    other = "*PART, NAME=B\n" + nodes + "*ELEMENT, TYPE=CPS4, ELSET=EB\n1, 1, 2, 3, 4\n*END PART\n"
    mesh = read(tmp_path, PART + other)
    assert areas(mesh) == {"Eall": 4, "EB": 1}
    assert mesh.bounds[1].tolist() == pytest.approx([11, 1])


def test_instances_are_moved_and_name_their_sets(tmp_path: Path) -> None:
    one = "*ASSEMBLY, NAME=A\n*INSTANCE, NAME=P-1, PART=p\n0., 5., 0.\n0., 5., 0., 0., 5., 1., 90.\n*END INSTANCE\n"
    sets = "*NSET, NSET=tip, INSTANCE=P-1\n5, 10\n*ELSET, ELSET=most, INSTANCE=P-1, GENERATE\n1, 3\n"
    surface = "*SURFACE, NAME=low\nP-1.Eall, S1\n*END ASSEMBLY\n"
    mesh = read(tmp_path, PART + one + sets + surface)
    assert [x.tolist() for x in mesh.bounds] == [pytest.approx([-1, 5]), pytest.approx([0, 9])]
    assert lengths(mesh) == {"low": 4, "bottom": 4, "tip": 1}
    assert areas(mesh) == {"most": 3, "Eall": 4}
    two = "*ASSEMBLY, NAME=A\n*INSTANCE, NAME=A, PART=P\n*END INSTANCE\n*INSTANCE, NAME=B, PART=P\n0., 3.\n"
    with pytest.raises(InputError, match="an instance is placed by 3 numbers of a shift and 7 of a rotation"):
        read(tmp_path, PART + two + "*END INSTANCE\n*END ASSEMBLY\n")
    mesh = read(tmp_path, PART + two.replace("0., 3.", "0., 3., 0.") + "*END INSTANCE\n*END ASSEMBLY\n")
    assert areas(mesh) == {"A.Eall": 4, "B.Eall": 4}
    assert lengths(mesh) == {"A.bottom": 4, "B.bottom": 4}


def test_quadratic_lines_whose_middle_node_comes_second(tmp_path: Path) -> None:
    nodes = "*NODE\n1, 0, 0\n2, 1, 0\n3, 0, 1\n4, .5, 0\n5, .5, .5\n6, 0, .5\n"
    plate = "*ELEMENT, TYPE=CPS6\n1, 1, 2, 3, 4, 5, 6\n*ELEMENT, TYPE=B32, ELSET=beam\n2, 1, 4, 2\n"
    assert lengths(read(tmp_path, nodes + plate)) == {"beam": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            STRIP.replace("CPS4", "CPS44"),
            r"no type of element named 'CPS44' in 'deck.inp' line 12; did you mean 'CPS4'",
        ),
        (STRIP.replace("*NODE", "*NODES"), r"line 1: no keyword \*NODES; did you mean \*NODE\?"),
        (STRIP + "*NGEN\n1, 5, 1\n", r"line 17: \*NGEN is not read: write out all nodes and elements"),
        (STRIP + "*NSET, NSET=a\n1, 77\n", "line 17: the set 'a' has node 77, which does not exist"),
        (STRIP + "*ELSET, ELSET=a\nEal\n", r"no set of elements named 'Eal' in 'a', 'deck.inp' line 17; did you mean"),
        (STRIP + "*ELSET, ELSET=a\nb\n*ELSET, ELSET=b\na\n", "the set '[ab]' contains itself"),
        (STRIP + "*SURFACE, NAME=a\nEall, S5\n", "no face named 'S5' in 'deck.inp' line 17"),
        (STRIP + "*NSET, NSET=a, GENERATE\n5, 1\n", "5, 1 is no range"),
        (STRIP + "*NSET, NSET=a,\n1, 2\n", r"line 17: a comma at its end continues \*NSET, so that 1 is no data"),
        (STRIP + "*NODE\n1, 0, 1, 0\n", "line 17: node 1 has two different positions"),
        (STRIP + "*ELEMENT, TYPE=CPS4\n1, 1, 2, 6, 7\n", "line 17: element 1 is there twice"),
        (NODES + "*ELEMENT, TYPE=CPS4\n1, 1, 2, 7, 66\n", "element 1 has node 66, which .NODE does not define"),
        (NODES + "*ELEMENT, TYPE=CPS4\n1, 1, 2, 7\n", "element 1 has too few nodes: type CPS4 has 4"),
        (NODES + "*ELEMENT, TYPE=CPS4\n1, 1, 2, 7, 6, 5\n", "element 1 has more than the 4 nodes of type CPS4"),
        (NODES + "*ELEMENT, ELSET=E\n1, 1, 2, 7, 6\n", r"line 12: \*ELEMENT needs TYPE="),
        (NODES.replace("2.0", "2.O") + ALL, "line 1: '2.O' is no number"),
        (NODES.replace("2.0", "<x>") + ALL, r"line 1: parameters \(<...>\) in the data of \*NODE are not read"),
    ],
)
def test_what_is_not_known_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert "deck.inp' cannot be read as a mesh: " in str(caught.value)


def test_numbers_as_fortran_writes_them(tmp_path: Path) -> None:
    assert read(tmp_path, NODES.replace("4.0", "0.4D+01").replace("3.0", "3.0+0") + ALL).measure == 4
