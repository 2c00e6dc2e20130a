"""The stored references: each agrees with a coarser computation to what its module says, and satisfies its equation."""

from __future__ import annotations

from math import pi
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from kinn.fields import Points
from kinn.geometry.types import Array
from kinn.problems.conductivity_field import TRUTHS
from kinn.problems.references import (
    allen_cahn,
    conductivity_field,
    gray_scott,
    korteweg_de_vries,
    kuramoto_sivashinsky,
    lorenz,
    poisson_holes,
    poisson_lshape,
    schroedinger,
)
from kinn.problems.references.etdrk4 import march
from kinn.problems.references.low_rank import LowRank, subspaces
from kinn.problems.references.series import Axis, Series, chebyshev_coefficients, chebyshev_points, stored

FOLDER = Path(allen_cahn.__file__).parent


def cell_centres(axes: tuple[Axis, ...], count: int) -> Array:
    """Return points placed as those at which errors are measured."""
    at = [axis.lower + (np.arange(count) + 0.5) * (axis.upper - axis.lower) / count for axis in axes]
    return np.stack(np.meshgrid(*at, indexing="ij"), axis=-1).reshape(-1, len(axes))


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


# -- what they are made of


def test_stepping_has_order_four() -> None:
    rate = np.array([-1.0 + 0j])  # v' = -v + v^2, v(0) = 1/2, has v = 1 / (1 + e^t)
    errors = [
        abs(march(rate, lambda v: v**2, np.array([0.5 + 0j]), [0.0, 1.0], step)[-1, 0] - 1 / (1 + np.e))
        for step in (0.1, 0.05)
    ]
    assert np.log2(errors[0] / errors[1]) > 3.8


def sampled_series(kind: str) -> tuple[Series, Any]:
    """Return the series of a smooth function on (-1, 1) x (0, 2), and the function."""

    def function(x: Array, t: Array) -> Array:
        even = np.exp(np.cos(pi * x)) * np.cos(t)
        return even if kind == "cosine" else even + np.sin(pi * x - t)

    x, t = -1 + 2 * np.arange(64) / 64, chebyshev_points(0.0, 2.0, 24)
    spectra = np.fft.fft(function(x[:, None], t), axis=0) / 64
    kept = spectra if kind == "fourier" else spectra[:33]
    coefficients = chebyshev_coefficients(kept.real if kind == "cosine" else kept)
    return Series((Axis(kind, -1.0, 1.0), Axis("chebyshev", 0.0, 2.0)), coefficients[None]), function


@pytest.mark.parametrize("kind", ["fourier", "half", "cosine"])
def test_series_and_their_derivatives(kind: str) -> None:
    made, function = sampled_series(kind)
    points = np.random.default_rng(0).uniform([-1, 0.1], [1, 1.9], (50, 2))
    x, t = points.T
    np.testing.assert_allclose(made(points)[:, 0], function(x, t), atol=1e-12)
    h = 1e-4
    np.testing.assert_allclose(
        made.derivative(points, (0, 1))[:, 0], (function(x, t + h) - function(x, t - h)) / (2 * h), atol=1e-6
    )
    np.testing.assert_allclose(
        made.derivative(points, (2, 0))[:, 0],
        (function(x + h, t) - 2 * function(x, t) + function(x - h, t)) / h**2,
        atol=1e-4,
    )


def test_exponentials_in_time() -> None:
    axes = (Axis("fourier", 0.0, 2 * pi), Axis("chebyshev", 1.0, 2.0))
    made = Series(axes, np.array([[[0.0, 0.0], [1.0, 0.5]]]), np.array([0.0, -3j]))
    x, t = np.random.default_rng(0).uniform([0, 1], [6, 2], (20, 2)).T
    points, wave = np.column_stack([x, t]), np.exp(-1j * x - 3j * (t - 1))  # the second of two modes is -1
    np.testing.assert_allclose(made(points)[:, 0], ((0.5 + t - 1) * wave).real, atol=1e-14)
    np.testing.assert_allclose(made.derivative(points, (0, 1))[:, 0], ((1 - 3j * (t - 0.5)) * wave).real, atol=1e-13)


