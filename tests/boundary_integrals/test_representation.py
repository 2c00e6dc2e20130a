from __future__ import annotations

import numpy as np
import pytest

from kinn import Disk, Geometry
from kinn.boundary_integrals.kernels import HelmholtzKernel
from kinn.boundary_integrals.representation import Representation
from tests.boundary_integrals.solutions import DOMAINS, INTERIOR, near_points, panels_of, wave
from tests.boundary_integrals.test_operators import data


@pytest.mark.parametrize("equation", INTERIOR)
@pytest.mark.parametrize("domain", ["ellipse", "lens"])
def test_right_up_to_the_boundary(equation: str, domain: str) -> None:
    panels = panels_of(DOMAINS[domain], longest=0.25)
    points = near_points(DOMAINS[domain], panels, least=1e-6)
    kernel, exact = INTERIOR[equation]
    u, slopes = Representation(kernel, panels, *data(equation, panels))(points, gradient=True)
    value, gradient = exact(points)
    assert slopes is not None
    assert np.abs(u - value).max() < 5e-12 * np.abs(value).max()
    assert np.abs(slopes - gradient).max() < 1e-7 * np.abs(gradient).max()


@pytest.mark.parametrize("equation", INTERIOR)
def test_on_the_boundary_itself(equation: str) -> None:
    geometry = DOMAINS["notched"]
    panels = panels_of(geometry, longest=0.25)
    points = np.concatenate([part.patch.at(np.array([[0.0], [0.3], [1.0]])).points for part in geometry.parts])
    kernel, exact = INTERIOR[equation]
    u, slopes = Representation(kernel, panels, *data(equation, panels))(points, gradient=True)
    value, gradient = exact(points)
    assert slopes is not None
    assert np.abs(u - value).max() < 1e-9 * np.abs(value).max()
    assert np.abs(slopes - gradient).max() < 1e-5 * np.abs(gradient).max()


def test_outside() -> None:
    hole: Geometry = Disk((0, 0), 3.0) - Disk((0, 0), 1.0)
    panels = panels_of(hole, longest=0.1).select([1], [False])
    exact = wave((0.2, 0.1), 2.0)
    u, slopes = exact(panels.points.reshape(-1, 2))
    density = np.einsum("nci,ni->nc", slopes, panels.normals.reshape(-1, 2)) * panels.speed.reshape(-1, 1)
    represented = Representation(HelmholtzKernel(2.0), panels, u, density, exterior=True)
    points = np.concatenate([near_points(hole, panels), [[40.0, -30.0]]])
    value, gradient = exact(points)
    found, found_gradient = represented(points, gradient=True)
    np.testing.assert_allclose(found, value, atol=1e-11)
    np.testing.assert_allclose(found_gradient, gradient, atol=1e-7)
    assert represented(points)[1] is None
