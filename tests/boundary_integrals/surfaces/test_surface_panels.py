from __future__ import annotations

import numpy as np
import pytest

from kinn import Ball, Cuboid, Disk, Ellipse, Extrusion, Geometry, InputError, Polygon
from kinn.boundary_integrals.surfaces.polynomial_patches import project
from kinn.boundary_integrals.surfaces.surface_panelization import boundary_faces, make_surface_panels
from tests.boundary_integrals.surfaces.solutions import SOLIDS, panels_of, volume

TRIANGLE = Polygon([(0, 0), (0, 1), (2, 0)])


@pytest.mark.parametrize("name", SOLIDS)
def test_volume_area_and_normals(name: str) -> None:
    """Surfaces are closed and oriented outwards; the volume is the enclosed one, the area that of all parts."""
    panels, geometry = panels_of(name, longest=0.3, order=10), SOLIDS[name]
    assert volume(panels) == pytest.approx(geometry.measure, rel=1e-7)
    assert panels.measure == pytest.approx(sum(part.measure for part in geometry.parts), rel=1e-7)
    assert panels.gap < 1e-8
    np.testing.assert_allclose(np.linalg.norm(panels.normals, axis=2), 1.0, atol=1e-12)
    outside = panels.points[:, ::7] + 1e-3 * panels.normals[:, ::7]
    assert not geometry.contains(outside.reshape(-1, 3)).any()
    assert np.sum(panels.weights, axis=None) == pytest.approx(panels.faces)


@pytest.mark.parametrize(
    "geometry",
    [
        Extrusion(TRIANGLE, (0, 1)),
        Extrusion(Disk((0.2, 0), 1.0), (0, 0.5)).rotated(0.3, axis=(1, 1, 0)),
        Ball((0, 0, 0), 2.0).translated((1, 2, 3)),
    ],
    ids=["prism", "turned", "moved"],
)
def test_prisms_and_moved_solids(geometry: Geometry) -> None:
    panels = make_surface_panels(boundary_faces(geometry), longest=0.5 * geometry.size, order=10)
    assert volume(panels) == pytest.approx(geometry.measure, rel=1e-8)


def test_flat_panels_are_cheap_and_nodes_as_many_as_asked_for() -> None:
    faces = boundary_faces(Cuboid((0, 0, 0), (1, 1, 1)))
    assert make_surface_panels(faces, longest=1.0).patches.resolution == 2
    assert make_surface_panels(faces, longest=1.0, nodes=1000).nodes >= 1000


def test_nearest_points_of_a_sphere() -> None:
    """At the distance | |x| - 1 | of points above and below a panel."""
    panels = panels_of("ball")
    draw = np.random.default_rng(0)
    at = draw.integers(0, panels.nodes, 100)
    x = panels.points.reshape(-1, 3)[at] - [0.1, 0, 0]
    radius = draw.uniform(0.7, 1.3, 100)
    _, distance = project(panels.patches, radius[:, None] * x + [0.1, 0, 0], at // panels.nodes_per_panel)
    np.testing.assert_allclose(distance, np.abs(radius - 1), atol=1e-13)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (Disk((0, 0), 1.0), "boundary surfaces belong to solids, not to shapes in x, y"),
        (
            Ball((0, 0, 0), 1.0) - Ball((1, 0, 0), 1.0),
            "'ball' cannot be cut into panels: it is what another shape cuts",
        ),
        (Extrusion(Ellipse((0, 0), (2.0, 1.0)), (0, 1)), "'bottom' cannot be cut into panels: its end is Ellipse"),
    ],
)
def test_surfaces_that_are_not_covered(geometry: Geometry, message: str) -> None:
    with pytest.raises(InputError, match=message):
        boundary_faces(geometry)


def test_open_surfaces() -> None:
    with pytest.raises(InputError, match="is not closed: its normals add up to"):
        make_surface_panels(boundary_faces(Cuboid((0, 0, 0), (1, 1, 1)))[:-1], longest=1.0)


def test_too_many_panels() -> None:
    with pytest.raises(InputError, match="needs more than 60000 nodes"):
        make_surface_panels(boundary_faces(Cuboid((0, 0, 0), (1, 1, 1))), longest=0.01)
