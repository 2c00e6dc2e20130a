"""Compressed matrices are those in full, to rounding, and grow with the number of nodes and not with its square."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from kinn.boundary_integrals import hmatrix
from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.hmatrix import HMatrix
from kinn.boundary_integrals.hmatrix_assembly import BoundaryData, hierarchical_equations
from kinn.boundary_integrals.kernels import ElasticityKernel, Kernel, LaplaceKernel
from kinn.boundary_integrals.operators import layer_matrices
from kinn.geometry.types import Array
from tests.boundary_integrals.solutions import DOMAINS, panels_of

DRAW = np.random.default_rng(0)


def data(panels: CurvePanels, components: int) -> BoundaryData:
    count, m = panels.nodes * components, panels.order * components
    eye, (u, t) = sparse.csr_array(sparse.eye(count)), DRAW.normal(size=(2, count))
    return BoundaryData(u, eye, t, 0.7 * eye, [np.arange(n * m, (n + 1) * m) for n in range(len(panels))])


def equations_of(kernel: Kernel, panels: CurvePanels) -> tuple[BoundaryData, HMatrix, Array, Array]:
    prescribed = data(panels, kernel.components)
    return prescribed, *hierarchical_equations(kernel, panels, prescribed)


@pytest.mark.parametrize(
    ("domain", "kernel"),
    [
        ("flower", LaplaceKernel(8.0)),
        ("two-holes", ElasticityKernel(1.0, 0.3, 8.0)),
        ("annulus", ElasticityKernel(0.7, 0.5, 8.0)),
    ],
    ids=["laplace", "kelvin", "stokes"],
)
def test_equal_to_the_matrix_in_full(domain: str, kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hmatrix, "LEAF", 64)
    panels = panels_of(DOMAINS[domain], longest=0.06, orders=3, levels=2)
    prescribed, matrix, right, columns = equations_of(kernel, panels)
    assert len(matrix.far) > 10
    count = panels.nodes * kernel.components
    single, double = (a.reshape(count, count) for a in layer_matrices(kernel, panels))
    full = double - 0.7 * single
    x, y = DRAW.normal(size=(2, count, 3))
    for found, wanted in (
        (matrix.times(x[columns]), full @ x),
        (matrix.adjoint(y), (full.T @ y)[columns]),
        (right, single @ prescribed.densities - double @ prescribed.values),
    ):
        assert np.abs(found - wanted).max() < 1e-12 * np.abs(wanted).max()


def test_grows_hardly_faster_than_the_number_of_nodes() -> None:
    entries, nodes = [], []
    for longest in (0.016, 0.008):
        panels = panels_of(DOMAINS["ellipse"], longest=longest, order=8)
        entries.append(equations_of(LaplaceKernel(5.0), panels)[1].entries)
        nodes.append(panels.nodes)
    assert nodes[1] > 1.9 * nodes[0]
    assert np.log(entries[1] / entries[0]) / np.log(nodes[1] / nodes[0]) < 1.35
