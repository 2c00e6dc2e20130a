from __future__ import annotations

import numpy as np
import pytest

from kinn.geometry import ArcPolygon, Box, Disk, Ellipse, Extrusion, Geometry, Polygon, Rectangle
from kinn.geometry.distances.rfunctions import EmptySet, FullSpace, HalfSpace, diametral_ball, intersection, union
from tests.geometry.examples import SHAPES

WITH_REGION = [name for name in SHAPES if not name.startswith(("surface", "time"))]


@pytest.mark.parametrize("name", WITH_REGION)
def test_the_excess_is_zero_inside_and_positive_outside(name: str) -> None:
    shape = SHAPES[name]
    lower, upper = shape.bounds
    x = np.random.default_rng(0).uniform(lower - 0.2, upper + 0.2, (1000, shape.dim))
    x = x[np.abs(shape.level(x)) > 1e-3 * shape.size]
    inside, zero = shape.contains(x), np.zeros(len(x))
    for region, within in ((shape.region, inside), (shape.region.complement(), ~inside)):
        excess = region.trimming(tuple(x.T), zero)
        assert np.max(excess[within], initial=0) < 1e-20
        assert np.min(excess[~within], initial=1) > 1e-12


def test_everything_and_nothing() -> None:
    half = diametral_ball((0, 0), (1, 0))
    assert intersection([half, FullSpace()]) == half
    assert intersection([half, EmptySet()]) == EmptySet()
    assert union([half, EmptySet()]) == half
    assert union([half, FullSpace()]) == FullSpace()
    assert intersection([]) == FullSpace()
    assert union([]) == EmptySet()
    assert FullSpace().complement() == EmptySet()
    assert FullSpace().trimming((0.0,), 0.0) == 0
    with pytest.raises(ArithmeticError):
        EmptySet().trimming((0.0,), 0.0)


def test_next_to_a_shared_plane_half_spaces_hold_or_do_not() -> None:
    box = Box((0, 0, 0), (1, 1, 1))
    right = box.boundary("right").parts[0].patch.implicit
    region = box.region.restricted(right, 1)
    assert region.trimming((np.array([5.0]), np.array([0.5]), np.array([0.5])), 0.0) < 1e-20  # x is free
    assert box.region.restricted(right, -1) == EmptySet()
    assert box.region.complement().restricted(right, -1) == FullSpace()


@pytest.mark.parametrize(
    "shape",
    [
        Rectangle((0, 0), (1, 2)),
        Disk((1, 2), 3),
        Ellipse((1, 2), (3, 1), angle=0.3),
        Polygon([(0, 0), (2, 1), (0, 3)]),
        ArcPolygon([(0, 0), (1, 0)], [(0.5, -1), None]),
        Extrusion(Disk((0, 0), 1), (0, 1)).rotated(0.4, axis=(1, 2, 3)),
    ],
)
def test_carriers_know_themselves(shape: Geometry) -> None:
    carriers = [part.patch.implicit for part in shape.parts]
    for k, one in enumerate(carriers):
        for m, other in enumerate(carriers):
            assert one.matches(other) == (k == m)
            assert one.matches(-other) == -(k == m)
    x = tuple(shape.sample(20).T)
    for one in carriers:
        np.testing.assert_allclose((-one)(x), -one(x), atol=1e-15)
        np.testing.assert_allclose((-one).lifted()((*x, np.ones(20))), -one(x), atol=1e-15)
    assert isinstance(Disk((0, 0), 1).region, HalfSpace)