def test_files_give_series_back(tmp_path: Path) -> None:
    made, _ = sampled_series("half")
    made.save(tmp_path / "made.npz")
    points = cell_centres(made.axes, 7)
    np.testing.assert_allclose(Series.load(tmp_path / "made.npz")(points), made(points), atol=1e-6)


def test_low_rank() -> None:
    x, y, t = (chebyshev_points(0.0, 1.0, 16),) * 3
    samples = np.exp(x[:, None, None] * y[:, None]) * np.cos(t) + x[:, None, None] * t
    core, columns = subspaces(samples, 1e-8)
    assert core.shape[2] == 2
    axes = (Axis("chebyshev", 0.0, 1.0),) * 3
    made = LowRank(axes, core, tuple(chebyshev_coefficients(c.T).T for c in columns))
    points = np.random.default_rng(0).uniform(size=(30, 3))
    x, y, t = points.T
    np.testing.assert_allclose(made(points), np.exp(x * y) * np.cos(t) + x * t, atol=1e-7)
    np.testing.assert_allclose(made.derivative(points, (1, 0, 0)), y * np.exp(x * y) * np.cos(t) + t, atol=1e-6)


def test_files_are_small() -> None:
    sizes = [path.stat().st_size for path in FOLDER.glob("*.npz")]
    assert max(sizes) < 300_000
    assert sum(sizes) < 2_000_000


# -- convergence


@pytest.mark.parametrize(
    ("module", "settings"),
    [
        (allen_cahn, {"points": 2048, "step": 2e-3}),
        (korteweg_de_vries, {"points": 256, "step": 1e-4}),
        (kuramoto_sivashinsky, {"points": 256, "step": 1e-4}),
        (schroedinger, {"points": 512, "step": 2e-4}),
        (lorenz, {"tolerance": 1e-11}),
    ],
    ids=["allen-cahn", "korteweg-de-vries", "kuramoto-sivashinsky", "schroedinger", "lorenz"],
)
def test_what_is_stored_agrees_with_a_coarser_computation(module: ModuleType, settings: dict[str, Any]) -> None:
    coarse = module.compute(**settings)
    coarse = schroedinger.parts(coarse) if module is schroedinger else coarse
    points = cell_centres(coarse.axes, 50)
    assert np.abs(module.reference(points) - coarse(points)).max() < module.CONVERGED


def test_gray_scott_agrees_with_a_coarser_computation() -> None:
    times = np.array([0.0, 10.0, 25.0, 50.0])
    coarse = np.moveaxis(gray_scott.samples(times, 256, 1.0)[:, ::4, ::4], 0, -1)
    x = -1 + np.arange(64) / 32
    given = gray_scott.reference(np.stack(np.meshgrid(x, x, times, indexing="ij"), axis=-1).reshape(-1, 3))
    difference = given.reshape(coarse.shape) - coarse
    for field in range(2):
        assert rms(difference[..., field]) < gray_scott.CONVERGED * rms(coarse[..., field])


def test_lshape_vanishes_on_the_boundary_and_so_is_exact_inside() -> None:
    x, y = poisson_lshape.edges(777).T
    assert np.abs(poisson_lshape.exact(x, y)).max() < poisson_lshape.CONVERGED


def test_lshape_lies_between_the_squares_inside_and_around() -> None:
    # in the middle of a unit square the solution is 0.0736713, and it grows with the domain
    assert 0.0736713 < float(poisson_lshape.exact(np.array([-0.5]), np.array([-0.5]))[0]) < 4 * 0.0736713


def test_holes_take_their_values_on_the_boundary_and_so_are_exact_inside() -> None:
    x, y, u = poisson_holes.boundary(777).T
    for a, b in ((x, y), (y, x), (-x, y), (-y, -x)):
        assert np.abs(poisson_holes.exact(a, b) - u).max() < poisson_holes.CONVERGED


