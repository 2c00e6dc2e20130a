from __future__ import annotations

import math

import numpy as np
import pytest

from kinn.errors import InputError
from kinn.geometry.boundary.arclength import ArcLength


def test_parabola() -> None:
    """y = t^2 has length t sqrt(1 + 4 t^2) / 2 + asinh(2 t) / 4."""
    curve = ArcLength(lambda t: np.sqrt(1 + 4 * t * t), (0.0, 3.0))

    def exact(t: np.ndarray) -> np.ndarray:
        return t * np.sqrt(1 + 4 * t * t) / 2 + np.arcsinh(2 * t) / 4

    assert curve.total == pytest.approx(float(exact(np.array(3.0))), rel=1e-14)
    t = np.linspace(0, 3, 101)
    np.testing.assert_allclose(curve.length(t), exact(t), atol=1e-13)
    np.testing.assert_allclose(curve.parameter(exact(t) / curve.total), t, atol=1e-13)


def test_breaks_may_have_corners() -> None:
    curve = ArcLength(lambda t: np.where(t < 0.3, 1.0, 5.0), (0.0, 0.3, 1.0))
    assert curve.total == pytest.approx(0.3 + 3.5, rel=1e-14)
    assert curve.parameter(np.array([0.0, 0.3 / 3.8, 1.0])) == pytest.approx([0, 0.3, 1])


def test_unresolved_speeds_are_refused() -> None:
    with pytest.raises(InputError, match="must be smooth, and this one is not near the parameter 0"):
        ArcLength(lambda t: 2 + np.sin(1e6 * t), (0.0, 1.0))
    with pytest.raises(InputError, match="finite speed"):
        ArcLength(lambda t: 1 / (t - 0.5) * math.nan, (0.0, 1.0))
