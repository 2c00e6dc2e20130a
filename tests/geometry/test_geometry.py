"""What every shape promises, held for every primitive and for combinations of them."""

from __future__ import annotations

import numpy as np
import pytest

import kinn
from kinn import InputError
from tests.geometry.examples import SHAPES, SQUARE


def test_coordinates() -> None:
    assert SHAPES["interval"].coordinates == ("x",)
    assert SHAPES["polygon"].coordinates == ("x", "y")
    assert SHAPES["box"].coordinates == ("x", "y", "z")
    assert SHAPES["box-4d"].coordinates == ("x1", "x2", "x3", "x4")
    assert SHAPES["difference-time"].coordinates == ("x", "y", "t")
    assert SHAPES["time"].coordinates == ("t",)


def test_only_shapes_combine() -> None:
    for operation in ("__or__", "__and__", "__sub__", "__mul__"):
        assert getattr(SQUARE, operation)(3) is NotImplemented


@pytest.mark.parametrize(
    ("radius", "message"),
    [(3.0, "no zero in its bounds"), (1.3, "negative on the side of its bounds at -1 along axis 0")],
)
def test_a_level_that_its_bounds_cut_off_is_refused(radius: float, message: str) -> None:
    """A shape of a user's whose box is too small would lack a part of its boundary."""

    class Disc(kinn.Geometry):
        bounds = (np.array([-1.0, -1.0]), np.array([1.0, 1.0]))

        def level(self, points: np.ndarray) -> np.ndarray:
            return np.hypot(*points.T) - radius

    with pytest.raises(InputError, match=message):
        Disc().boundary("boundary")
