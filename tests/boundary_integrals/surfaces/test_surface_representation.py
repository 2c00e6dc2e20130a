from __future__ import annotations

import numpy as np
import pytest

from kinn.boundary_integrals.kernels import Laplace3DKernel
from kinn.boundary_integrals.representation import Representation
from tests.boundary_integrals.surfaces.solutions import SOLIDS, data, harmonic, panels_of


@pytest.mark.parametrize("name", ["ball", "shell", "surface"])
def test_values_and_gradients_up_to_the_boundary(name: str) -> None:
    """From a tenth of the size down to a millionth, and on the boundary itself.

    Gradients are less exact next to sides of panels, where the interpolated data jump.
    """
    panels, geometry = panels_of(name, longest=0.4), SOLIDS[name]
    inside = Representation(Laplace3DKernel(), panels, *data(panels))
    draw = np.random.default_rng(1)
    which = draw.integers(0, panels.nodes, 40)
    distance = geometry.size * 10 ** draw.uniform(-6, -1, 40)
    near = panels.points.reshape(-1, 3)[which] - distance[:, None] * panels.normals.reshape(-1, 3)[which]
    near = near[geometry.contains(near)]
    u, slopes = inside(near, gradient=True)
    exact, exact_slopes = harmonic(near)
    assert slopes is not None
    np.testing.assert_allclose(u, exact, atol=1e-6)
    np.testing.assert_allclose(slopes, exact_slopes, atol=1e-4)
    on = panels.points.reshape(-1, 3)[which[:5]]
    np.testing.assert_allclose(inside(on)[0], harmonic(on)[0], atol=1e-12)


def test_corners_and_edges_of_the_boundary() -> None:
    panels = panels_of("cuboid", longest=0.3)
    inside = Representation(Laplace3DKernel(), panels, *data(panels))
    points = np.array([[-1, -1, 0], [1, 0.5, 1], [1, 0.1, 1], [0.3, 0.5, 0]], dtype=float)
    u, slopes = inside(points, gradient=True)
    exact, exact_slopes = harmonic(points)
    assert slopes is not None
    np.testing.assert_allclose(u, exact, atol=1e-7)
    np.testing.assert_allclose(slopes, exact_slopes, atol=1e-3)
