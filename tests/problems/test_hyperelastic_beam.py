from __future__ import annotations

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.problems.hyperelastic_beam import EXPONENT, make_problem


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
