from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinn import Disk, Geometry, InputError, Rectangle
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import GradedEdge, arc_fraction, arc_speed, grading_order
from kinn.boundary_integrals.kernels import LaplaceKernel
from kinn.boundary_integrals.loops import boundary_loops
from kinn.boundary_integrals.panelization import make_panels
from kinn.geometry.types import Array
from tests.boundary_integrals.solutions import DOMAINS, area, panels_of


@pytest.mark.parametrize("orders", [1, 3])
@pytest.mark.parametrize("levels", [0, 5])
@pytest.mark.parametrize("name", DOMAINS)
def test_perimeter_and_area(name: str, levels: int, orders: int) -> None:
    geometry = DOMAINS[name]
    panels = panels_of(geometry, levels=levels, orders=orders)
    assert panels.measure == pytest.approx(sum(p.measure for p in geometry.parts), rel=1e-12)
    assert area(panels) == pytest.approx(geometry.measure, rel=1e-9)
    assert panels.nodes == len(panels) * 16


@pytest.mark.parametrize("name", DOMAINS)
def test_winds_once_round_what_is_inside(name: str) -> None:
    geometry = DOMAINS[name]
    lower, upper = geometry.bounds
    points = np.random.default_rng(0).uniform(lower - 0.1, upper + 0.1, (200, 2))
    inside = geometry.contains(points)
    panels = panels_of(geometry)
    far = np.min(np.linalg.norm(points[:, None] - panels.points.reshape(-1, 2), axis=2), axis=1) > 0.1 * geometry.size
    np.testing.assert_allclose(winding(panels, points)[far & inside], 1.0, atol=2e-4)
    np.testing.assert_allclose(winding(panels, points)[far & ~inside], 0.0, atol=2e-4)


def winding(panels: CurvePanels, points: Array) -> Array:
    """How often the boundary goes round points: minus the double layer of 1."""
    kernel = LaplaceKernel().double(panels.points.reshape(-1, 2) - points[:, None], panels.normals.reshape(-1, 2))
    return np.asarray(-kernel[..., 0, 0] @ (panels.weights * panels.speed).ravel())


def test_panels_shrink_towards_corners_and_in_gaps() -> None:
    graded = panels_of(Rectangle((0, 0), (1, 1)), levels=8)
    assert graded.lengths.min() == pytest.approx(graded.lengths.max() / 2**8)
    narrow: Geometry = Disk((0, 0), 1.0) - Disk((0.46, 0), 0.5)
    panels = panels_of(narrow)
    at = np.argmax(panels.centres[:, 0])
    assert panels.lengths[at] < 0.2
    assert panels.lengths.max() > 3 * panels.lengths[at]


def test_more_nodes_on_demand() -> None:
    (edge,) = boundary_loops(Disk((0, 0), 1.0))[0].edges
    assert make_panels([GradedEdge(edge)], longest=1.0, nodes=400).nodes >= 400
    with pytest.raises(InputError, match="more than 20000 nodes"):
        make_panels([GradedEdge(edge)], longest=1e-4)


def test_seen_from_the_other_side() -> None:
    panels = panels_of(Disk((0, 0), 1.0))
    other = panels.select([0], [True])
    np.testing.assert_array_equal(other.points, panels.points)
    np.testing.assert_array_equal(other.normals, -panels.normals)
    assert area(other) == pytest.approx(-area(panels))
    assert replace(other).normals is not other.normals


@pytest.mark.parametrize("orders", [(1, 1), (2, 1), (3, 4)])
def test_grading(orders: tuple[int, int]) -> None:
    t = np.linspace(0.05, 0.95, 19)
    assert arc_fraction(np.array([0.0, 1.0]), orders) == pytest.approx([0.0, 1.0])
    np.testing.assert_allclose(
        (arc_fraction(t + 1e-6, orders) - arc_fraction(t - 1e-6, orders)) / 2e-6, arc_speed(t, orders), rtol=1e-8
    )
    near = np.array([1e-3, 2e-3])
    assert np.diff(np.log2(arc_fraction(near, orders)))[0] == pytest.approx(orders[0], abs=0.02)
    assert np.diff(np.log2(1 - arc_fraction(1 - near, orders)))[0] == pytest.approx(orders[1], abs=0.02)


def test_order_of_the_grading() -> None:
    assert [grading_order(a) for a in (0.5, 2 / 3, 1.0, 2.0, 1 / 3, 0.625)] == [2, 3, 1, 1, 3, 3]
