from __future__ import annotations

import math
from pathlib import Path

import meshio
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from kinn.errors import InputError
from kinn.geometry import Cuboid, Sphere, TimeInterval, TriangulatedSolid
from kinn.geometry.meshes.triangle_mesh import TriangleMesh

CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 2) for z in (0, 3)], dtype=float)
FACES = np.array(
    [
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
        (1, 5, 7),
        (1, 7, 3),
    ]
)
NAMES = [name for name in ("left", "right", "bottom", "top", "back", "front") for _ in range(2)]
BLOCK = TriangulatedSolid(CORNERS, FACES, NAMES)


def round_mesh(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A convex polyhedron of about 2 n triangles with its corners on the unit sphere (a Fibonacci lattice)."""
    k = np.arange(n) + 0.5
    z, angle = 1 - 2 * k / n, math.pi * (1 + math.sqrt(5)) * k
    points = np.column_stack([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z])
    hull = ConvexHull(points)
    triangles = hull.simplices.copy()
    a, b, c = (points[triangles[:, i]] for i in range(3))
    inward = np.sum(np.cross(b - a, c - a) * a, axis=1) < 0
    triangles[inward] = triangles[inward][:, ::-1]
    return points, triangles


def test_a_block_agrees_with_a_cuboid() -> None:
    cuboid = Cuboid((0, 0, 0), (1, 2, 3))
    assert BLOCK.measure == pytest.approx(6)
    assert BLOCK.boundaries == cuboid.boundaries
    for name in cuboid.boundaries:
        assert BLOCK.boundary(name).measure == pytest.approx(cuboid.boundary(name).measure)
        assert np.allclose(BLOCK.boundary(name).sample(4).normals, cuboid.boundary(name).sample(4).normals)
    points = np.random.default_rng(0).uniform(-1, 4, (2000, 3))
    assert np.array_equal(BLOCK.contains(points), cuboid.contains(points))
    outside = np.maximum(0, np.maximum(-points, points - (1, 2, 3)))
    true = np.where(cuboid.contains(points), cuboid.level(points), np.linalg.norm(outside, axis=1))
    np.testing.assert_allclose(BLOCK.level(points), true, atol=1e-12)
    # points on a grid lie in line with corners and edges
    grid = np.stack(np.meshgrid(*[np.arange(-1, 4.5, 0.5)] * 3), axis=-1).reshape(-1, 3)
    assert np.array_equal(BLOCK.contains(grid), cuboid.contains(grid))


def test_a_round_mesh_against_its_convex_hull() -> None:
    points, triangles = round_mesh(2000)
    shape, hull = TriangulatedSolid(points, triangles), ConvexHull(points)
    assert shape.measure == pytest.approx(hull.volume)
    assert shape.boundary("surface").measure == pytest.approx(hull.area)
    x = np.random.default_rng(0).uniform(-1.05, 1.05, (3000, 3))
    depth = np.max(x @ hull.equations[:, :3].T + hull.equations[:, 3], axis=1)
    assert np.array_equal(shape.contains(x), depth <= 1e-12)
    np.testing.assert_allclose(shape.level(x)[depth < 0], depth[depth < 0], atol=1e-12)
    assert np.all(shape.level(x)[depth > 0] >= depth[depth > 0] - 1e-12)
    samples = shape.boundary("surface").sample(500)
    assert np.abs(shape.level(samples.points)).max() < 1e-12
    assert np.allclose(np.sum(samples.normals * samples.points, axis=1), 1, atol=0.02)
    counts, _ = np.histogram(samples.points[:, 2], bins=4, range=(-1, 1))  # Archimedes' hat-box theorem
    assert np.all(np.abs(counts - 125) < 20)


def test_big_and_small_triangles_together() -> None:
    """A needle on a large plate: the search by seeds must not miss the large triangles."""
    points, triangles = round_mesh(400)
    vertices = np.concatenate([CORNERS * 50, points * 0.1 + (200, 0, 0)])
    mesh = TriangleMesh(vertices, np.concatenate([FACES, triangles + 8]), "it")
    x = np.random.default_rng(0).uniform(-20, 250, (500, 3))
    near_block = np.linalg.norm(np.maximum(0, np.maximum(-x, x - (50, 100, 150))), axis=1)
    inside = np.min(np.minimum(x, (50, 100, 150) - x), axis=1)
    near_ball = np.linalg.norm(x - (200, 0, 0), axis=1) - 0.1
    expected = np.minimum(np.where(inside > 0, inside, near_block), near_ball)
    np.testing.assert_allclose(mesh.distance(x), expected, atol=1e-3)


def test_in_combinations_and_over_time() -> None:
    shape = BLOCK - Sphere((0, 0, 0), 0.5)
    assert shape.measure == pytest.approx(6 - math.pi / 48, rel=1e-3)
    assert shape.boundary("left").measure == pytest.approx(6 - math.pi / 16, rel=1e-2)
    assert (BLOCK * TimeInterval(0, 2)).boundary("top").measure == pytest.approx(6)


@pytest.mark.parametrize("kind", ["stl", "stl-binary", "ply", "off", "vtu"])
def test_files(tmp_path: Path, kind: str) -> None:
    suffix, _, binary = kind.partition("-")
    path = tmp_path / f"block.{suffix}"
    mesh = meshio.Mesh(CORNERS, [("triangle", FACES)])
    if suffix in {"stl", "ply"}:
        mesh.write(path, binary=bool(binary))
    else:
        mesh.write(path)
    shape = TriangulatedSolid.from_file(path, name="part")
    assert shape.boundaries == ("part",)
    assert shape.measure == pytest.approx(6, rel=1e-6)
    assert shape.boundary("part").measure == pytest.approx(22, rel=1e-6)


def test_names_in_a_file(tmp_path: Path) -> None:
    sets = {"inlet": [np.array([0, 1])]}
    meshio.Mesh(CORNERS, [("triangle", FACES)], cell_sets=sets).write(tmp_path / "named.inp")
    shape = TriangulatedSolid.from_file(tmp_path / "named.inp")
    assert shape.boundaries == ("inlet", "surface")
    assert np.allclose(shape.boundary("inlet").sample(5).normals, [-1, 0, 0])


def test_turned_inside_out() -> None:
    shape = TriangulatedSolid(CORNERS, FACES[:, ::-1])
    assert shape.measure == pytest.approx(6)
    assert np.allclose(
        np.sum(shape.boundary("surface").sample(50).points * shape.boundary("surface").sample(50).normals), 150, rtol=1
    )


def test_seams_of_stl_files_are_closed() -> None:
    """STL repeats every corner for every triangle, in single precision."""
    loose = CORNERS[FACES].reshape(-1, 3).astype(np.float32)
    loose = loose + np.random.default_rng(0).choice([-1e-9, 1e-9], loose.shape)
    assert TriangulatedSolid(loose, np.arange(36).reshape(12, 3)).measure == pytest.approx(6)


def test_distances_are_for_few_triangles() -> None:
    x = BLOCK.sample(50)
    assert BLOCK.boundary("left").distance(*x.T) == pytest.approx(x[:, 0], rel=1)
    points, triangles = round_mesh(200)
    with pytest.raises(InputError, match="no smooth distance to a surface of 396 triangles, 128 at most"):
        TriangulatedSolid(points, triangles).distance(*x.T)


def test_open_files_are_refused(tmp_path: Path) -> None:
    meshio.Mesh(CORNERS, [("triangle", FACES[:-1])]).write(tmp_path / "open.stl")
    with pytest.raises(
        InputError, match="open.stl': the surface 'surface' is open: 3 of its 18 edges belong to one"
    ) as caught:
        TriangulatedSolid.from_file(tmp_path / "open.stl")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: TriangulatedSolid(CORNERS, FACES[:-2]), "is open: 4 of its 17 edges"),
        (
            lambda: TriangulatedSolid(CORNERS, np.concatenate([FACES[:-1], FACES[-1:, ::-1]])),
            "turned the wrong way.* at 3 edges",
        ),
        (lambda: TriangulatedSolid(CORNERS, [(0, 1, 2), (0, 2, 1)]), "encloses no volume"),
        (lambda: TriangulatedSolid(CORNERS, [(0, 0, 1)]), "is open"),
        (lambda: TriangulatedSolid(CORNERS * math.inf, FACES), "not finite"),
        (
            lambda: TriangulatedSolid(CORNERS[:, :2], FACES),
            r"needs vertices \(V, 3\) and triangles \(T, 3\), got \(8, 2\)",
        ),
        (lambda: TriangulatedSolid(CORNERS, []), "needs vertices"),
        (lambda: TriangulatedSolid(CORNERS[:-1], FACES), "corners are no vertices"),
        (lambda: TriangulatedSolid(CORNERS, FACES, ["a"]), "12 triangles needs 12 names, got 1"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value")
def test_rejected(make: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        make()  # type: ignore[operator]
    assert "\n" not in str(caught.value)


def test_bad_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="there is no surface file"):
        TriangulatedSolid.from_file(tmp_path / "none.stl")
    (tmp_path / "bad.stl").write_text("solid x\nfacet\nno")
    with pytest.raises(InputError, match=r"bad\.stl'"):
        TriangulatedSolid.from_file(tmp_path / "bad.stl")
    (tmp_path / "bad.xyz").write_text("1 2 3")
    with pytest.raises(InputError, match="cannot be read as a surface"):
        TriangulatedSolid.from_file(tmp_path / "bad.xyz")
    meshio.Mesh(CORNERS, [("line", [(0, 1)])]).write(tmp_path / "lines.vtu")
    with pytest.raises(InputError, match="holds no triangles"):
        TriangulatedSolid.from_file(tmp_path / "lines.vtu")
