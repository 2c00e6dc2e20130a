from __future__ import annotations

import numpy as np
import pytest

from kinn import Disk, Geometry
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.kernels import ElasticityKernel, HelmholtzKernel, LaplaceKernel
from kinn.boundary_integrals.operators import layer_matrices
from kinn.geometry.types import Array
from tests.boundary_integrals.solutions import DOMAINS, INTERIOR, panels_of, traction, wave


def data(name: str, panels: CurvePanels) -> tuple[Array, Array]:
    kernel, exact = INTERIOR[name]
    x, n = panels.points.reshape(-1, 2), panels.normals.reshape(-1, 2)
    u, slopes = exact(x)
    return u, traction(kernel, slopes, n, exact, x) * panels.speed.reshape(-1, 1)


def defect(name: str, panels: CurvePanels) -> float:
    """By how much a solution misses the boundary integral equation, relative to its size."""
    kernel, _ = INTERIOR[name]
    single, double = layer_matrices(kernel, panels)
    u, density = data(name, panels)
    left = np.tensordot(double, u) - np.tensordot(single, density)
    return float(np.abs(left).max() / np.abs(u).max())


@pytest.mark.parametrize("equation", INTERIOR)
@pytest.mark.parametrize("domain", ["ellipse", "annulus", "flower"])
def test_solutions_satisfy_the_boundary_integral_equation(equation: str, domain: str) -> None:
    assert defect(equation, panels_of(DOMAINS[domain], longest=0.2)) < 2e-12


@pytest.mark.parametrize("equation", INTERIOR)
def test_graded_corners_lose_nothing(equation: str) -> None:
    assert defect(equation, panels_of(DOMAINS["lens"], orders=3, levels=4)) < 5e-11


@pytest.mark.parametrize("equation", INTERIOR)
def test_converges_with_the_order_of_panels(equation: str) -> None:
    """The interpolation of smooth data by n nodes loses a fixed factor for each further node."""
    orders = np.array([4, 6, 8, 10])
    errors = np.array([defect(equation, panels_of(DOMAINS["ellipse"], longest=0.5, order=int(n))) for n in orders])
    assert (errors[1:] < errors[:-1] / 5).all()
    assert np.polyfit(orders, np.log10(errors), 1)[0] < -0.7


@pytest.mark.parametrize("order", [4, 6])
def test_converges_with_the_size_of_panels(order: int) -> None:
    """At the order of the interpolation, at least."""
    errors = []
    for parts in (8, 16):
        panels = panels_of(Disk((0, 0), 1.0), longest=np.pi / parts, order=order)
        errors.append(defect("laplace", panels))
    assert np.log2(errors[0] / errors[1]) > order - 0.5


@pytest.mark.parametrize("n", [1, 3])
def test_single_layers_on_a_circle(n: int) -> None:
    """S cos(n a) = R cos(n a) / (2 n) of Laplace's equation, and S 1 = -R log(R / scale)."""
    panels = panels_of(Disk((0.3, 0), 0.5), longest=0.6)
    x = panels.points.reshape(-1, 2) - [0.3, 0]
    angle = np.arctan2(x[:, 1], x[:, 0])
    single, _ = layer_matrices(LaplaceKernel(3.0), panels)
    matrix, rates = single[:, 0, :, 0], panels.speed.ravel()
    np.testing.assert_allclose(matrix @ (np.cos(n * angle) * rates), 0.25 / n * np.cos(n * angle), atol=1e-13)
    np.testing.assert_allclose(matrix @ rates, -0.5 * np.log(0.5 / 3), atol=1e-13)


def test_outside() -> None:
    """Waves that leave a disk satisfy the equation of its outside."""
    hole: Geometry = Disk((0, 0), 3.0) - Disk((0, 0), 1.0)
    panels = panels_of(hole, longest=0.1).select([1], [False])
    u, slopes = wave((0.2, 0.1), 2.0)(panels.points.reshape(-1, 2))
    density = np.einsum("nci,ni->nc", slopes, panels.normals.reshape(-1, 2)) * panels.speed.reshape(-1, 1)
    single, double = layer_matrices(HelmholtzKernel(2.0), panels, exterior=True)
    np.testing.assert_allclose(np.tensordot(double, u), np.tensordot(single, density), atol=1e-11)


def test_rigid_motions_have_no_traction() -> None:
    panels = panels_of(DOMAINS["notched"])
    for nu in (0.3, 0.5):
        kernel = ElasticityKernel(1.0, nu, 4.0)
        _, double = layer_matrices(kernel, panels)
        modes = kernel.rigid_modes(panels.points.reshape(-1, 2))
        np.testing.assert_allclose(np.tensordot(double, modes, axes=((2, 3), (0, 1))), 0, atol=1e-12)
