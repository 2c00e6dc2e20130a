"""Corners of an elastic body in the plane at which the stress is infinite.

Near a corner of angle w the displacement goes as r^a, where a solves (Williams 1952, J. Appl. Mech. 19, 526)

    sin a w = +- a sin w                                  both faces free,
    k sin a w = +- a sin w                                both clamped,
    k sin^2 a w = ((k + 1) / 2)^2 - a^2 sin^2 w           one free, one clamped,

k = 3 - 4 nu in plane strain and (3 - nu) / (1 + nu) in plane stress; a may be complex, and its real part counts. Where it is below 1 the stress has no bound, and networks that see
the coordinates alone need many splines for it: the distance to the power a is an input that helps them.
"""

from __future__ import annotations

from cmath import cos, sin
from collections.abc import Callable, Sequence
from itertools import product
from math import pi
from typing import Any

import numpy as np

from kinn.errors import InputError, unknown
from kinn.mechanics.elastic import PlaneStress
from kinn.mechanics.material import Material

#: What a face may be.
FACES = ("free", "clamped")

#: Where roots are looked for from, real and imaginary parts.
STARTS = (np.linspace(0.05, 0.95, 19), (0.0, 0.1, 0.3, 0.6))

#: Newton's steps from each start.
STEPS = 40

#: Roots nearer than this to 0 and 1 are the shift and the rotation of the whole, which are no field of the corner.
TRIVIAL = 1e-6

#: The square of the distance, in units of length, at which the feature is flat: its slope at the corner is a number.
FLAT = 1e-16


def corner_exponent(material: Material, angle: float, faces: Sequence[str]) -> float:
    """Return the least exponent a of the displacement at a corner, 1 where the stress is bounded.

    Args:
        material: The material, of which Poisson's ratio counts; others than `PlaneStress` are in plane strain.
        angle: The angle of the body at the corner in radians, above 0 and up to 2 pi.
        faces: What the two faces are, "free" or "clamped" each.

    Raises:
        InputError: If the angle or the faces cannot be.
    """
    if not 0 < angle <= 2 * pi:
        raise InputError(f"the angle of a corner is above 0 and up to 2 pi, not {angle}")
    if len(faces) != 2:
        raise InputError(f"a corner has two faces, not {len(faces)}")
    for face in faces:
        if face not in FACES:
            raise unknown("face of a corner", face, FACES)
    nu = float(material.poisson)
    k = (3 - nu) / (1 + nu) if isinstance(material, PlaneStress) else 3 - 4 * nu
    if faces[0] != faces[1]:
        return _least(
            lambda a: k * sin(a * angle) ** 2 - ((k + 1) / 2) ** 2 + (a * sin(angle)) ** 2,
            lambda a: k * angle * sin(2 * a * angle) + 2 * a * sin(angle) ** 2,
        )
    factor = 1.0 if faces[0] == "free" else k
    return min(
        _least(
            lambda a, s=sign: factor * sin(a * angle) - s * a * sin(angle),  # type: ignore[misc]
            lambda a, s=sign: factor * angle * cos(a * angle) - s * sin(angle),  # type: ignore[misc]
        )
        for sign in (1, -1)
    )


def corner_feature(corner: Sequence[float], exponent: float) -> Callable[[Any, Any], Any]:
    """Return (x, y) -> r^a, r the distance from a corner: an input for networks where the field goes like that."""
    x0, y0 = corner

    def feature(x: Any, y: Any) -> Any:
        return ((x - x0) * (x - x0) + (y - y0) * (y - y0) + FLAT) ** (exponent / 2)

    return feature


def corner_weight(corner: Sequence[float], exponent: float, reach: float) -> Callable[[Any, Any], Any]:
    """Return (x, y) -> (r^2 / (r^2 + R^2))^(1 - a / 2), which keeps a strong residual bounded at a corner.

    It goes as r^(2 - a) near the corner, as the inverse of second derivatives, and to 1 beyond the reach R, a length.
    """
    x0, y0 = corner

    def weight(x: Any, y: Any) -> Any:
        squared = (x - x0) * (x - x0) + (y - y0) * (y - y0)
        return (squared / (squared + reach**2)) ** (1 - exponent / 2)

    return weight


def _least(f: Callable[[complex], complex], slope: Callable[[complex], complex]) -> float:
    """Return the least real part of the roots between 0 and 1, by Newton's method from many starts; 1 where there is none."""
    least = 1.0
    for re, im in product(*STARTS):
        a = complex(re, im)
        for _ in range(STEPS):
            step = f(a) / slope(a) if slope(a) != 0 else 1.0
            a -= step
            if abs(step) < 1e-15 or abs(a) > 2:
                break
        if TRIVIAL < a.real < least - TRIVIAL and abs(step) < 1e-8:
            least = a.real
    return least
