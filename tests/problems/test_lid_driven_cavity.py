"""The reference flow in the cavity, against tables in print and a coarser computation."""

from __future__ import annotations

import numpy as np
import pytest

from kinn.problems.references import lid_driven_cavity as cavity

#: u on the vertical and v on the horizontal centre line by Ghia, Ghia and Shin (1982, J. Comput. Phys. 48, 387, tables I
#: and II), computed with a multigrid method on 129 x 129 points. One value of v, at x = 0.9063 for Re = 400, is left out:
#: it breaks the smooth line of its neighbours.
GHIA_Y = (0.0547, 0.0625, 0.0703, 0.1016, 0.1719, 0.2813, 0.4531, 0.5, 0.6172, 0.7344, 0.8516, 0.9531, 0.9609, 0.9688, 0.9766)  # fmt: skip
GHIA_X = (0.0625, 0.0703, 0.0781, 0.0938, 0.1563, 0.2266, 0.2344, 0.5, 0.8047, 0.8594, 0.9063, 0.9453, 0.9531, 0.9609, 0.9688)  # fmt: skip
GHIA_U = {
    100: (-0.03717, -0.04192, -0.04775, -0.06434, -0.10150, -0.15662, -0.21090, -0.20581, -0.13641, 0.00332, 0.23151, 0.68717, 0.73722, 0.78871, 0.84123),
    400: (-0.08186, -0.09266, -0.10338, -0.14612, -0.24299, -0.32726, -0.17119, -0.11477, 0.02135, 0.16256, 0.29093, 0.55892, 0.61756, 0.68439, 0.75837),
    1000: (-0.18109, -0.20196, -0.22220, -0.29730, -0.38289, -0.27805, -0.10648, -0.06080, 0.05702, 0.18719, 0.33304, 0.46604, 0.51117, 0.57492, 0.65928),
}  # fmt: skip
GHIA_V = {
    100: (0.09233, 0.10091, 0.10890, 0.12317, 0.16077, 0.17507, 0.17527, 0.05454, -0.24533, -0.22445, -0.16914, -0.10313, -0.08864, -0.07391, -0.05906),
    400: (0.18360, 0.19713, 0.20920, 0.22965, 0.28124, 0.30203, 0.30174, 0.05186, -0.38598, -0.44993, float("nan"), -0.22847, -0.19254, -0.15663, -0.12146),
    1000: (0.27485, 0.29012, 0.30353, 0.32627, 0.37095, 0.33075, 0.32235, 0.02526, -0.31966, -0.42665, -0.51550, -0.39188, -0.33714, -0.27669, -0.21388),
}  # fmt: skip


#: Extrema of the same by Botella and Peyret (1998, Computers & Fluids 27, 421, table 9), a Chebyshev method for Re = 1000.
BOTELLA = {"least u": -0.3885698, "largest v": 0.3769447, "least v": -0.5270771}


def on_the_lines(y: np.ndarray, x: np.ndarray, reynolds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return u on the vertical and v on the horizontal centre line."""
    u = cavity.reference(np.column_stack([0 * y + 0.5, y]), reynolds)[:, 0]
    v = cavity.reference(np.column_stack([x, 0 * x + 0.5]), reynolds)[:, 1]
    return u, v


@pytest.mark.parametrize("reynolds", cavity.REYNOLDS)
def test_centre_lines_are_those_of_ghia(reynolds: int) -> None:
    u, v = on_the_lines(np.array(GHIA_Y), np.array(GHIA_X), reynolds)
    given = np.array(GHIA_V[reynolds])
    known = np.isfinite(given)
    # the differences are those of the tables: at Re = 1000 Botella and Peyret find the same ones
    np.testing.assert_allclose(u, GHIA_U[reynolds], atol=7e-3)
    np.testing.assert_allclose(v[known], given[known], atol=2e-2)
    assert np.sqrt(np.mean((v[known] - given[known]) ** 2)) < 1e-2


def test_extrema_are_those_of_botella_and_peyret() -> None:
    s = np.linspace(0.05, 0.95, 4001)
    u, v = on_the_lines(s, s, 1000)
    np.testing.assert_allclose([u.min(), v.max(), v.min()], list(BOTELLA.values()), atol=1e-4)


def test_walls_and_the_pressure_at_the_corner() -> None:
    s = cavity.lines(65)[1:-1]
    for reynolds in cavity.REYNOLDS:
        lid = cavity.reference(np.column_stack([s, 0 * s + 1]), reynolds)
        np.testing.assert_allclose(lid[:, :2], np.broadcast_to([1.0, 0.0], (len(s), 2)), atol=1e-6)
        for wall in ((s, 0 * s), (0 * s, s), (0 * s + 1, s)):
            assert np.abs(cavity.reference(np.column_stack(wall), reynolds)[:, :2]).max() < 1e-6
        assert abs(cavity.reference(np.zeros((1, 2)), reynolds)[0, 2]) < 1e-6


def test_what_is_stored_agrees_with_a_coarser_computation() -> None:
    coarse = cavity.compute(elements=32, numbers=(100,))[100]
    s = np.linspace(0.05, 0.95, 200)
    for line, component in ((np.column_stack([0 * s + 0.5, s]), 0), (np.column_stack([s, 0 * s + 0.5]), 1)):
        difference = coarse(line)[:, component] - cavity.reference(line, 100)[:, component]
        assert np.abs(difference).max() < cavity.CONVERGED
