"""The wall of three layers: its modes are those of finite differences, and a solve meets its solution to 1e-3."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import eigh_tridiagonal

import kinn
from kinn import problems
from kinn.problems.wall_layers import LAYERS, slowest_rates, starts


def test_modes_are_those_of_finite_volumes() -> None:
    n = 2000  # cells, whose edges meet the joints
    centres = (np.arange(n) + 0.5) / n
    k, c = (np.empty(n), np.empty(n))
    for start, (_, end, conductivity, capacity) in zip(starts(), LAYERS, strict=True):
        inside = (centres > start) & (centres < end)
        k[inside], c[inside] = conductivity, capacity
    links = 2 * k[1:] * k[:-1] / (k[1:] + k[:-1])
    diagonal = np.concatenate([[2 * k[0]], links]) + np.concatenate([links, [2 * k[-1]]])
    rates = eigh_tridiagonal(
        n**2 * diagonal / c, -(n**2) * links / np.sqrt(c[1:] * c[:-1]), select="i", select_range=(0, 1)
    )[0]
    np.testing.assert_allclose(slowest_rates(), rates, rtol=1e-5)


def test_a_kan_solves_it() -> None:
    solution = kinn.solve(problems.get("wall-layers"), "kan", iterations=30, seed=0)
    assert solution.errors["u"].l2 < 1e-3
    flux = {}
    for name, _, conductivity, _ in LAYERS[:2]:
        x = np.array([[0.2, 0.5]])
        flux[name] = conductivity * solution.fields.evaluate(x, "u.x", subdomain=name)[0]
    assert flux["plaster"] == pytest.approx(flux["insulation"], abs=5e-3)
