"""Meshes as shapes: measures, samples, boundaries, quadrature, subdomains, and what is refused."""

from __future__ import annotations

from itertools import product
from math import pi

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry import Mesh, TimeInterval
from kinn.geometry.meshes.elements import element_types
from tests.geometry.meshes.grids import PLANE, SOLID, faces_at, grid, ring, skew

TWO = (np.array([(0, 0), (1, 0), (1, 1), (0, 1)], dtype=float), np.array([(0, 1, 2), (0, 2, 3)]))


def quarter_ring(kind: str, n: int = 3) -> Mesh:
    points, elements = grid(kind, n, ring)
    radius = np.hypot(points[:, 0], points[:, 1])
    groups = {
        "hole": faces_at(points, elements, lambda x: np.isclose(np.hypot(x[:, 0], x[:, 1]), 1)),
        "ends": faces_at(points, elements, lambda x: np.isclose(x[:, 0], 0) | np.isclose(x[:, 1], 0)),
    }
    return Mesh(points, elements, groups, nodes={"rim": np.flatnonzero(np.isclose(radius, 2))}, name="ring")


@pytest.mark.parametrize("kind", SOLID)
@pytest.mark.parametrize("seed", [None, 1])
def test_rules_are_exact_on_straight_elements(kind: str, seed: int | None) -> None:
    mesh = Mesh(*grid(kind, 2, skew))
    unit = Mesh(*grid(kind, 2))
    d = mesh.dim
    rule, plain = mesh.quadrature(4, points=500, seed=seed), unit.quadrature(4)
    assert (rule.weights > 0).all()
    assert rule.measure == pytest.approx({2: 2, 3: 3}[d], rel=1e-13)
    assert mesh.measure == pytest.approx(rule.measure, rel=1e-13)
    moved, jacobian = skew(plain.points), {2: 2, 3: 3}[d]
    for powers in product(range(5), repeat=d):
        if sum(powers) <= 4:
            exact = jacobian * plain.weights @ np.prod(moved ** np.array(powers), axis=1)
            assert rule.weights @ np.prod(rule.points ** np.array(powers), axis=1) == pytest.approx(exact, rel=1e-12)
            monomial = plain.weights @ np.prod(plain.points ** np.array(powers), axis=1)
            assert monomial == pytest.approx(np.prod([1 / (power + 1) for power in powers]), rel=1e-12)


@pytest.mark.parametrize("kind", SOLID)
def test_curved_elements_converge_to_the_ring(kind: str) -> None:
    """Boundaries of elements of order p are off by h^(p + 1); areas of quadratic ones, by symmetry, by h^4."""
    errors = [abs(quarter_ring(kind, n).measure / (3 * pi / 4) - 1) for n in (2, 4)]
    rate = np.log2(errors[0] / errors[1])
    assert rate == pytest.approx({1: 2, 2: 4}[element_types()[kind].order], abs=0.25)


@pytest.mark.parametrize("kind", SOLID)
def test_the_divergence_theorem_holds(kind: str) -> None:
    mesh = quarter_ring(kind)
    inside = mesh.quadrature(4)
    around = mesh.boundary("boundary").quadrature(12)
    assert around.normals is not None
    assert around.measure == pytest.approx(mesh.boundary("boundary").measure, rel=1e-9)
    flux = around.weights @ (around.points[:, 0] ** 3 * around.normals[:, 0])
    assert flux == pytest.approx(inside.weights @ (3 * inside.points[:, 0] ** 2), rel=1e-8)


@pytest.mark.parametrize("kind", SOLID)
def test_points_of_rules_and_samples_lie_inside(kind: str) -> None:
    mesh = quarter_ring(kind, 2)
    assert mesh.contains(mesh.quadrature(1).points).all()
    for method in ("sobol", "random", "uniform"):
        points = mesh.sample(200, method=method)
        assert points.shape == (200, mesh.dim)
        assert mesh.contains(points).all()
    samples = mesh.boundary("boundary").sample(100)
    assert mesh.contains(samples.points).all()
    step = 1e-4 * samples.normals
    assert mesh.contains(samples.points - step).mean() > 0.97
    assert mesh.contains(samples.points + step).mean() < 0.03
    lower, upper = mesh.bounds
    box = np.random.default_rng(0).uniform(lower, upper, (3000, mesh.dim))
    assert mesh.contains(box).mean() == pytest.approx(mesh.measure / np.prod(upper - lower), abs=0.03)


