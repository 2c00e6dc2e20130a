"""Stored solutions: sums of products of Fourier and Chebyshev functions, with their derivatives.

A solution that is periodic along an axis is a Fourier series there, along any other axis a Chebyshev series. Both
converge faster than any power where the solution is smooth, so few coefficients hold it to many digits, and values
and derivatives between the points it was computed at are as accurate as at them. What the linear terms of an equation
do to each Fourier mode in time, fast waves or fast decay, is kept as an exponential and not as polynomials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.polynomial import chebyshev

from kinn.geometry.types import Array

#: Points evaluated at a time, so that memory stays bounded.
BLOCK = 2048

#: The kinds of axes; their places here are what files hold.
KINDS = ("chebyshev", "fourier", "half", "cosine")


@dataclass(frozen=True)
class Axis:
    """One coordinate of a series.

    Attributes:
        kind: "chebyshev": polynomials of degree 0, 1, ...; of periodic functions "fourier": modes 0, 1, .., -1 in the
            order of the fast Fourier transform, "half": modes 0, 1, .. of a real function, "cosine": of an even one.
        lower: The lower end.
        upper: The upper end.
    """

    kind: str
    lower: float
    upper: float

    def basis(self, x: Array, size: int, order: int) -> npt.NDArray[Any]:
        """Return the `order`-th derivatives of the `size` functions at x (N,), a matrix (N, size)."""
        length = self.upper - self.lower
        if self.kind == "chebyshev":
            argument = np.clip(2 * (x - self.lower) / length - 1, -1.0, 1.0)
            if not order:
                return chebyshev.chebvander(argument, size - 1)
            slopes = chebyshev.chebder(np.eye(size), order, scl=2 / length)
            return np.asarray(chebyshev.chebvander(argument, len(slopes) - 1) @ slopes)
        modes = np.fft.fftfreq(size, 1 / size) if self.kind == "fourier" else np.arange(size)
        wave = 2j * np.pi / length * modes
        twice = np.where((modes > 0) & (self.kind != "fourier"), 2.0, 1.0)
        waves = twice * wave**order * np.exp(wave * (x[:, None] - self.lower))
        return np.asarray(waves.real if self.kind == "cosine" else waves)


@dataclass(frozen=True, eq=False)
class Series:
    """A function of d coordinates with C values.

    Attributes:
        axes: The coordinates.
        coefficients: An array (C, n_1, .., n_d); the value is the real part of the sum.
        rates: If given, an array (n_1, .., n_(d-1)): terms have a factor exp(rate t), t from the lower end of the last
            axis on.
    """

    axes: tuple[Axis, ...]
    coefficients: npt.NDArray[Any]
    rates: npt.NDArray[Any] | None = None

    def __call__(self, points: Array) -> Array:
        """Return the values (N, C) at points (N, d)."""
        return self.derivative(points, (0,) * len(self.axes))

    def derivative(self, points: Array, index: Sequence[int]) -> Array:
        """Return the partial derivatives (N, C) of a multi-index at points (N, d)."""
        points = np.asarray(points, dtype=np.float64)
        blocks = [points[start : start + BLOCK] for start in range(0, len(points), BLOCK)]
        return np.concatenate([self._block(block, index) for block in blocks])

    def _block(self, points: Array, index: Sequence[int]) -> Array:
        # the last axis is contracted by one matrix product for all points, the others point by point
        total = self._in_time(points[:, -1], index[-1])
        for n in reversed(range(len(self.axes) - 1)):
            matrix = self.axes[n].basis(points[:, n], self.coefficients.shape[n + 1], index[n])
            total = np.einsum("nc...k,nk->nc...", total, matrix)
        return np.asarray(total.real, dtype=np.float64)

    def _in_time(self, t: Array, order: int) -> npt.NDArray[Any]:
        """Return the coefficients (N, C, n_1, .., n_(d-1)) at times, or their derivatives."""
        size = self.coefficients.shape[-1]

        def polynomial(n: int) -> npt.NDArray[Any]:
            matrix = self.axes[-1].basis(t, size, n)
            return np.tensordot(matrix, self.coefficients, axes=(1, self.coefficients.ndim - 1))

        if self.rates is None:
            return polynomial(order)
        terms = [comb(order, n) * self.rates ** (order - n) * polynomial(n) for n in range(order + 1)]
        growth = np.exp(self.rates * (t.reshape(-1, *[1] * self.rates.ndim) - self.axes[-1].lower))
        return np.asarray(sum(terms) * growth[:, None])

    def save(self, path: Path) -> None:
        """Write the series, coefficients in single precision."""
        single = np.complex64 if np.iscomplexobj(self.coefficients) else np.float32
        arrays: dict[str, Any] = {} if self.rates is None else {"rates": self.rates}
        np.savez_compressed(
            path,
            kinds=np.array([KINDS.index(axis.kind) for axis in self.axes]),
            bounds=np.array([(axis.lower, axis.upper) for axis in self.axes]),
            coefficients=self.coefficients.astype(single),
            **arrays,
        )

    @staticmethod
    def load(path: Path) -> Series:
        """Return the series of a file."""
        with np.load(path, allow_pickle=False) as data:
            bounds = data["bounds"].tolist()
            axes = tuple(Axis(KINDS[k], *ends) for k, ends in zip(data["kinds"].tolist(), bounds, strict=True))
            coefficients = data["coefficients"]
            rates = data["rates"] if "rates" in data.files else None
        wide = np.complex128 if np.iscomplexobj(coefficients) else np.float64
        return Series(axes, coefficients.astype(wide), rates)


@cache
def stored(name: str) -> Series:
    """Return the series that is kept beside this module under a name."""
    return Series.load(Path(__file__).parent / f"{name}.npz")


def chebyshev_points(lower: float, upper: float, count: int) -> Array:
    """Return the extrema of the Chebyshev polynomial of degree count - 1, increasing, both ends included."""
    return np.asarray(lower + (upper - lower) * (1 - np.cos(np.pi * np.arange(count) / (count - 1))) / 2)


def chebyshev_coefficients(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the coefficients of polynomials through values at the Chebyshev points, along the last axis."""
    count = values.shape[-1]
    matrix = chebyshev.chebvander(-np.cos(np.pi * np.arange(count) / (count - 1)), count - 1)
    return np.asarray(np.linalg.solve(matrix, values.reshape(-1, count).T).T.reshape(values.shape))
