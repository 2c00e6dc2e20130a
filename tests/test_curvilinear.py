"""Operators in curvilinear coordinates against the Cartesian ones, of the same fields at the same points."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kinn
from kinn import Cylindrical, InputError, Points, Polar, Spherical, cos, div, grad, laplacian, sin, strain

TO_CARTESIAN = {
    Polar: lambda r, theta: (r * cos(theta), r * sin(theta)),
    Cylindrical: lambda r, theta, z: (r * cos(theta), r * sin(theta), z),
    Spherical: lambda r, theta, phi: (r * sin(theta) * cos(phi), r * sin(theta) * sin(phi), r * cos(theta)),
}


def scalar(x, y, z=0.3):
    return sin(1.3 * x) * y**2 + x * cos(y) * (1 + z**2)


def vector(x, y, z=None):
    plane = (sin(x) * y + 0.5 * y**2, cos(y) * x**2 - x)
    return plane if z is None else (plane[0] + z * y, plane[1] * z, x * y * z + z**2)


@pytest.fixture(params=TO_CARTESIAN, ids=lambda kind: kind.__name__)
def both(request: pytest.FixtureRequest):
    """The system, the points in it and in Cartesian coordinates, and the unit vectors along its coordinates."""
    kind = request.param
    d = len(kind.default_names)
    x = 0.5 + torch.rand(7, d, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    p = Points(kind.default_names, x)
    mapped = TO_CARTESIAN[kind](*p.coordinates)
    system = kind(p)
    q = Points(("x", "y", "z")[:d], torch.stack([f.value for f in mapped], dim=1))
    tangents = np.array([[np.asarray(f.derivative(n).value) * np.ones(7) for f in mapped] for n in p.names])
    units = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
    bases = [
        [mapped[j].derivative(n) / h for j in range(d)] for n, h in zip(p.names, system.scale_factors(), strict=True)
    ]
    return system, mapped, q, units, bases


def sum_of(terms):
    first, *rest = terms
    return sum(rest, first)


def values(rows) -> np.ndarray:
    return np.array([np.asarray(row.value) * np.ones(7) for row in rows])


def along(units, cartesian: np.ndarray) -> np.ndarray:
    return np.einsum("ijn,jn->in", units, cartesian)


def components(mapped, bases):
    """A vector as fields along the unit vectors of a system."""
    v = vector(*mapped)
    return [sum_of(b * c for b, c in zip(base, v, strict=True)) for base in bases]


def test_gradient_and_laplacian(both) -> None:
    system, mapped, q, units, _ = both
    u, exact = scalar(*mapped), scalar(*q.coordinates)
    np.testing.assert_allclose(values(system.grad(u)), along(units, values(grad(exact))), atol=1e-12)
    np.testing.assert_allclose(system.laplacian(u).value, laplacian(exact).value, atol=1e-11)


def test_operators_of_vectors(both) -> None:
    system, mapped, q, units, bases = both
    v, exact = components(mapped, bases), vector(*q.coordinates)
    d = len(exact)
    np.testing.assert_allclose(system.div(v).value, div(exact).value, atol=1e-11)
    jacobian = np.array([values(grad(c)) for c in exact])  # i, j: derivative of the component i along j
    if d == 2:
        np.testing.assert_allclose(system.curl(v).value, jacobian[1, 0] - jacobian[0, 1], atol=1e-11)
    else:
        curl = [jacobian[(i + 2) % 3, (i + 1) % 3] - jacobian[(i + 1) % 3, (i + 2) % 3] for i in range(3)]
        np.testing.assert_allclose(values(system.curl(v)), along(units, np.array(curl)), atol=1e-11)
    laplacians = along(units, values([laplacian(c) for c in exact]))
    np.testing.assert_allclose(values(system.vector_laplacian(v)), laplacians, atol=1e-9)
    carried = np.einsum("ijn,jn->in", jacobian, values(exact))
    np.testing.assert_allclose(values(system.convection(v, v)), along(units, carried), atol=1e-10)


def test_strain_and_its_divergence(both) -> None:
    system, mapped, q, units, bases = both
    v, exact = components(mapped, bases), vector(*q.coordinates)
    rows, cartesian = system.strain(v), strain(exact)
    expected = np.einsum("ikn,jln,kln->ijn", units, units, np.array([values(row) for row in cartesian]))
    np.testing.assert_allclose(np.array([values(row) for row in rows]), expected, atol=1e-11)
    forces = along(units, values([div(row) for row in cartesian]))
    np.testing.assert_allclose(values(system.div_tensor(rows)), forces, atol=1e-9)


def test_symmetry_leaves_coordinates_out() -> None:
    x = 0.5 + torch.rand(5, 2, dtype=torch.float64)
    p = Points(("r", "z"), x)
    r, z = x.T
    axes = Cylindrical(p)
    torch.testing.assert_close(axes.laplacian(p.r**2 * p.z).value, 4 * z)
    torch.testing.assert_close(axes.div((p.r * p.z, p.z**2)).value, 4 * z)
    torch.testing.assert_close(axes.volume_element().value, r)
    assert len(axes.grad(p.r)) == 2
    torch.testing.assert_close(axes.strain((p.r**2, p.z))[1][1].value, r)  # the hoop strain
    radial, axial = axes.vector_laplacian((p.r**3, p.r**2))
    torch.testing.assert_close(radial.value, 8 * r)
    torch.testing.assert_close(axial.value, torch.full_like(r, 4.0))
    swirl = axes.curl((0.0 * p.r, p.r**2, 0.0 * p.r))
    torch.testing.assert_close(swirl[2].value, 3 * r)
    torch.testing.assert_close(
        axes.convection((0.0 * p.r, p.r**2, 0.0 * p.r), (0.0 * p.r, p.r**2, 0.0 * p.r))[0].value, -(r**3)
    )


def test_radial_symmetry_of_a_sphere() -> None:
    p = Points(("r", "t"), 0.5 + torch.rand(5, 2, dtype=torch.float64))
    r = p.tensor[:, 0]
    torch.testing.assert_close(Spherical(p).laplacian(p.r**2 * p.t).value, 6 * p.tensor[:, 1])
    torch.testing.assert_close(Spherical(p).div((p.r**2,)).value, 4 * r)


def test_names_of_coordinates() -> None:
    p = Points(("x", "rho"), 0.5 + torch.rand(4, 2, dtype=torch.float64))
    axes = Cylindrical(p, names=("rho", "phi", "x"))
    torch.testing.assert_close(axes.laplacian(p.rho**2 + p.x**2).value, torch.full((4,), 6.0, dtype=torch.float64))
    with pytest.raises(InputError, match=r"Cylindrical coordinates are r, theta, z, and the problem's x, rho"):
        Cylindrical(p)
    with pytest.raises(InputError, match="div takes components along rho, x or rho, phi, x, not 1"):
        axes.div((p.x,))


def test_shapes_name_their_coordinates() -> None:
    shape = kinn.Rectangle((0, 0), (1, 2)).with_coordinates("r", "z") - kinn.Disk((0, 0), 0.5).with_coordinates(
        "r", "z"
    )
    assert shape.translated((1, 0)).coordinates == ("r", "z")
    assert (shape * kinn.TimeInterval(0, 1)).coordinates == ("r", "z", "t")
    square = kinn.Rectangle((0, 0), (1, 1))
    for names, match in {
        ("r",): "2 coordinates to name, got 1",
        ("r", "t"): "the time",
        ("r", "r"): "can be read as another",
        ("r", "rr"): "can be read as another",
        ("r", "lambda"): "is no name",
    }.items():
        with pytest.raises(InputError, match=match):
            square.with_coordinates(*names)
    with pytest.raises(InputError, match="different coordinates"):
        _ = shape | square
    with pytest.raises(InputError, match="the coordinate 'value' of problem 'p' cannot be called so"):
        kinn.Problem("p", square.with_coordinates("r", "value"), strong=lambda u, p: u.rr)