@pytest.mark.parametrize("kind", ["triangle6", "quad9", "hexahedron27"])
def test_samples_are_uniform_in_measure(kind: str) -> None:
    """Elements of very different density: the mean radius of the ring is that of uniform points."""
    points, elements = grid(kind, 2, lambda x: ring(np.column_stack([x[:, 0] ** 1.7, x[:, 1:]])))
    mesh = Mesh(points, elements)
    rule = mesh.quadrature(6, points=3000)
    exact = rule.weights @ np.hypot(rule.points[:, 0], rule.points[:, 1]) / rule.measure
    drawn = mesh.sample(20_000)
    assert np.hypot(drawn[:, 0], drawn[:, 1]).mean() == pytest.approx(exact, rel=2e-3)


def test_boundaries_by_name() -> None:
    mesh = quarter_ring("quad9", 4)
    assert mesh.boundaries == ("hole", "ends", "rim")
    assert mesh.boundary("hole").measure == pytest.approx(pi / 2, rel=1e-4)
    assert mesh.boundary("rim").measure == pytest.approx(pi, rel=1e-4)
    assert mesh.boundary("ends").measure == pytest.approx(2, rel=1e-12)
    assert mesh.boundary("outer").measure == pytest.approx(2 + 1.5 * pi, rel=1e-4)
    hole = mesh.boundary("hole").sample(50)
    assert np.allclose(hole.normals, -hole.points / np.hypot(*hole.points.T)[:, None], atol=2e-2)
    with pytest.raises(InputError, match="no boundary named 'holes'; did you mean 'hole'"):
        mesh.boundary("holes")


def test_groups_may_overlap_and_leave_a_rest() -> None:
    points, elements = grid("quad", 4)
    left = faces_at(points, elements, lambda x: x[:, 0] == 0)
    low = faces_at(points, elements, lambda x: (x[:, 1] <= 0.5) & ((x[:, 0] == 0) | (x[:, 1] == 0)))
    mesh = Mesh(points, elements, {"left": left, "low": low})
    assert mesh.boundaries == ("left", "low", "rest")
    assert [mesh.boundary(name).measure for name in mesh.boundaries] == pytest.approx([1, 1.5, 2])
    assert sum(part.measure for part in mesh.parts) == pytest.approx(4)


def test_subdomains_keep_the_names_of_boundaries() -> None:
    points, elements = grid("triangle", 4)
    right = np.flatnonzero(points[elements["triangle"]].mean(axis=1)[:, 0] > 0.5)
    edge = faces_at(points, elements, lambda x: x[:, 0] == 1)
    mesh = Mesh(
        points, elements, {"edge": edge}, subdomains={"steel": right, "air": np.setdiff1d(np.arange(32), right)}
    )
    steel, air = mesh.subdomain("steel"), mesh.subdomain("air")
    assert mesh.with_coordinates("r", "z").subdomain("air").coordinates == ("r", "z")
    assert steel.measure == pytest.approx(0.5)
    assert steel.boundaries == ("edge", "steel|air", "rest")
    assert air.boundaries == ("steel|air", "rest")
    for name in ("steel|air", "interface"):
        assert np.allclose(steel.boundary(name).sample(9).points[:, 0], 0.5)
        assert np.allclose(steel.boundary(name).sample(9).normals, (-1, 0))
    with pytest.raises(InputError, match="no subdomain named 'stele'; did you mean 'steel'"):
        mesh.subdomain("stele")
    # an interface that has a name keeps it
    middle = faces_at(points, elements, lambda x: x[:, 0] == 0.5)
    named = Mesh(points, elements, {"weld": middle}, subdomains={"steel": right})
    assert named.subdomain("steel").boundaries == ("weld", "rest")
    with pytest.raises(InputError, match="'weld' lies inside the mesh"):
        named.boundary("weld")


def test_either_orientation_is_right() -> None:
    points, triangles = TWO
    for nodes in (triangles, triangles[:, ::-1]):
        mesh = Mesh(points, {"triangle": nodes})
        assert mesh.measure == pytest.approx(1)
        samples = mesh.boundary("boundary").sample(40)
        assert np.sum((samples.points - 0.5) * samples.normals, axis=1) == pytest.approx(0.5)


