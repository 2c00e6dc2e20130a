from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from kinn.boundary_integrals.kernels import Laplace3DKernel
from kinn.boundary_integrals.operators import layer_matrices
from kinn.boundary_integrals.surfaces.surface_panels import SurfacePanels
from kinn.geometry.types import Array
from tests.boundary_integrals.surfaces.solutions import data, panels_of

KERNEL = Laplace3DKernel()


@cache
def layers(name: str, order: int, longest: float) -> tuple[SurfacePanels, Array, Array]:
    panels = panels_of(name, longest=longest, order=order)
    single, double = layer_matrices(KERNEL, panels)
    return panels, single[:, 0, :, 0], double[:, 0, :, 0]


def harmonics(x: Array) -> dict[int, Array]:
    """A spherical harmonic of each degree, of size about 1."""
    return {0: np.ones(len(x)), 1: x[:, 2], 2: 2 * x[:, 0] * x[:, 1], 3: x[:, 0] * (5 * x[:, 2] ** 2 - 1)}


def on_the_sphere(order: int) -> tuple[float, float]:
    """The largest errors of S Y = Y / (2 l + 1) and of (1/2 + D) Y = l Y / (2 l + 1) on a sphere of radius 1."""
    panels, single, double = layers("ball", order, 0.6)
    x = panels.points.reshape(-1, 3) - [0.1, 0, 0]
    errors = [
        (
            np.abs(single @ (y * panels.speed.ravel()) - y / (2 * n + 1)).max(),
            np.abs(double @ y - y * n / (2 * n + 1)).max(),
        )
        for n, y in harmonics(x).items()
    ]
    return tuple(np.max(errors, axis=0).tolist())


def test_spherical_harmonics_are_the_eigenfunctions_of_both_layers() -> None:
    """The error falls by a fixed factor for each further node."""
    coarse, fine = (np.array(on_the_sphere(order)) for order in (4, 6))
    assert (fine < 1e-6).all()
    assert (fine < coarse / 30).all()


@pytest.mark.slow
def test_twelve_nodes_are_exact() -> None:
    assert max(on_the_sphere(12)) < 1e-11


def test_the_layers_of_a_constant() -> None:
    """What is left is the error of quadrature, for the densities are polynomials: S 1 = R, (1/2 + D) 1 = 0."""
    panels, single, double = layers("ball", 6, 0.6)
    np.testing.assert_allclose(single @ panels.speed.ravel(), 1.0, atol=1e-10)
    np.testing.assert_allclose(double.sum(axis=1), 0.0, atol=1e-12)


def defect(name: str, order: int, longest: float) -> float:
    """By how much a solution misses the boundary integral equation, relative to its size."""
    panels, single, double = layers(name, order, longest)
    u, density = data(panels)
    return float(np.abs(double @ u - single @ density).max() / np.abs(u).max())


@pytest.mark.parametrize(("name", "longest"), [("cuboid", 1), ("cylinder", 0.9), ("surface", 2), ("mesh", 2)])
def test_solutions_satisfy_the_boundary_integral_equation(name: str, longest: float) -> None:
    assert defect(name, 6, longest) < 2e-5


@pytest.mark.slow
def test_cavities() -> None:
    assert defect("shell", 8, 0.5) < 1e-6


def test_converges_with_the_order_and_the_size_of_panels() -> None:
    """By a fixed factor for each further node; at the order of the interpolation, at least, where panels are halved."""
    errors = np.array([defect("cuboid", order, 1.0) for order in (4, 6, 8)])
    assert (errors[1:] < errors[:-1] / 10).all()
    assert np.log2(defect("cuboid", 4, 0.5) / defect("cuboid", 4, 0.25)) > 3.5


@pytest.mark.parametrize("name", ["ball", "cylinder"])
def test_gauss_law(name: str) -> None:
    """The double layer of 1 is -1 inside and 0 outside, at any distance; H is built on -1/2 on it."""
    panels = panels_of(name)
    draw = np.random.default_rng(2)
    which, distance = draw.integers(0, panels.nodes, 20), 10 ** draw.uniform(-7, -1, 20)
    x, n = (a.reshape(-1, 3)[which] for a in (panels.points, panels.normals))
    for side, expected in ((-1.0, -1.0), (1.0, 0.0)):
        targets = x + side * distance[:, None] * n
        pairs = panels.near_pairs(targets)
        total = np.zeros(len(targets))
        for part in panels.subdivide(targets, *pairs, np.full(len(pairs[0]), -1)):
            kernel = KERNEL.double(part.offset, part.normals)[..., 0, 0]
            np.add.at(total, pairs[0][part.pair], np.sum(kernel * part.weights * part.speed, axis=1))
        far = np.ones((len(targets), len(panels)), dtype=bool)
        far[pairs] = False
        offset = panels.points - targets[:, None, None]
        kernel = KERNEL.double(offset, panels.normals)[..., 0, 0] * panels.weights * panels.speed
        np.testing.assert_allclose(total + (kernel.sum(axis=2) * far).sum(axis=1), expected, atol=3e-8)
