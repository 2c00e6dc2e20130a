from __future__ import annotations

from math import pi

import numpy as np
import pytest
import torch

from kinn.errors import InputError
from kinn.fields import Points
from kinn.mechanics import NeoHookean, PlaneStrain, PlaneStress, corner_exponent, corner_feature, corner_weight

STRAIN = PlaneStrain(1.0, 0.3)


@pytest.mark.parametrize(
    ("angle", "faces", "exponent"),
    [
        (3 * pi / 2, ("free", "free"), 0.5444837367824640),  # Szabo and Babuska (1991), chapter 10
        (2 * pi, ("free", "free"), 0.5),  # a crack
        (2 * pi, ("clamped", "clamped"), 0.5),
        (pi, ("clamped", "free"), 0.5),  # 1/2 +- i log(k) / (2 pi): a punch that sticks
        (2 * pi, ("free", "clamped"), 0.25),
        (pi / 2, ("free", "free"), 1.0),
        (pi, ("free", "free"), 1.0),
        (pi / 2, ("clamped", "clamped"), 1.0),
    ],
)
def test_known_exponents(angle: float, faces: tuple[str, str], exponent: float) -> None:
    assert corner_exponent(STRAIN, angle, faces) == pytest.approx(exponent, abs=1e-6)


def test_clamped_end_of_a_strip() -> None:
    # k sin^2(a pi / 2) = ((k + 1) / 2)^2 - a^2
    for material, k in ((STRAIN, 1.8), (NeoHookean(5.0, 0.3), 1.8), (PlaneStress(1.0, 0.3), 2.7 / 1.3)):
        a = corner_exponent(material, pi / 2, ("clamped", "free"))
        assert 0.5 < a < 1
        assert k * np.sin(a * pi / 2) ** 2 == pytest.approx((k + 1) ** 2 / 4 - a * a, abs=1e-12)


def test_faces_may_be_swapped_and_wider_corners_are_worse() -> None:
    exponents = [corner_exponent(STRAIN, w, ("free", "clamped")) for w in (1.2, 1.6, 2.5, 4.0, 6.0)]
    assert exponents == [corner_exponent(STRAIN, w, ("clamped", "free")) for w in (1.2, 1.6, 2.5, 4.0, 6.0)]
    assert sorted(exponents, reverse=True) == exponents


@pytest.mark.parametrize(
    ("angle", "faces", "message"),
    [
        (0.0, ("free", "free"), "above 0 and up to 2 pi"),
        (7.0, ("free", "free"), "above 0 and up to 2 pi"),
        (1.0, ("free",), "two faces, not 1"),
        (1.0, ("free", "clampd"), "clamped"),
    ],
)
def test_corners_that_cannot_be(angle: float, faces: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        corner_exponent(STRAIN, angle, faces)


def test_feature_is_the_power_of_the_distance_and_finite_at_the_corner() -> None:
    feature = corner_feature((1.0, 2.0), 0.7)
    assert feature(np.array([4.0]), np.array([6.0])) == pytest.approx(5**0.7)
    p = Points(("x", "y"), torch.tensor([[1.0, 2.0], [1.5, 2.0]], dtype=torch.float64))
    field = feature(*p.coordinates)
    assert torch.isfinite(field.x.value).all()
    assert float(field.x.value[1]) == pytest.approx(0.7 * 0.5**-0.3)


def test_weight_is_the_inverse_of_second_derivatives_at_the_corner_and_one_far_off() -> None:
    weight = corner_weight((1.0, 2.0), 0.7, 3.0)
    near, nearer = (weight(np.array([1.0 + r]), np.array([2.0])) for r in (1e-3, 1e-4))
    assert near / nearer == pytest.approx(10**1.3, rel=1e-6)
    assert weight(np.array([301.0]), np.array([2.0])) == pytest.approx(1.0, abs=1e-4)
