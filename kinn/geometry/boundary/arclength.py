"""Arc length of smooth curves, and its inverse, which runs through a curve at constant speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from kinn.errors import InputError
from kinn.geometry.types import Array

_DEGREE = 15
_NODES = np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))  # of Chebyshev interpolation on [-1, 1]
_CLOSE = 1e-13  # what the last coefficients may be, relative to the greatest speed
_MOST_PANELS = 2**14


class ArcLength:
    """The length of a curve up to each parameter.

    The speed is interpolated by Chebyshev polynomials on panels, which are halved until it is resolved to rounding.

    Args:
        speed: Gives |r'(t)| at parameters (m,); smooth between the breaks.
        breaks: Increasing parameters, the first and last of which bound the curve.

    Raises:
        InputError: The speed is not finite, or not resolved by some 16,000 panels.
    """

    def __init__(self, speed: Callable[[Array], Array], breaks: Sequence[float]) -> None:
        lower, upper = np.array(breaks[:-1], dtype=np.float64), np.array(breaks[1:], dtype=np.float64)
        done: list[tuple[Any, Any, Any]] = []
        fastest = 0.0
        while len(lower):
            middle, half = (lower + upper) / 2, (upper - lower) / 2
            values = speed((middle + half * _NODES[:, None]).ravel()).reshape(len(_NODES), -1)
            if not np.isfinite(values).all():
                raise InputError("a curve must have a finite speed everywhere")
            coefficients = np.linalg.solve(chebyshev.chebvander(_NODES, _DEGREE), values)
            fastest = max(fastest, float(np.max(np.abs(values), initial=0.0)))
            good = np.max(np.abs(coefficients[-3:]), axis=0) <= _CLOSE * fastest
            done.append((lower[good], upper[good], coefficients[:, good]))
            lower, upper = (
                np.concatenate([lower[~good], middle[~good]]),
                np.concatenate([middle[~good], upper[~good]]),
            )
            if len(lower) > _MOST_PANELS:
                raise InputError(f"a curve must be smooth, and this one is not near the parameter {lower[0]:g}")
        starts, ends, coefficients = (np.concatenate(parts, axis=-1) for parts in zip(*done, strict=True))
        order = np.argsort(starts)
        self._starts, self._halves = starts[order], (ends - starts)[order] / 2
        self._lengths = chebyshev.chebint(coefficients[:, order], lbnd=-1) * self._halves
        self._speeds = coefficients[:, order]
        self._joints = np.concatenate([[0.0], np.cumsum(chebyshev.chebval(1.0, self._lengths))])

    @property
    def total(self) -> float:
        """Length of the whole curve."""
        return float(self._joints[-1])

    def parameter(self, share: Array) -> Array:
        """Parameters, (m,), up to which the curve has the given shares of its length, (m,)."""
        along = np.asarray(share) * self.total
        panel = np.clip(np.searchsorted(self._joints, along, side="right") - 1, 0, len(self._starts) - 1)
        remainder, half = along - self._joints[panel], self._halves[panel]
        lengths, speeds = self._lengths[:, panel], self._speeds[:, panel]
        # the speed hardly varies over a panel: Newton's method converges from the straight guess
        u = 2 * remainder / (self._joints[panel + 1] - self._joints[panel]) - 1
        for _ in range(60):
            step = (chebyshev.chebval(u, lengths, tensor=False) - remainder) / (
                half * chebyshev.chebval(u, speeds, tensor=False)
            )
            u = np.clip(u - step, -1.0, 1.0)
            if not len(u) or np.max(np.abs(step)) < 1e-14:
                break
        return np.asarray(self._starts[panel] + half * (u + 1))

    def length(self, parameter: Array) -> Array:
        """Length of the curve up to parameters, (m,)."""
        t = np.asarray(parameter)
        panel = np.clip(np.searchsorted(self._starts, t, side="right") - 1, 0, len(self._starts) - 1)
        u = (t - self._starts[panel]) / self._halves[panel] - 1
        return np.asarray(self._joints[panel] + chebyshev.chebval(u, self._lengths[:, panel], tensor=False))
