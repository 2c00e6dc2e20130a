"""A plane wave scattered by a disk, by its series in Hankel functions.

    e^(i k x) meets the disk r < 1 on which the whole field vanishes;
    u = -sum_n i^n J_n(k) / H_n(k) H_n(k r) e^(i n theta) is what is scattered (time e^(-i w t)).

Source: Colton and Kress, Inverse Acoustic and Electromagnetic Scattering Theory, section 3.5 of the 4th edition.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import hankel1, jv

from kinn.fields import Field
from kinn.geometry.types import Array
from kinn.jets import Component, Index


def scattered(x: Array, y: Array, k: float, index: Index = (0, 0)) -> npt.NDArray[np.complex128]:
    """Return a derivative of the scattered field at points with r >= 1.

    Multiplied by k, D = d/dx + i d/dy lowers H_n e^(i n theta) to -H_(n+1) e^(i (n+1) theta), and its conjugate raises it
    to H_(n-1) e^(i (n-1) theta): every derivative is a sum of such.
    """
    z = np.asarray(x, dtype=np.float64) + 1j * np.asarray(y, dtype=np.float64)
    r, angle = np.abs(z), np.angle(z)
    most = int(k + 12 * (k + 1) ** (1 / 3) + 12)
    orders = np.arange(-most, most + 1)
    coefficients = -((1j) ** orders) * jv(orders, k) / hankel1(orders, k)
    # d/dx = (D + D*) / 2, d/dy = (D - D*) / 2i, as polynomials in the shift of the order by +1 and by -1
    terms = {0: 1.0 + 0j}
    for axis, times in enumerate(index):
        up, down = ((-k / 2, k / 2), (-k / 2j, -k / 2j))[axis]
        for _ in range(times):
            moved: dict[int, complex] = {}
            for shift, factor in terms.items():
                moved[shift + 1] = moved.get(shift + 1, 0) + factor * up
                moved[shift - 1] = moved.get(shift - 1, 0) + factor * down
            terms = moved
    total = np.zeros(z.shape, dtype=np.complex128)
    for n, c in zip(orders, coefficients, strict=True):
        for shift, factor in terms.items():
            m = n + shift
            total += c * factor * hankel1(m, k * r) * np.exp(1j * m * angle)
    return total


def exact(k: float) -> Any:
    """Return (x, y) -> real and imaginary part, of arrays or of fields."""

    def solution(x: Any, y: Any) -> tuple[Any, Any]:
        if not isinstance(x, Field):
            u = scattered(x, y, k)
            return u.real, u.imag
        at = torch.as_tensor(x.value).numpy(), torch.as_tensor(y.value).numpy()

        def part(imaginary: bool) -> Field:
            def component(index: Index) -> Component:
                u = scattered(*at, k, index)
                return torch.as_tensor(u.imag if imaginary else u.real)

            return Field(x.coordinates, component)

        return part(False), part(True)

    return solution
