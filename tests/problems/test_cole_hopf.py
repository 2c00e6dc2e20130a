from __future__ import annotations

from math import pi

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from kinn.problems.references import cole_hopf


def test_start_and_symmetry() -> None:
    x = np.linspace(-1, 1, 21)
    np.testing.assert_allclose(cole_hopf.burgers(x, 0 * x, 0.01 / pi), -np.sin(pi * x), atol=1e-12)
    late = cole_hopf.burgers(x, 0 * x + 0.7, 0.01 / pi)
    np.testing.assert_allclose(late, -late[::-1], atol=1e-12)


@pytest.mark.parametrize("nodes", [601, 2401])
def test_the_rule_has_converged(monkeypatch: pytest.MonkeyPatch, nodes: int) -> None:
    x, t = np.random.default_rng(0).uniform((-1, 0.01), (1, 1), (200, 2)).T
    expected = cole_hopf.burgers(x, t, 0.01 / pi)
    monkeypatch.setattr(cole_hopf, "NODES", nodes)
    np.testing.assert_allclose(cole_hopf.burgers(x, t, 0.01 / pi), expected, atol=1e-10)


def test_against_a_fourier_method() -> None:
    viscosity, n = 0.05, 256
    x = -1 + 2 * np.arange(n) / n
    wave = 1j * pi * np.fft.fftfreq(n, 1 / n)

    def rate(_: float, u: np.ndarray) -> np.ndarray:
        spectrum = np.fft.fft(u)
        return np.asarray(-u * np.fft.ifft(wave * spectrum).real + viscosity * np.fft.ifft(wave**2 * spectrum).real)

    out = solve_ivp(rate, (0, 1), -np.sin(pi * x), method="LSODA", rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(cole_hopf.burgers(x, np.ones(n), viscosity), out.y[:, -1], atol=1e-7)
