from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinn.errors import InputError
from kinn.geometry import Ball, Box, Disk, Sphere


@given(x=st.floats(-50, 50), y=st.floats(-50, 50), radius=st.floats(0.01, 100))
def test_disk(x: float, y: float, radius: float) -> None:
    shape = Disk((x, y), radius, name="hole")
    assert shape.boundaries == ("hole",)
    assert shape.measure == pytest.approx(math.pi * radius**2)
    assert shape.boundary("hole").measure == pytest.approx(2 * math.pi * radius)
    samples = shape.boundary("outer").sample(50)
    assert np.allclose(samples.points, np.array([x, y]) + radius * samples.normals)


@given(dim=st.integers(2, 7), radius=st.floats(0.1, 10))
def test_ball(dim: int, radius: float) -> None:
    shape = Ball((1.0,) * dim, radius)
    # V_d = 2 pi / d R^2 V_(d-2), and the sphere has d / R of it
    volume = [1.0, 2 * radius]
    while len(volume) <= dim:
        volume.append(2 * math.pi / len(volume) * radius**2 * volume[-2])
    assert shape.measure == pytest.approx(volume[dim])
    assert shape.boundary("ball").measure == pytest.approx(dim / radius * volume[dim])
    samples = shape.boundary("boundary").sample(50)
    assert np.allclose(samples.points, 1 + radius * samples.normals)
    assert shape.contains(shape.sample(50)).all()


@pytest.mark.parametrize("dim", [2, 3, 5, 8])
def test_points_are_uniform_on_spheres_and_in_balls(dim: int) -> None:
    """Each coordinate of a uniform direction has mean 0 and variance 1 / d; the radius has P(r < s) = s^d."""
    shape = Ball((0,) * dim, 1)
    normals = shape.boundary("ball").sample(4096).normals
    assert np.allclose(normals.mean(axis=0), 0, atol=0.02)
    assert np.allclose(normals.T @ normals / 4096, np.eye(dim) / dim, atol=0.01)
    shells = np.linalg.norm(shape.sample(4096), axis=1) ** dim
    counts, _ = np.histogram(shells, bins=8, range=(0, 1))
    assert np.all(np.abs(counts - 512) < 20)


def test_caps_of_a_sphere_follow_the_hat_box_theorem() -> None:
    shape = Sphere((0, 0, 0), 2) - Box((-3, -3, 1), (3, 3, 3))
    assert shape.boundary("sphere").measure == pytest.approx(2 * math.pi * 2 * 3, rel=2e-3)
    assert shape.boundary("back").measure == pytest.approx(3 * math.pi, rel=2e-3)
    assert shape.measure == pytest.approx(math.pi * 9 * (6 - 3) / 3, rel=2e-3)


def test_rings_of_equal_area_hold_equal_numbers() -> None:
    radius = np.linalg.norm(Disk((0, 0), 2).sample(4000), axis=1)
    counts, _ = np.histogram(radius**2, bins=8, range=(0, 4))
    assert np.all(np.abs(counts - 500) < 20)


@pytest.mark.parametrize("radius", [0, -1, math.nan, math.inf, "wide"])
def test_rejected(radius: float) -> None:
    with pytest.raises(InputError, match="radius of a disk must be"):
        Disk((0, 0), radius)


def test_rejected_centres() -> None:
    with pytest.raises(InputError, match="centre of a disk"):
        Disk((0, math.inf), 1)
    with pytest.raises(InputError, match="centre of a sphere needs 3 coordinates, got 2"):
        Sphere((0, 0), 1)
    with pytest.raises(InputError, match="one dimension is an interval"):
        Ball((0,), 1)
