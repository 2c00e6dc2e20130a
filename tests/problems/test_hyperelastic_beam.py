from __future__ import annotations

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.problems.hyperelastic_beam import CORNERS, EXPONENT, closeness, make_problem


def test_networks_see_the_corners_unless_asked_not_to() -> None:
    assert not make_problem(features="none").features
    helped = make_problem()
    x = np.array([[0.3, 0.4], [0.0, 1.0 - 1e-3]])
    seen = np.array([f(*x.T) for f in helped.features_of("domain")])
    np.testing.assert_allclose(seen[0], np.hypot(*x.T) ** EXPONENT)
    assert seen[1, 1] == pytest.approx(1e-3**EXPONENT)
    assert "given" in helped.title
    with pytest.raises(InputError, match="corners"):
        make_problem(features="corner")


def test_factor_of_the_residual_goes_as_its_inverse_at_the_corners() -> None:
    for x0, y0 in CORNERS:
        near, nearer = (closeness(np.array([x0 + r]), np.array([y0])) for r in (1e-3, 1e-4))
        assert near / nearer == pytest.approx(10 ** (2 - EXPONENT), rel=1e-2)
    assert closeness(np.array([4.0]), np.array([0.5])) == pytest.approx(1.0, abs=0.1)