def test_kinds_of_one_order_go_together() -> None:
    points = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (2, 0.5)], dtype=float)
    mesh = Mesh(points, {"quad": [(0, 1, 2, 3)], "triangle": [(1, 4, 2)]})
    assert mesh.quadrature(2).measure == pytest.approx(1.5)
    assert mesh.boundary("boundary").measure == pytest.approx(3 + 2 * np.sqrt(1.25))
    assert mesh.contains(np.array([(1.5, 0.5), (0.5, 0.5), (1.9, 0.9)])).tolist() == [True, True, False]


def test_a_mesh_in_time() -> None:
    mesh = quarter_ring("triangle6") * TimeInterval(0, 2)
    assert mesh.quadrature(3, points=1000).measure == pytest.approx(2 * quarter_ring("triangle6").measure, rel=1e-12)
    assert mesh.contains(mesh.sample(50)).all()
    assert mesh.boundary("hole").quadrature(2).measure == pytest.approx(pi, rel=1e-3)


@pytest.mark.parametrize("kind", ["triangle", "quad9", "tetra", "hexahedron"])
def test_smooth_distance_to_plane_boundaries(kind: str) -> None:
    points, elements = grid(kind, 3)
    mesh = Mesh(points, elements, nodes={"left": np.flatnonzero(points[:, 0] == 0)})
    inside = mesh.sample(30)
    assert mesh.boundary("left").distance(*inside.T) == pytest.approx(inside[:, 0])
    on = mesh.boundary("rest").sample(30).points
    if mesh.dim == 2:
        assert mesh.boundary("rest").distance(*on.T) == pytest.approx(0, abs=1e-7)
        assert (mesh.boundary("rest").distance(*inside.T) > 0).all()


def test_smooth_distance_in_an_l_joins_segments() -> None:
    points, elements = grid("quad", 4)
    keep = ~(points[elements["quad"]].mean(axis=1) > 0.5).all(axis=1)
    mesh = Mesh(points, {"quad": elements["quad"][keep]})
    boundary = mesh.boundary("boundary")
    assert len(boundary.parts[0].patch.zero_sets) == 6
    assert boundary.distance(*boundary.sample(50).points.T) == pytest.approx(0, abs=1e-7)
    inside = mesh.sample(100)
    assert (boundary.distance(*inside.T) > 0).all()


def test_no_smooth_distance_to_curved_faces() -> None:
    with pytest.raises(InputError, match="curved faces of a mesh: enforce its conditions soft"):
        quarter_ring("triangle6").boundary("hole").distance(np.zeros(3), np.ones(3))


def points_and(kind: str, n: int = 2) -> tuple[np.ndarray, np.ndarray]:
    points, elements = grid(kind, n)
    return points, elements[kind]


@pytest.mark.parametrize("kind", SOLID)
def test_elements_may_be_turned_both_ways(kind: str) -> None:
    points, nodes = points_and(kind)
    wrong = nodes.copy()
    wrong[1::2] = wrong[1::2][:, element_types()[kind].mirrored]
    mesh, right = Mesh(points, {kind: wrong}), Mesh(points, {kind: nodes})
    assert mesh.measure == pytest.approx(right.measure, rel=1e-13)
    samples = mesh.boundary("boundary").sample(40)
    assert np.sum((samples.points - 0.5) * samples.normals, axis=1) == pytest.approx(0.5)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("kind", ["triangle", "quad", "tetra"])
def test_folded_elements_are_refused(kind: str, mirror: bool) -> None:
    """An inner node is pulled across its neighbours, whichever way round its elements count."""
    points, nodes = points_and(kind)
    inner = int(np.argmin(np.linalg.norm(points - 0.5, axis=1)))
    points[inner, 0] = 1.4
    around = np.flatnonzero((nodes == inner).any(axis=1))[::2]
    if mirror:
        nodes[around] = nodes[around][:, element_types()[kind].mirrored]
    with pytest.raises(InputError, match="inverted elements"):
        Mesh(points, {kind: nodes})


@pytest.mark.parametrize("kind", [name for name in SOLID if element_types()[name].order == 2])
def test_an_element_bent_too_far_is_refused(kind: str) -> None:
    points, nodes = points_and(kind)
    points[nodes[0][element_types()[kind].corners]] += 0.4  # a node in the middle of an edge
    with pytest.raises(InputError, match="inverted elements"):
        Mesh(points, {kind: nodes})


