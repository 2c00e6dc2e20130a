from __future__ import annotations

from math import pi

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from kinn.fields import Points
from kinn.problems.references import cole_hopf

DERIVATIVES = ((0, 0), (1, 0), (0, 1), (2, 0))


def test_start_and_symmetry() -> None:
    x = np.linspace(-1, 1, 21)
    np.testing.assert_allclose(cole_hopf.burgers(x, 0 * x, 0.01 / pi), -np.sin(pi * x), atol=1e-12)
    late = cole_hopf.burgers(x, 0 * x + 0.7, 0.01 / pi)
    np.testing.assert_allclose(late, -late[::-1], atol=1e-12)


def derivatives(x: np.ndarray, viscosity: float) -> dict[tuple[int, int], np.ndarray]:
    p = Points(("x", "t"), torch.as_tensor(x))
    u = cole_hopf.burgers(p.x, p.t, viscosity)
    return {a: torch.as_tensor(u[a]).numpy() for a in DERIVATIVES}


@pytest.mark.parametrize("viscosity", [0.001, 0.01 / pi, 1.0])
@pytest.mark.parametrize(("step", "margin"), [(0.04, 50.0), (0.01, 50.0), (0.02, 600.0)])
def test_the_rule_has_converged(monkeypatch: pytest.MonkeyPatch, viscosity: float, step: float, margin: float) -> None:
    x = np.random.default_rng(0).uniform((-1, 0.01), (1, 1), (200, 2))
    x[::2, 0] **= 5  # into the layer
    expected = derivatives(x, viscosity)
    monkeypatch.setattr(cole_hopf, "STEP", step)
    monkeypatch.setattr(cole_hopf, "MARGIN", margin)
    for a, values in derivatives(x, viscosity).items():
        np.testing.assert_allclose(values, expected[a], rtol=0, atol=1e-10 * max(1.0, np.abs(values).max()))


def fourier(viscosity: float, n: int, t: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return n points and the solution (n, len(t)) there, by a Fourier method that knows nothing of Cole and Hopf."""
    x = -1 + 2 * np.arange(n) / n
    wave = 1j * pi * np.fft.rfftfreq(n, 1 / n)

    def rate(_: float, u: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft(u)
        return -u * np.fft.irfft(wave * spectrum, n) + viscosity * np.fft.irfft(wave**2 * spectrum, n)

    out = solve_ivp(rate, (0, t[-1]), -np.sin(pi * x), method="DOP853", t_eval=t, rtol=1e-11, atol=1e-12)
    return x, out.y


def test_against_a_fourier_method() -> None:
    x, u = fourier(0.05, 128, [0.3, 1.0])
    for values, t in zip(u.T, [0.3, 1.0], strict=True):
        np.testing.assert_allclose(cole_hopf.burgers(x, np.full_like(x, t), 0.05), values, atol=1e-8)


def test_against_a_fourier_method_where_the_layer_is_thin() -> None:
    times = [0.1, 0.5, 1.0]
    x, u = fourier(0.01 / pi, 1024, times)
    for values, t in zip(u.T, times, strict=True):
        np.testing.assert_allclose(cole_hopf.burgers(x, np.full_like(x, t), 0.01 / pi), values, atol=1e-7)
