"""A disk under uniform pressure on two opposite arcs, in closed form.

The unit disk carries the pressure p on the arcs within an angle b of the y axis, at both ends. With a = e^(ib), the complex
potentials of N. I. Muskhelishvili ("Some basic problems of the mathematical theory of elasticity", section 80) are

    phi' = -p b / pi - p / (2 pi i) (log(1 + z^2 / a^2) - log(1 + a^2 z^2)),  psi' = -phi'' / z,
    sigma_xx + sigma_yy = 4 Re phi',  2 G (u + i v) = k phi - z conj(phi') - conj(psi)

for on the circle phi' + conj(phi'(0)) - z phi'' - z^2 psi' is the Cauchy integral of the pressure. The stresses are those
of the series of G. Hondros, Aust. J. Appl. Sci. 10 (1959) 243. With 1 + c^2 z^2 = (1 + i c z) (1 - i c z) all logarithms
keep their branch in the disk.
"""

from __future__ import annotations

from math import cos as cosine
from math import pi
from math import sin as sine
from typing import Any

from kinn.problems.references.complex_pairs import Pair, logarithm, times


def factors(z: Pair, c: Pair) -> tuple[Pair, Pair]:
    """Return log(1 + c^2 z^2) and arctan(c z) = (log(1 + i c z) - log(1 - i c z)) / 2i."""
    re, im = times(c, z)
    above, below = logarithm((1 - im, re)), logarithm((1 + im, -re))
    return (above[0] + below[0], above[1] + below[1]), ((above[1] - below[1]) / 2, (below[0] - above[0]) / 2)


def displacement(x: Any, y: Any, angle: float, shear: float, kolosov: float, pressure: float) -> tuple[Any, Any]:
    """Return u and v, the centre at rest.

    Args:
        x: Across; with y arrays, or fields.
        y: Along the diameter that is pressed.
        angle: Half the angle b of the arcs.
        shear: The shear modulus G.
        kolosov: Kolosov's constant k, (3 - nu) / (1 + nu) in plane stress.
        pressure: The pressure p on the arcs.
    """
    z, a, conjugate = (x, y), (cosine(angle), sine(angle)), (cosine(angle), -sine(angle))
    (log_c, arctan_c), (log_a, arctan_a) = factors(z, conjugate), factors(z, a)
    scale = pressure / (2 * pi)
    # dividing by i turns (re, im) into (im, -re)
    logs = (log_c[0] - log_a[0], log_c[1] - log_a[1])
    slope = (-2 * angle * scale - scale * logs[1], scale * logs[0])
    # arctan(c z) / c with 1 / c the conjugate
    turned_c, turned_a = times(a, arctan_c), times(conjugate, arctan_a)
    product = times(z, logs)
    inner = (product[0] + 2 * (turned_c[0] - turned_a[0]), product[1] + 2 * (turned_c[1] - turned_a[1]))
    phi = (-2 * angle * scale * x - scale * inner[1], -2 * angle * scale * y + scale * inner[0])
    straight_c, straight_a = times(conjugate, arctan_c), times(a, arctan_a)
    psi = (2 * scale * (straight_c[1] - straight_a[1]), -2 * scale * (straight_c[0] - straight_a[0]))
    mixed = times(z, (slope[0], -slope[1]))
    u, v = kolosov * phi[0] - mixed[0] - psi[0], kolosov * phi[1] - mixed[1] + psi[1]
    return u / (2 * shear), v / (2 * shear)