@pytest.mark.parametrize("kind", SOLID)
def test_degenerate_elements_are_refused(kind: str) -> None:
    points, nodes = points_and(kind)
    squeezed = points.copy()
    squeezed[nodes[0], 0] = 0.1
    with pytest.raises(InputError, match="degenerate elements, with no size|inverted elements"):
        Mesh(squeezed, {kind: nodes})
    flat = points.copy()
    flat[:, 0] = 0
    with pytest.raises(InputError, match=rf"has {len(nodes)} degenerate elements, with no size; the first: {kind} 0"):
        Mesh(flat, {kind: nodes})


@pytest.mark.parametrize("kind", SOLID)
def test_several_bodies(kind: str) -> None:
    points, nodes = points_and(kind)
    d, count = points.shape[1], len(points)
    both = np.concatenate([nodes, nodes + count])
    mesh = Mesh(np.concatenate([points, points + 3]), {kind: both}, nodes={"left": np.flatnonzero(points[:, 0] == 0)})
    assert mesh.measure == pytest.approx(2)
    assert mesh.boundary("boundary").measure == pytest.approx(4 * d)
    assert mesh.boundaries == ("left", "rest")
    assert mesh.sample(500).mean(axis=0) == pytest.approx(np.full(d, 2.0), abs=0.05)
    assert mesh.contains(np.array([[0.5] * d, [3.5] * d, [2.0] * d])).tolist() == [True, True, False]
    beside = points + np.eye(d)[0]
    with pytest.raises(InputError, match=r"2 bodies that share no face; \d+ of its nodes lie on other nodes: merge"):
        Mesh(np.concatenate([points, beside]), {kind: both})


def layers(kind: str, axis: int = 0) -> Mesh:
    """Four columns of cells: steel, air, glass, steel."""
    points, elements = grid(kind, 4)
    column = np.floor(4 * points[elements[kind]].mean(axis=1)[:, axis]).astype(int)
    names = {"steel": (0, 3), "air": (1,), "glass": (2,)}
    groups = {name: np.flatnonzero(np.isin(column, columns)) for name, columns in names.items()}
    return Mesh(points, elements, subdomains=groups | {"all": np.arange(len(column))})


@pytest.mark.parametrize("kind", ["triangle", "quad9", "tetra", "hexahedron", "wedge", "pyramid"])
def test_interfaces_of_several_subdomains_are_named_by_pairs(kind: str) -> None:
    mesh = layers(kind)
    steel, air, glass = (mesh.subdomain(name) for name in ("steel", "air", "glass"))
    assert steel.measure == pytest.approx(0.5)  # a subdomain of two pieces
    assert steel.boundaries == ("steel|air", "steel|glass", "rest")
    assert air.boundaries == ("steel|air", "air|glass", "rest")
    assert glass.boundaries == ("steel|glass", "air|glass", "rest")
    for pair, x, subdomains in (
        ("steel|air", 0.25, (steel, air)),
        ("air|glass", 0.5, (air, glass)),
        ("steel|glass", 0.75, (glass, steel)),
    ):
        samples = [part.boundary(pair).sample(5) for part in subdomains]
        assert all(np.allclose(sample.points[:, 0], x) for sample in samples)
        assert [sample.normals[0, 0] for sample in samples] == pytest.approx([1, -1])
    assert steel.boundary("interface").measure == pytest.approx(2)
    assert steel.boundary("air|steel").measure == steel.boundary("steel|air").measure
    assert mesh.subdomain("all").boundaries == mesh.boundaries


def test_what_is_shared_with_no_subdomain_is_an_interface() -> None:
    points, elements = grid("quad", 4)
    row, column = np.floor(4 * points[elements["quad"]].mean(axis=1)).astype(int).T
    corner = Mesh(
        points, elements, subdomains={"a": np.flatnonzero((row < 2) & (column < 2)), "b": np.flatnonzero(row > 1)}
    )
    part = corner.subdomain("a")
    assert part.boundaries == ("a|b", "interface", "rest")
    assert [part.boundary(name).measure for name in part.boundaries] == pytest.approx([0.5, 0.5, 1])


