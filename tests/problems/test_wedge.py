from __future__ import annotations

from math import pi

import numpy as np
import pytest

from kinn.conditions import Observation
from kinn.problems.wedge import SHARPEST, constants, make_problem


@pytest.mark.parametrize("angle", [0.3, 1.0, pi / 2, 2.5, 3.1])
def test_constants_solve_the_four_conditions(angle: float) -> None:
    rows = np.array(
        [
            [1, 0, 1, 0],
            [0, 1, 0, 2],
            [1, angle, np.cos(2 * angle), np.sin(2 * angle)],
            [0, 1, -2 * np.sin(2 * angle), 2 * np.cos(2 * angle)],
        ]
    )
    np.testing.assert_allclose(constants(angle, 5.0), np.linalg.solve(rows, [-2.5, 0, 0, 0]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("angle", [SHARPEST, 0.1, 1.0])
def test_faces_carry_what_is_said_even_where_constants_are_large(angle: float) -> None:
    exact = make_problem(angle=angle).exact
    assert exact is not None
    np.testing.assert_allclose(exact(np.array([0.0, angle])), [-2.5, 0.0], atol=1e-9)


def test_half_plane_is_the_limit_of_wedges() -> None:
    np.testing.assert_allclose(constants(pi, 5.0), constants(pi - 1e-9, 5.0), atol=1e-8)
    assert abs(constants(pi, 5.0)[2]) < 1e-12


def test_half_plane_is_told_the_value_in_the_middle() -> None:
    told = [c for c in make_problem(angle=pi).conditions if isinstance(c, Observation)]
    np.testing.assert_allclose([c.values for c in told], [[-5.0 / 4]])
    assert not any(isinstance(c, Observation) for c in make_problem(angle=3.0).conditions)