@pytest.mark.parametrize(("module", "source"), [(poisson_lshape, 1.0), (poisson_holes, 0.0)], ids=["lshape", "holes"])
def test_particular_solutions_satisfy_their_equation(module: ModuleType, source: float) -> None:
    x = np.random.default_rng(0).uniform(-0.49, 0.49, (500, 2))
    inside = ~(x > 0).all(axis=1) if source else np.hypot(*(np.abs(x) - 0.3).T) > 0.1
    p = Points(("x", "y"), torch.as_tensor(x[inside & (np.hypot(*x.T) > 1e-2)]))
    u = module.exact(p.x, p.y)
    assert float(torch.as_tensor((u.xx + u.yy + source).value).abs().max()) < 1e-9


def test_singular_function_of_the_lshape_is_harmonic_and_vanishes_on_both_edges() -> None:
    r = np.array([0.1, 0.7])
    np.testing.assert_allclose(poisson_lshape.singular(r, 0 * r), 0.0, atol=1e-15)
    np.testing.assert_allclose(poisson_lshape.singular(0 * r, r), 0.0, atol=1e-15)
    p = Points(("x", "y"), torch.as_tensor([[-0.3, 0.2], [0.4, -0.6]], dtype=torch.float64))
    s = poisson_lshape.singular(p.x, p.y)
    torch.testing.assert_close((s.xx + s.yy).value, torch.zeros(2, dtype=torch.float64), atol=1e-13, rtol=0)
    assert bool((torch.as_tensor(s.value) > 0.1).all())


# -- equations and starts, by the derivatives of what is stored


def interior(series: Series, count: int = 1000) -> Array:
    """Return points after the first hundredth of the time, when kinks of the start have been rounded off."""
    lower = [axis.lower for axis in series.axes]
    upper = [axis.upper for axis in series.axes]
    lower[-1] += 0.01 * (upper[-1] - lower[-1])
    return np.random.default_rng(1).uniform(lower, upper, (count, len(lower)))


def test_allen_cahn_satisfies_its_equation() -> None:
    s = stored("allen_cahn")
    x = interior(s)
    u, rate, curvature = (s.derivative(x, i)[:, 0] for i in ((0, 0), (0, 1), (2, 0)))
    assert rms(rate - allen_cahn.DIFFUSIVITY * curvature - 5 * u + 5 * u**3) < 1e-5 * rms(rate)


def test_korteweg_de_vries_satisfies_its_equation() -> None:
    s = stored("korteweg_de_vries")
    x = interior(s)
    u, rate, slope, third = (s.derivative(x, i)[:, 0] for i in ((0, 0), (0, 1), (1, 0), (3, 0)))
    assert rms(rate + u * slope + korteweg_de_vries.DISPERSION * third) < 1e-5 * rms(rate)


def test_kuramoto_sivashinsky_satisfies_its_equation() -> None:
    s = stored("kuramoto_sivashinsky")
    x = interior(s)
    indices = ((0, 0), (0, 1), (1, 0), (2, 0), (4, 0))
    u, rate, slope, second, fourth = (s.derivative(x, i)[:, 0] for i in indices)
    a, b, c = kuramoto_sivashinsky.ALPHA, kuramoto_sivashinsky.BETA, kuramoto_sivashinsky.GAMMA
    assert rms(rate + a * u * slope + b * second + c * fourth) < 5e-3 * rms(rate)


def test_schroedinger_satisfies_its_equation() -> None:
    s = schroedinger.parts(stored("schroedinger"))
    x = interior(s)
    (u, v), (u_t, v_t), (u_xx, v_xx) = (s.derivative(x, i).T for i in ((0, 0), (0, 1), (2, 0)))
    squared = u**2 + v**2
    residual = np.stack([u_t + v_xx / 2 + squared * v, v_t - u_xx / 2 - squared * u])
    assert rms(residual) < 2e-2 * rms(np.stack([u_t, v_t]))  # differentiation in time magnifies the 1e-5 of the values


