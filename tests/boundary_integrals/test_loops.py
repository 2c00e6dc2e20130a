from __future__ import annotations

from math import pi

import numpy as np
import pytest

from kinn import Box, CurveDomain, Disk, InputError, Rectangle, TimeInterval
from kinn.boundary_integrals import loops
from kinn.boundary_integrals.loops import boundary_edges, boundary_loops
from tests.boundary_integrals.solutions import DOMAINS


@pytest.mark.parametrize("name", DOMAINS)
def test_the_domain_is_on_the_left_of_every_edge(name: str) -> None:
    geometry = DOMAINS[name]
    fractions = np.linspace(0.1, 0.9, 9)
    for edge in boundary_edges(geometry):
        located = edge.at(fractions)
        along = edge.at(fractions + 1e-5).points - edge.at(fractions - 1e-5).points
        left = np.column_stack([-along[:, 1], along[:, 0]])
        left /= np.linalg.norm(left, axis=1)[:, None]
        np.testing.assert_allclose(left, -located.normals, atol=1e-8)
        assert geometry.contains(located.points + 1e-6 * left).all()
        assert not geometry.contains(located.points - 1e-6 * left).any()


def test_a_trimmed_circle_is_one_edge_though_its_parameter_begins_inside_it() -> None:
    edges = boundary_edges(Disk((0, 0), 1.0) - Disk((-1.0, 0), 0.5))
    assert len(edges) == 2
    assert sum(e.length for e in edges) == pytest.approx(
        sum(p.measure for p in (Disk((0, 0), 1.0) - Disk((-1.0, 0), 0.5)).parts)
    )


def test_ends_and_tangents() -> None:
    (edge,) = (edge for edge in boundary_edges(Rectangle((0, 0), (2, 1))) if edge.name == "bottom")
    assert edge.length == 2
    np.testing.assert_allclose(edge.at(np.array([0.25])).normals, [[0, -1]])
    np.testing.assert_allclose(edge.at(np.array([0.25])).points, [[0.5, 0]])
    np.testing.assert_allclose(edge.ends, [[0, 0], [2, 0]], atol=1e-15)
    np.testing.assert_allclose(edge.tangents, [[1, 0], [1, 0]], atol=1e-15)
    assert not edge.closed


def test_edges_around_holes_run_against_their_curve() -> None:
    around = CurveDomain(lambda t: (2 * np.cos(t), np.sin(t)), (0, 2 * pi))
    (edge,) = boundary_edges(around)
    assert edge.closed
    assert edge.start < edge.end
    outer, hole = boundary_loops(Disk((0, 0), 3.0) - around)
    assert outer.edges[0].start < outer.edges[0].end
    assert hole.edges[0].start > hole.edges[0].end


def test_shapes_without_boundary_curves_are_refused() -> None:
    with pytest.raises(InputError, match="plane shapes"):
        boundary_edges(Box([0, 0, 0], [1, 1, 1]))
    with pytest.raises(InputError, match="plane shapes"):
        boundary_edges(Rectangle((0, 0), (1, 1)) * TimeInterval(0, 1))


@pytest.mark.parametrize("name", DOMAINS)
def test_loops_close_and_bound_the_area(name: str) -> None:
    geometry = DOMAINS[name]
    found = boundary_loops(geometry)
    assert sum(edge.length for c in found for edge in c.edges) == pytest.approx(
        sum(p.measure for p in geometry.parts), rel=1e-12
    )
    assert sum(c.area for c in found) == pytest.approx(geometry.measure, rel=1e-9)
    for c in found:
        for edge, following in zip(c.edges, (*c.edges[1:], c.edges[0]), strict=True):
            np.testing.assert_allclose(edge.ends[1], following.ends[0], atol=1e-9)
        # the turns of a closed curve add up to one full turn
        turns = sum(pi - angle for angle in c.angles)
        bend = 0.0
        for edge in c.edges:
            normals = edge.at(np.linspace(0, 1, 201)).normals
            sines = normals[:-1, 0] * normals[1:, 1] - normals[:-1, 1] * normals[1:, 0]
            bend += float(np.sum(np.arcsin(sines)))
        assert turns + bend == pytest.approx(2 * pi if c.area > 0 else -2 * pi)


def test_holes_come_last_and_run_clockwise() -> None:
    areas = [c.area for c in boundary_loops(DOMAINS["two-holes"])]
    assert areas[0] == pytest.approx(4.0)
    assert areas[1:] == pytest.approx([-pi / 16, -0.09 * pi])


@pytest.mark.parametrize(("name", "degrees"), [("square", [90] * 4), ("flower", [288] * 5), ("annulus", [180])])
def test_corners(name: str, degrees: list[float]) -> None:
    assert np.degrees(boundary_loops(DOMAINS[name])[0].angles) == pytest.approx(degrees)


def test_open_boundaries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    square = Rectangle((0, 0), (1, 1))
    sides = [edge for edge in boundary_edges(square) if edge.name != "right"]
    monkeypatch.setattr(loops, "boundary_edges", lambda _: list(sides))
    with pytest.raises(InputError, match=r"the boundary is open: no edge starts at \(1, 0\), the end of 'bottom'"):
        boundary_loops(square)


def test_a_circle_is_a_loop_of_one_edge() -> None:
    (loop,) = boundary_loops(Disk((1, 2), 3.0))
    assert loop.angles == pytest.approx((pi,))
    assert loop.edges[0].closed
