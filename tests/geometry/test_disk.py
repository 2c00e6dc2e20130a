from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry import Disk


@given(x=st.floats(-50, 50), y=st.floats(-50, 50), radius=st.floats(0.01, 100))
def test_disk(x: float, y: float, radius: float) -> None:
    shape = Disk((x, y), radius, name="hole")
    assert shape.boundaries == ("hole",)
    assert shape.measure == pytest.approx(math.pi * radius**2)
    assert shape.boundary("hole").measure == pytest.approx(2 * math.pi * radius)
    located = shape.boundary("outer").sample(50)
    assert np.allclose(located.points, np.array([x, y]) + radius * located.normals)


def test_rings_of_equal_area_hold_equal_numbers() -> None:
    radius = np.linalg.norm(Disk((0, 0), 2).sample(4000), axis=1)
    counts, _ = np.histogram(radius**2, bins=8, range=(0, 4))
    assert np.all(np.abs(counts - 500) < 20)


@pytest.mark.parametrize("radius", [0, -1, math.nan, math.inf, "wide"])
def test_rejected(radius: float) -> None:
    with pytest.raises(InputError, match="radius of a disk must be"):
        Disk((0, 0), radius)


def test_rejected_centre() -> None:
    with pytest.raises(InputError, match="centre of a disk"):
        Disk((0, math.inf), 1)
