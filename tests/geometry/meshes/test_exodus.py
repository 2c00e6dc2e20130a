"""Exodus files: names of blocks, side sets and node sets, the numbers of sides and the order of nodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import netcdf_file

from kinn.errors import InputError
from kinn.geometry import Mesh

CORNERS = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)]
EDGES = [(0, 1), (1, 2), (2, 3), (3, 0), (0, 4), (1, 5), (2, 6), (3, 7), (4, 5), (5, 6), (6, 7), (7, 4)]
#: The middle, then the faces below, above, left, right, in front and behind.
MIDDLES = [(0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0.5, 1), (0, 0.5, 0.5), (1, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 1, 0.5)]


def write(
    path: Path,
    points: np.ndarray,
    blocks: dict[str, tuple[str, list[list[int]]]],
    sides: dict[str, list[tuple[int, int]]] | None = None,
    nodes: dict[str, list[int]] | None = None,
    named: bool = True,
) -> None:
    """An Exodus file of classic netCDF; elements, sides and nodes count from 1."""
    with netcdf_file(path, "w") as file:

        def put(name: str, values: object, *dims: str) -> object:
            array = np.asarray(values, dtype=np.int32 if np.asarray(values).dtype.kind == "i" else np.float64)
            for dim, size in zip(dims, array.shape, strict=True):
                if dim not in file.dimensions:
                    file.createDimension(dim, size)
            variable = file.createVariable(name, array.dtype.char, dims)
            variable[:] = array
            return variable

        for axis, column in zip("xyz", points.T, strict=False):
            put(f"coord{axis}", column, "num_nodes")
        for group, names in (("eb", blocks), ("ss", sides or {}), ("ns", nodes or {})):
            put(f"{group}_prop1", [10 * k for k in range(1, len(names) + 1)] or np.zeros(0, int), f"num_{group}")
            if named and names:
                file.createDimension(f"{group}_length", 33)
                words = file.createVariable(f"{group}_names", "S1", (f"num_{group}", f"{group}_length"))
                words[:] = np.array([list(name.ljust(33, "\0").encode()) for name in names], dtype=np.uint8).view("S1")
        for k, (kind, elements) in enumerate(blocks.values(), 1):
            put(f"connect{k}", np.array(elements), f"num_el_in_blk{k}", f"num_nod_per_el{k}").elem_type = kind
        for k, members in enumerate((sides or {}).values(), 1):
            put(f"elem_ss{k}", [element for element, _ in members], f"num_side_ss{k}")
            put(f"side_ss{k}", [side for _, side in members], f"num_side_ss{k}")
        for k, members in enumerate((nodes or {}).values(), 1):
            put(f"node_ns{k}", members, f"num_nod_ns{k}")


def hexahedron(count: int) -> np.ndarray:
    """Nodes of the unit cube in the order of Exodus."""
    corners = np.array(CORNERS, dtype=float)
    middles = corners[np.array(EDGES)].mean(axis=1)
    return np.concatenate([corners, middles, np.array(MIDDLES)])[:count]


@pytest.mark.parametrize("count", [8, 20, 27])
def test_sides_and_nodes_of_hexahedra(count: int, tmp_path: Path) -> None:
    points = hexahedron(count)
    points += 0.1 * np.sin(points[:, [1, 2, 0]])  # a bent cube, whose nodes must be in their places
    path = tmp_path / "cube.e"
    sides = {f"side {k}": [(1, k)] for k in range(1, 7)}
    write(path, points, {"cube": (f"HEX{count}", [[*range(1, count + 1)]])}, sides)
    mesh = Mesh.read(path)
    assert mesh.boundaries == tuple(sides)
    assert set(mesh.subdomains) == {"cube"}
    normals = [(0, -1, 0), (1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, 0, -1), (0, 0, 1)]
    for name, normal in zip(sides, normals, strict=True):
        assert (mesh.boundary(name).sample(9).normals @ normal > 0.9).all()
    rule = mesh.boundary("boundary").quadrature(12)
    assert rule.normals is not None
    assert mesh.measure == pytest.approx(rule.weights @ (rule.points * rule.normals).sum(axis=1) / 3, rel=1e-6)


def test_plane_meshes_shells_and_names_from_numbers(tmp_path: Path) -> None:
    points = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (2, 0.5)], dtype=float)
    blocks = {"": ("QUAD4", [[1, 2, 3, 4]]), " ": ("TRI3", [[2, 5, 3]])}
    path = tmp_path / "plate.exo"
    write(path, points, blocks, {"s": [(1, 4), (2, 1)]}, {"n": [1, 2]}, named=False)
    mesh = Mesh.read(path)
    assert {name: mesh.subdomain(name).measure for name in mesh.subdomains} == pytest.approx({"10": 1, "20": 0.5})
    assert mesh.boundary("10").measure == pytest.approx(1 + np.sqrt(1.25))
    mesh = Mesh.read(path, names={10: "left", 20: "right"})
    assert (set(mesh.subdomains), mesh.boundaries) == ({"left", "right"}, ("left", "rest"))
    space = np.column_stack([points, np.full(5, 3.0)])
    write(path, space, {"plate": ("SHELL4", [[1, 2, 3, 4]])}, {"edge": [(1, 4)]}, {"low": [1, 2]})
    mesh = Mesh.read(path)
    assert (mesh.dim, mesh.boundaries) == (2, ("edge", "low", "rest"))
    assert mesh.boundary("edge").sample(3).points[:, 0] == pytest.approx(1)


@pytest.mark.parametrize(
    ("kind", "nodes", "volume", "normals"),
    [
        ("TETRA", [1, 2, 4, 5], 1 / 6, [(0, -1, 0), (1, 1, 1), (-1, 0, 0), (0, 0, -1)]),
        ("WEDGE6", [1, 2, 4, 5, 6, 8], 1 / 2, [(0, -1, 0), (1, 1, 0), (-1, 0, 0), (0, 0, -1), (0, 0, 1)]),
        ("PYRAMID5", [1, 2, 3, 4, 5], 1 / 3, [(0, -1, 0), (1, 0, 1), (0, 1, 1), (-1, 0, 0), (0, 0, -1)]),
    ],
)
def test_sides_of_other_solids(
    kind: str, nodes: list[int], volume: float, normals: list[tuple[int, ...]], tmp_path: Path
) -> None:
    path = tmp_path / "solid.g"
    sides = {f"side {k}": [(1, k)] for k in range(1, len(normals) + 1)}
    write(path, hexahedron(8), {"solid": (kind, [nodes])}, sides)
    mesh = Mesh.read(path)
    assert mesh.measure == pytest.approx(volume)
    for name, normal in zip(sides, normals, strict=True):
        assert mesh.boundary(name).sample(2).normals[0] == pytest.approx(np.array(normal) / np.linalg.norm(normal))


def test_what_is_not_known_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cube.e"
    write(path, hexahedron(8), {"cube": ("HEX8", [[*range(1, 9)]])}, {"lid": [(1, 7)]})
    with pytest.raises(InputError, match=r"cube\.e' cannot be .*: the side set 'lid' has side 7 of element 1"):
        Mesh.read(path)
    write(path, hexahedron(8), {"cube": ("HEX8", [[*range(1, 9)]])}, {"lid": [(1, 0)]})
    with pytest.raises(InputError, match="has side 0 of element 1, which is unknown"):
        Mesh.read(path)
    write(path, hexahedron(8), {"cube": ("NSIDED", [[*range(1, 9)]])})
    with pytest.raises(InputError, match="elements NSIDED with 8 nodes are not read"):
        Mesh.read(path)
    truncated = path.read_bytes()[:200]
    path.write_text("no mesh")
    with pytest.raises(InputError, match="it is no netCDF file"):
        Mesh.read(path)
    path.write_bytes(truncated)
    with pytest.raises(InputError, match=r"cube\.e' cannot be read as a mesh: "):
        Mesh.read(path)
