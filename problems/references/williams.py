"""The singular field at a re-entrant corner of 270 degrees with free faces, in the opening mode.

    2 G (u + i v) = r^a ((k - q (a + 1)) cos a t - a cos (a - 2) t + i ((k + q (a + 1)) sin a t + a sin (a - 2) t))

in axes along the bisector, from which t is counted, with k = 3 - 4 nu in plane strain; with b = 3 pi / 4 the faces t = +-b
are free where sin 2 a b + a sin 2 b = 0, a = 0.5444837, and q = -cos (a - 1) b / cos (a + 1) b = 0.5430756.

Source: M. L. Williams, J. Appl. Mech. 19 (1952) 526; B. Szabo and I. Babuska, "Finite element analysis" (1991), chapter 10.
"""

from __future__ import annotations

from math import cos as cosine
from math import pi
from typing import Any

from kinn.mechanics import PlaneStrain, corner_exponent
from kinn.problems.references.complex_pairs import power, turned

#: Half the angle of the corner.
HALF = 3 * pi / 4

#: The exponent a of the displacement, and the factor q.
EXPONENT = corner_exponent(PlaneStrain(1.0, 0.3), 2 * HALF, ("free", "free"))  # the same for any modulus and ratio
FACTOR = -cosine((EXPONENT - 1) * HALF) / cosine((EXPONENT + 1) * HALF)


def displacement(x: Any, y: Any, bisector: float, shear: float, poisson: float) -> tuple[Any, Any]:
    """Return u and v, of stress intensity 1, in plane strain.

    Args:
        x: From the corner; with y arrays, or fields.
        y: From the corner.
        bisector: The direction of the bisector that points into the domain.
        shear: The shear modulus G.
        poisson: Poisson's ratio nu.
    """
    z = turned((x, y), bisector)
    squared = z[0] * z[0] + z[1] * z[1]
    cos_a, sin_a = power(z, EXPONENT)
    lower = power(z, EXPONENT - 2)
    kolosov, mixed = 3 - 4 * poisson, FACTOR * (EXPONENT + 1)
    along = (kolosov - mixed) * cos_a - EXPONENT * squared * lower[0]
    across = (kolosov + mixed) * sin_a + EXPONENT * squared * lower[1]
    u, v = turned((along, across), -bisector)
    return u / (2 * shear), v / (2 * shear)
