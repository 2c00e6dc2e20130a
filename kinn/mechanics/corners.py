"""Singular corners of plane elastic bodies: exponents, input features and weights.

Near a corner of angle w the displacement behaves as r^a, where a solves (Williams 1952, J. Appl. Mech. 19, 526)

    sin a w = +- a sin w                                  both faces free,
    k sin a w = +- a sin w                                both clamped,
    k sin^2 a w = ((k + 1) / 2)^2 - a^2 sin^2 w           one free, one clamped,

k = 3 - 4 nu in plane strain and (3 - nu) / (1 + nu) in plane stress; of a complex a the real part counts. Below 1 the stress
is unbounded: a network of the coordinates alone resolves it slowly, one with r^a as a further input does not.
"""

from __future__ import annotations

from cmath import cos, sin
from collections.abc import Callable, Sequence
from itertools import product
from math import pi
from typing import Any

import numpy as np

from kinn.errors import InputError, check_name
from kinn.mechanics.material import Material, PlaneStress

#: The conditions on a face.
FACES = ("free", "clamped")
#: Starting points of the search for roots, real and imaginary parts.
STARTS = (np.linspace(0.05, 0.95, 19), (0.0, 0.1, 0.3, 0.6))
#: Newton steps from each start.
STEPS = 40
#: Roots nearer than this to 0 and 1 are the rigid-body modes.
TRIVIAL = 1e-6
#: The square of the distance below which the feature is flattened, so that its gradient at the corner is finite.
FLAT = 1e-16


def corner_exponent(material: Material, angle: float, faces: Sequence[str]) -> float:
    """Smallest exponent a of the displacement at a corner, 1 where the stress is bounded.

    Args:
        material: The material, of which Poisson's ratio counts; all but `PlaneStress` are taken in plane strain.
        angle: The angle of the body at the corner in radians, above 0 and up to 2 pi.
        faces: The conditions on the two faces, "free" or "clamped" each.

    Raises:
        InputError: If the angle is out of range, or a face is neither.
    """
    if not 0 < angle <= 2 * pi:
        raise InputError(f"the angle of a corner is above 0 and up to 2 pi, not {angle}")
    if len(faces) != 2:
        raise InputError(f"a corner has two faces, not {len(faces)}")
    for face in faces:
        check_name("face of a corner", face, FACES)
    nu = float(material.poisson)
    k = (3 - nu) / (1 + nu) if isinstance(material, PlaneStress) else 3 - 4 * nu
    if faces[0] != faces[1]:
        return _smallest_root(
            lambda a: k * sin(a * angle) ** 2 - ((k + 1) / 2) ** 2 + (a * sin(angle)) ** 2,
            lambda a: k * angle * sin(2 * a * angle) + 2 * a * sin(angle) ** 2,
        )
    factor = 1.0 if faces[0] == "free" else k
    return min(
        _smallest_root(
            lambda a, s=sign: factor * sin(a * angle) - s * a * sin(angle),  # type: ignore[misc]
            lambda a, s=sign: factor * angle * cos(a * angle) - s * sin(angle),  # type: ignore[misc]
        )
        for sign in (1, -1)
    )


def corner_feature(corner: Sequence[float], exponent: float) -> Callable[[Any, Any], Any]:
    """Input feature (x, y) -> r^a, r the distance from a corner."""
    x0, y0 = corner

    def feature(x: Any, y: Any) -> Any:
        return ((x - x0) * (x - x0) + (y - y0) * (y - y0) + FLAT) ** (exponent / 2)

    return feature


def corner_weight(corner: Sequence[float], exponent: float, reach: float) -> Callable[[Any, Any], Any]:
    """Weight (x, y) -> (r^2 / (r^2 + R^2))^(1 - a / 2), which keeps a strong residual bounded at a corner.

    Near the corner it behaves as r^(2 - a), the inverse of second derivatives; beyond the length R it tends to 1.
    """
    x0, y0 = corner

    def weight(x: Any, y: Any) -> Any:
        squared = (x - x0) * (x - x0) + (y - y0) * (y - y0)
        return (squared / (squared + reach**2)) ** (1 - exponent / 2)

    return weight


def _smallest_root(f: Callable[[complex], complex], slope: Callable[[complex], complex]) -> float:
    """Smallest real part of the roots between 0 and 1, by Newton's method from many starts; 1 where there is none."""
    smallest = 1.0
    for re, im in product(*STARTS):
        a = complex(re, im)
        for _ in range(STEPS):
            step = f(a) / slope(a) if slope(a) != 0 else 1.0
            a -= step
            if abs(step) < 1e-15 or abs(a) > 2:
                break
        if TRIVIAL < a.real < smallest - TRIVIAL and abs(step) < 1e-8:
            smallest = a.real
    return smallest