def test_names_of_groups_may_contain_any_characters() -> None:
    points, elements = grid("quad", 2)
    left = faces_at(points, elements, lambda x: x[:, 0] == 0)
    lower = faces_at(points, elements, lambda x: x[:, 1] == 0)
    mesh = Mesh(points, elements, {"in & out": left, "out": lower})
    assert mesh.boundary("out").measure == pytest.approx(1)
    assert mesh.boundary("in & out").measure == pytest.approx(1)


def test_meshes_that_are_no_manifold_are_refused() -> None:
    points = np.array([(0, 0), (1, 0), (0, 1), (0, -1), (-1, 1)], dtype=float)
    with pytest.raises(InputError, match=r"is no manifold: 3 elements share the face near \(0\.5, 0\)"):
        Mesh(points, {"triangle": [(0, 1, 2), (3, 1, 0), (0, 1, 4)]})
    # a ring of squares around two holes that touch in a corner
    points, elements = grid("quad", 4)
    centers = points[elements["quad"]].mean(axis=1)
    holes = [np.allclose(c, (0.375, 0.375)) or np.allclose(c, (0.625, 0.625)) for c in centers]
    with pytest.raises(InputError, match=r"is no manifold: 4 faces of its boundary meet near \(0\.5, 0\.5\)"):
        Mesh(points, {"quad": elements["quad"][~np.array(holes)]})


def test_mixed_orders_are_refused() -> None:
    first, second = grid("triangle", 1), grid("triangle6", 1)
    points = np.concatenate([first[0], second[0] + (1, 0)])
    with pytest.raises(
        InputError, match="mixes elements of different orders: triangle of order 1, triangle6 of order 2"
    ):
        Mesh(points, {**first[1], "triangle6": second[1]["triangle6"] + len(first[0])})


def test_missing_groups_are_refused() -> None:
    mesh = Mesh(TWO[0], {"triangle": TWO[1]})
    assert mesh.boundaries == ("boundary",)
    with pytest.raises(InputError, match="has no boundary 'left': no physical groups or sets name parts"):
        mesh.boundary("left")
    with pytest.raises(InputError, match="has no subdomain 'steel': no physical groups or sets name its elements"):
        mesh.subdomain("steel")


def test_other_bad_input_is_refused() -> None:
    points, nodes = TWO
    elements = {"triangle": nodes}
    with pytest.raises(InputError, match=r"needs nodes \(V, 2\) or \(V, 3\), got shape \(4, 1\)"):
        Mesh(points[:, :1], elements)
    with pytest.raises(InputError, match="nodes that are not finite, the first number 2"):
        Mesh(np.where(np.arange(4)[:, None] == 2, np.nan, points), elements)
    with pytest.raises(InputError, match="no kind of element named 'triangel'"):
        Mesh(points, {"triangel": nodes})
    with pytest.raises(InputError, match="in 2 dimensions needs elements like 'triangle', not 'tetra'"):
        Mesh(points, {"tetra": [(0, 1, 2, 3)]})
    with pytest.raises(InputError, match=r"needs 3 node numbers for each triangle, got shape \(1, 4\)"):
        Mesh(points, {"triangle": [(0, 1, 2, 3)]})
    with pytest.raises(InputError, match="whose nodes do not exist: there are 4"):
        Mesh(points, {"triangle": [(0, 1, 4)]})
    with pytest.raises(InputError, match="has no elements"):
        Mesh(points, {})
    with pytest.raises(InputError, match="boundary 'left' of the mesh 'mesh' holds 1 of 1 faces that no element has"):
        Mesh(points, elements, {"left": [(1, 3)]})
    with pytest.raises(InputError, match="boundary 'left' of the mesh 'mesh' holds nodes of no face: 1 nodes"):
        Mesh(points, elements, nodes={"left": [1]})
    with pytest.raises(InputError, match="subdomain 'steel' of the mesh 'mesh' needs numbers of elements from 0 to 1"):
        Mesh(points, elements, subdomains={"steel": [2]})
    with pytest.raises(InputError, match="cannot be combined with other shapes"):
        (Mesh(points, elements) | Mesh(points, elements)).sample(3)


@pytest.mark.parametrize("kind", PLANE)
def test_many_points_are_found_quickly(kind: str) -> None:
    mesh = Mesh(*grid(kind, 30))
    points = np.random.default_rng(0).uniform(-0.1, 1.1, (5000, 2))
    assert np.array_equal(mesh.contains(points), ((points >= 0) & (points <= 1)).all(axis=1))
