from __future__ import annotations

import numpy as np

from kinn.boundary_integrals.kernels import Laplace3DKernel
from tests.boundary_integrals.kernels.test_kernels import slopes

KERNEL = Laplace3DKernel()
DRAW = np.random.default_rng(0)
OFFSET = DRAW.normal(size=(40, 3)) + np.sign(DRAW.normal(size=(40, 1)))
NORMALS = OFFSET[::-1] / np.linalg.norm(OFFSET[::-1], axis=1)[:, None]


def test_gradients() -> None:
    close = {"rtol": 1e-8, "atol": 1e-9}
    single = slopes(KERNEL.single, OFFSET)
    np.testing.assert_allclose(KERNEL.single_gradient(OFFSET), single, **close)
    double = slopes(lambda d: KERNEL.double(d, NORMALS), OFFSET)
    np.testing.assert_allclose(KERNEL.double_gradient(OFFSET, NORMALS), double, **close)


def test_traction_and_equation() -> None:
    """T is the derivative of U at y along the normal, and U is harmonic."""
    along = -np.einsum("nabl,nl->nab", KERNEL.single_gradient(OFFSET), NORMALS)
    np.testing.assert_allclose(KERNEL.double(OFFSET, NORMALS), along, rtol=1e-12)
    second = slopes(KERNEL.single_gradient, OFFSET)
    np.testing.assert_allclose(np.trace(second, axis1=3, axis2=4), 0.0, atol=1e-8)
