"""Every kernel: it solves its equation, its traction is that of its stress, and its gradients are those of it."""

from __future__ import annotations

import numpy as np
import pytest

from kinn.boundary_integrals.kernels import ElasticityKernel, HelmholtzKernel, Kernel, LaplaceKernel, PressureKernel

KERNELS: dict[str, Kernel] = {
    "laplace": LaplaceKernel(3.0),
    "helmholtz": HelmholtzKernel(2.5),
    "kelvin": ElasticityKernel(1.3, 0.3, 2.0),
    "stokes": ElasticityKernel(0.7, 0.5),
}
DRAW = np.random.default_rng(0)
OFFSET = DRAW.normal(size=(40, 2)) + np.sign(DRAW.normal(size=(40, 1)))
NORMALS = OFFSET[::-1] / np.linalg.norm(OFFSET[::-1], axis=1)[:, None]


@pytest.fixture(params=KERNELS)
def kernel(request: pytest.FixtureRequest) -> Kernel:
    return KERNELS[request.param]


def slopes(function: object, d: np.ndarray) -> np.ndarray:
    """Derivatives by x, of which d = y - x falls as x grows, to fourth order."""
    steps = 1e-3 * np.eye(d.shape[1])

    def at(step: np.ndarray) -> np.ndarray:
        return function(d - step)  # type: ignore[operator]

    return np.stack([(8 * (at(e) - at(-e)) - at(2 * e) + at(-2 * e)) / 12e-3 for e in steps], axis=-1)


def test_gradients(kernel: Kernel) -> None:
    close = {"rtol": 1e-8, "atol": 1e-9}
    np.testing.assert_allclose(kernel.single_gradient(OFFSET), slopes(kernel.single, OFFSET), **close)
    for gradient, kernel_part in (
        (kernel.double_gradient, kernel.double),
        (kernel.static_part_gradient, kernel.static_part),
    ):
        np.testing.assert_allclose(
            gradient(OFFSET, NORMALS), slopes(lambda d, f=kernel_part: f(d, NORMALS), OFFSET), **close
        )


def test_tractions(kernel: Kernel) -> None:
    """T is the traction of U at y, whose derivatives are minus those by x."""
    gradient = -kernel.single_gradient(OFFSET)  # (N, source, component, 2) for symmetric U
    if isinstance(kernel, ElasticityKernel):
        nu, mu = kernel.poisson, kernel.shear
        if nu == 0.5:
            pressure = OFFSET / (2 * np.pi * np.sum(OFFSET**2, axis=1)[:, None])  # of the force at x
            hydrostatic = -pressure[:, :, None, None] * np.eye(2)
        else:
            divergence = np.trace(gradient, axis1=2, axis2=3)
            hydrostatic = 2 * mu * nu / (1 - 2 * nu) * divergence[..., None, None] * np.eye(2)
        stress = mu * (gradient + gradient.transpose(0, 1, 3, 2)) + hydrostatic
        wanted = np.einsum("nsij,nj->nsi", stress, NORMALS)
    else:
        wanted = np.einsum("nabl,nl->nab", gradient, NORMALS)
    np.testing.assert_allclose(kernel.double(OFFSET, NORMALS), wanted, rtol=1e-10, atol=1e-12)


def test_equations() -> None:
    def second(kernel: Kernel) -> np.ndarray:
        return slopes(kernel.single_gradient, OFFSET)

    laplacian = np.trace(second(KERNELS["laplace"]), axis1=-2, axis2=-1)
    np.testing.assert_allclose(laplacian, 0, atol=1e-9)
    wave = KERNELS["helmholtz"]
    np.testing.assert_allclose(
        np.trace(second(wave), axis1=-2, axis2=-1), -(2.5**2) * wave.single(OFFSET), rtol=1e-8, atol=1e-9
    )
    solid = second(KERNELS["kelvin"])  # component i, force j
    dilatation = np.einsum("nijkk->nij", solid) + np.einsum("nkjki->nij", solid) / (1 - 2 * 0.3)
    np.testing.assert_allclose(dilatation, 0, atol=1e-9)
    np.testing.assert_allclose(np.einsum("niji->nj", KERNELS["stokes"].single_gradient(OFFSET)), 0, atol=1e-12)


def test_static_part_is_as_singular(kernel: Kernel) -> None:
    small = 1e-4 * OFFSET
    difference = kernel.double(small, NORMALS) - kernel.static_part(small, NORMALS)
    assert np.abs(difference).max() < 1e-2
    assert np.abs(kernel.double(small, NORMALS)).max() > 1e2
    assert kernel.static == (np.abs(difference).max() == 0)


def test_rigid_modes_of_a_solid() -> None:
    modes = KERNELS["kelvin"].rigid_modes(OFFSET)
    assert modes.shape == (40, 2, 3)
    offset = OFFSET - OFFSET[::-1]
    moved = modes - modes[::-1]
    np.testing.assert_allclose(
        np.einsum("ni,nim->nm", offset, moved), np.stack([offset[:, 0] * 0] * 3, axis=1), atol=1e-12
    )
    assert KERNELS["laplace"].rigid_modes(OFFSET).shape == (40, 1, 1)


def test_pressure_is_that_of_the_flow() -> None:
    """Its gradient is the viscosity times the Laplacian of the velocity, of forces and of double layers."""
    flow, pressure = ElasticityKernel(0.7, 0.5), PressureKernel(0.7)
    np.testing.assert_allclose(pressure.single_gradient(OFFSET), slopes(pressure.single, OFFSET), rtol=1e-8, atol=1e-9)
    double = slopes(lambda d: pressure.double(d, NORMALS), OFFSET)
    np.testing.assert_allclose(pressure.double_gradient(OFFSET, NORMALS), double, rtol=1e-8, atol=1e-8)
    forced = np.einsum("nijkk->nji", slopes(flow.single_gradient, OFFSET))
    np.testing.assert_allclose(pressure.single_gradient(OFFSET)[:, 0], 0.7 * forced, rtol=1e-7, atol=1e-8)
    layered = np.einsum("nijkk->nji", slopes(lambda d: flow.double_gradient(d, NORMALS), OFFSET))
    np.testing.assert_allclose(double[:, 0], 0.7 * layered, rtol=1e-6, atol=1e-7)