def test_gray_scott_satisfies_its_equations() -> None:
    x = np.random.default_rng(1).uniform([-1, -1, 2], [1, 1, 200], (2000, 3))
    values, residuals = [], []
    for field, e in zip(gray_scott.load(), gray_scott.DIFFUSION, strict=True):
        values.append(field(x))
        rate, xx, yy = (field.derivative(x, i) for i in ((0, 0, 1), (2, 0, 0), (0, 2, 0)))
        residuals.append(rate - e * (xx + yy))
    (u, v), (b, d) = values, gray_scott.REACTION
    assert rms(residuals[0] - b * (1 - u) + u * v**2) < 0.1 * rms(
        b * (1 - u)
    )  # second derivatives magnify the 2e-4 of the values
    assert rms(residuals[1] + d * v - u * v**2) < 0.02 * rms(d * v)


def test_lorenz_satisfies_its_equations() -> None:
    s, t = stored("lorenz"), np.linspace(0, 3, 300)[:, None]
    (x, y, z), (dx, dy, dz) = s(t).T, s.derivative(t, (1,)).T
    sigma, rho, beta = lorenz.PARAMETERS
    residual = np.stack([dx - sigma * (y - x), dy - x * (rho - z) + y, dz - x * y + beta * z])
    assert rms(residual) < 1e-6 * rms(np.stack([dx, dy, dz]))
    np.testing.assert_allclose(s(np.zeros((1, 1)))[0], lorenz.START, atol=1e-5)


def test_starts_are_the_given_ones() -> None:
    x = np.linspace(-0.95, 0.95, 39)
    at_once = np.column_stack([x, 0 * x])
    np.testing.assert_allclose(allen_cahn.reference(at_once)[:, 0], x**2 * np.cos(pi * x), atol=1e-4)  # a kink at +-1
    np.testing.assert_allclose(korteweg_de_vries.reference(at_once)[:, 0], np.cos(pi * x), atol=1e-6)
    theta = pi * (x + 1)
    given = kuramoto_sivashinsky.reference(np.column_stack([theta, 0 * x]))[:, 0]
    np.testing.assert_allclose(given, np.cos(theta) * (1 + np.sin(theta)), atol=1e-5)
    h = schroedinger.reference(np.column_stack([5 * x, 0 * x]))
    np.testing.assert_allclose(h, np.column_stack([2 / np.cosh(5 * x), 0 * x]), atol=5e-4)  # a kink at +-5
    u, v = gray_scott.reference(np.column_stack([x, 0 * x, 0 * x])).T
    np.testing.assert_allclose(u, 1 - np.exp(-80 * ((x + 0.05) ** 2 + 0.02**2)), atol=5e-3)
    np.testing.assert_allclose(v, np.exp(-80 * ((x - 0.05) ** 2 + 0.02**2)), atol=5e-3)


@pytest.mark.parametrize("truth", TRUTHS)
def test_temperature_of_a_conductivity_converges(truth: str) -> None:
    x = np.random.default_rng(0).random((500, 2))
    found = conductivity_field.temperature(TRUTHS[truth])(x)
    coarser = conductivity_field.temperature(TRUTHS[truth], conductivity_field.INTERVALS * 3 // 4)(x)
    assert np.abs(found - coarser).max() < conductivity_field.CONVERGED


def test_temperature_of_a_uniform_conductivity_is_the_series_of_sines() -> None:
    x, y = 0.3, 0.55
    odd = np.arange(1, 400, 2)
    m, n = np.meshgrid(odd, odd)
    terms = 16 / (pi**4 * m * n * (m**2 + n**2)) * np.sin(m * pi * x) * np.sin(n * pi * y)
    found = conductivity_field.temperature(lambda x, y: 1.0 + 0 * x)(np.array([[x, y]]))
    assert found[0, 0] == pytest.approx(terms.sum(), abs=1e-7)
