"""I-DEAS universal files: groups, the order of nodes, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh

SQUARE = """    -1
  2411
         1         1         1        11
   0.0000000000000000D+00   0.0000000000000000D+00   0.0000000000000000D+00
         2         1         1        11
   1.0D+00   0.0D+00   0.0D+00
         3         1         1        11
   1.0D+00   1.0D+00   0.0D+00
         4         1         1        11
   0.0D+00   1.0D+00   0.0D+00
    -1
    -1
  2412
         1        11         2         1         7         2
         0         1         1
         1         2
         2        91         2         1         7         3
         1         2         3
         3        91         2         1         7         3
         1         3         4
    -1
    -1
  2467
         1         0         0         0         0         0         0         3
floor
         8         1         0         0         8         3         0         0
         8         2         0         0
         2         0         0         0         0         0         0         2
left side
         7         1         0         0         7         4         0         0
         3         0         0         0         0         0         0         1
upper
         8         3         0         0
    -1
"""


def read(tmp_path: Path, text: str) -> Mesh:
    path = tmp_path / "part.unv"
    path.write_text(text)
    return Mesh.read(path)


def test_groups_of_elements_and_nodes(tmp_path: Path) -> None:
    mesh = read(tmp_path, SQUARE)
    assert {name: mesh.subdomain(name).measure for name in mesh.subdomains} == pytest.approx({"floor": 1, "upper": 0.5})
    assert mesh.boundaries == ("floor", "left side", "rest")
    assert mesh.boundary("floor").sample(3).points[:, 1] == pytest.approx(0)
    assert mesh.boundary("left side").sample(3).points[:, 0] == pytest.approx(0)


def test_older_groups_have_pairs_of_integers(tmp_path: Path) -> None:
    pairs = SQUARE.replace("2467", "2429").replace(" 8         1         0         0 ", " 8         1 ")
    pairs = pairs.replace(" 7         1         0         0 ", " 7         1 ")
    for entry in ("8         3", "8         2", "7         4"):
        pairs = pairs.replace(f"{entry}         0         0\n", f"{entry}\n")
    mesh, expected = read(tmp_path, pairs), read(tmp_path, SQUARE)
    assert mesh.boundaries == expected.boundaries
    assert mesh.subdomains.keys() == expected.subdomains.keys()
    assert mesh.subdomain("floor").measure == 1


@pytest.mark.parametrize("beam", [22, 24])
def test_quadratic_edges_of_salome(beam: int, tmp_path: Path) -> None:
    points = "".join(f"{k} 1 1 11\n{x} {y} 0\n" for k, (x, y) in enumerate(TRIANGLE, 1))
    elements = f"1 {beam} 2 1 7 3\n0 1 1\n1 2 3\n2 42 2 1 7 6\n1 2 3 4 5 6\n"
    group = "1 0 0 0 0 0 0 1\nfloor\n8 1 0 0\n"
    mesh = read(tmp_path, f"-1\n2411\n{points}-1\n-1\n2412\n{elements}-1\n-1\n2467\n{group}-1\n")
    assert mesh.measure == pytest.approx(0.5)
    assert mesh.boundary("floor").sample(3).points[:, 1] == pytest.approx(0)


@pytest.mark.parametrize(("triangle", "quadrilateral"), [(41, 44), (74, 71), (91, 94)])
def test_membranes_are_numbered_unlike_other_plane_elements(triangle: int, quadrilateral: int, tmp_path: Path) -> None:
    points = "".join(f"{k} 1 1 11\n{x} {y} 0\n" for k, (x, y) in enumerate([(0, 0), (1, 0), (1, 1), (0, 1), (2, 0)], 1))
    elements = f"1 {quadrilateral} 2 1 7 4\n1 2 3 4\n2 {triangle} 2 1 7 3\n2 5 3\n"
    assert read(tmp_path, f"-1\n2411\n{points}-1\n-1\n2412\n{elements}-1\n").measure == pytest.approx(1.5)


#: Nodes in the order of I-DEAS: around the lower face with the middles of its edges, upright edges, around the upper.
RING = [(0, 0), (0.5, 0), (1, 0), (1, 0.5), (1, 1), (0.5, 1), (0, 1), (0, 0.5)]
TRIANGLE = [(0, 0), (0.5, 0), (1, 0), (0.5, 0.5), (0, 1), (0, 0.5)]


@pytest.mark.parametrize(
    ("descriptor", "nodes"),
    [
        (116, [*((*p, 0) for p in RING), *((*p, 0.5) for p in RING[::2]), *((*p, 1) for p in RING)]),
        (113, [*((*p, 0) for p in TRIANGLE), *((*p, 0.5) for p in TRIANGLE[::2]), *((*p, 1) for p in TRIANGLE)]),
        (118, [*((*p, 0) for p in TRIANGLE), (0, 0, 0.5), (0.5, 0, 0.5), (0, 0.5, 0.5), (0, 0, 1)]),
    ],
)
def test_nodes_of_quadratic_elements_are_put_in_order(
    descriptor: int, nodes: list[tuple[float, ...]], tmp_path: Path
) -> None:
    points = np.array(nodes, dtype=float)
    points += 0.1 * np.sin(points[:, [1, 2, 0]])
    coordinates = "".join(f"{k} 1 1 11\n{x} {y} {z}\n" for k, (x, y, z) in enumerate(points.tolist(), 1))
    numbers = [str(k) for k in range(1, len(nodes) + 1)]
    rows = "\n".join(" ".join(numbers[k : k + 8]) for k in range(0, len(numbers), 8))
    element = f"1 {descriptor} 2 1 7 {len(nodes)}\n{rows}\n"
    mesh = read(tmp_path, f"-1\n2411\n{coordinates}-1\n-1\n2412\n{element}-1\n")
    rule = mesh.boundary("boundary").quadrature(12)
    assert rule.normals is not None
    assert mesh.measure == pytest.approx(rule.weights @ (rule.points * rule.normals).sum(axis=1) / 3, rel=1e-6)
    straight = {116: 1, 113: 1 / 2, 118: 1 / 6}[descriptor]
    assert mesh.measure == pytest.approx(straight, rel=0.05)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "2        91 ",
            "2       192 ",
            "the dataset in line 13: elements of the descriptor 192 with 3 nodes are not read",
        ),
        ("1         2         3\n", "1         2         9\n", "element 2 has not the 3 nodes of a triangle"),
        ("1         1         1        11", "1         5         1        11", "local coordinate systems are not read"),
        ("  2411\n", "    15\n", "line 2: the older dataset 15 is not read"),
        ("1.0D+00   1.0D+00", "1.0D+00   1.x", "'1.x' is no number"),
    ],
)
def test_what_is_not_known_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read(tmp_path, SQUARE.replace(old, new))
