"""Exponential time differencing of fourth order for spectra: stiff linear terms exactly, the rest by Runge-Kutta.

    v' = L v + N(v), L diagonal

(Cox and Matthews 2002, J. Comput. Phys. 176, 430; Kassam and Trefethen 2005, SIAM J. Sci. Comput. 26, 1214, whose
contour integrals give the coefficients without cancellation.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Spectrum: TypeAlias = npt.NDArray[np.complex128]

#: Points on the whole circle around L h over which the coefficients are averaged.
CONTOUR = 32


class Step:
    """One step of a given size.

    Args:
        linear: The diagonal L.
        size: The size h of the step.
    """

    def __init__(self, linear: npt.NDArray[Any], size: float) -> None:
        z = np.asarray(linear, dtype=np.complex128) * size
        self.full_step, self.half_step = np.exp(z), np.exp(z / 2)
        total = [np.zeros_like(z) for _ in range(4)]
        for angle in (np.arange(CONTOUR) + 0.5) * 2 * np.pi / CONTOUR:
            r = z + np.exp(1j * angle)
            e = np.exp(r)
            total[0] += (np.exp(r / 2) - 1) / r
            total[1] += (-4 - r + e * (4 - 3 * r + r**2)) / r**3
            total[2] += (2 + r + e * (r - 2)) / r**3
            total[3] += (-4 - 3 * r - r**2 + e * (4 - r)) / r**3
        self.q, self.first, self.middle, self.last = (size * t / CONTOUR for t in total)

    def __call__(self, v: Spectrum, nonlinear: Callable[[Spectrum], Spectrum]) -> Spectrum:
        """Return the spectrum a step later."""
        at_v = nonlinear(v)
        a = self.half_step * v + self.q * at_v
        at_a = nonlinear(a)
        b = self.half_step * v + self.q * at_a
        at_b = nonlinear(b)
        c = self.half_step * a + self.q * (2 * at_b - at_v)
        return self.full_step * v + self.first * at_v + 2 * self.middle * (at_a + at_b) + self.last * nonlinear(c)


def march(
    linear: npt.NDArray[Any],
    nonlinear: Callable[[Spectrum], Spectrum],
    start: Spectrum,
    times: Sequence[float],
    step: float,
) -> Spectrum:
    """Return the spectra at given times, stacked along a new first axis.

    Args:
        linear: The diagonal L.
        nonlinear: The rest N.
        start: The spectrum at the first time.
        times: Increasing times.
        step: The largest step; each stretch between two times is cut into equal ones.
    """
    out = [start]
    for before, after in pairwise(times):
        count = ceil((after - before) / step)
        advance = Step(linear, (after - before) / count)
        v = out[-1]
        for _ in range(count):
            v = advance(v, nonlinear)
        out.append(v)
    return np.stack(out)
