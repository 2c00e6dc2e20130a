"""What every kernel gives: a fundamental solution, its traction, and the gradients of both.

With U(d) the field at x of a unit source at y = x + d, and T(d, n) its traction there, every solution in a domain with
outward normals n and traction t satisfies

    u(x) = integral of U t - integral of T u,    x inside.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from kinn.geometry.types import Array


def tensor(entries: Sequence[Any], rank: int) -> Array:
    """Return a tensor (..., C, C) of its entries (...), given as lists of lists; of any rank.

    In memory each entry is a block of its own, so that arithmetic runs along points and not along components.
    """
    return np.moveaxis(np.array(entries), range(rank), range(-rank, 0))


def along(d: Array, n: Array) -> Array:
    """Return d . n of vectors (..., d)."""
    out = d[..., 0] * n[..., 0]
    for axis in range(1, d.shape[-1]):
        out += d[..., axis] * n[..., axis]
    return np.asarray(out)


class Kernel(ABC):
    """The kernels of a system of C equations; real, a complex equation counting as two."""

    #: The number C of components.
    components: int
    #: Whether it gives another field than the one whose values it takes, of which constants make nothing: a pressure.
    companion: bool = False
    #: Whether T integrates rigid states (those of `modes`) to minus themselves: it does where no frequency enters.
    static: bool = True

    @property
    def rows(self) -> int:
        """The number of components that it gives."""
        return self.components

    @abstractmethod
    def single(self, d: Array) -> Array:
        """Return U at d = y - x, (..., d), an array (..., C, C)."""

    @abstractmethod
    def double(self, d: Array, n: Array) -> Array:
        """Return T at d = y - x for normals n at y, (..., d) each, an array (..., C, C)."""

    @abstractmethod
    def single_gradient(self, d: Array) -> Array:
        """Return the derivatives of U by x, (..., C, C, d)."""

    @abstractmethod
    def double_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of T by x, (..., C, C, d)."""

    def frozen(self, d: Array, n: Array) -> Array:
        """Return the static part of T, as singular as T itself; T where that is static."""
        return self.double(d, n)

    def frozen_gradient(self, d: Array, n: Array) -> Array:
        """Return the derivatives of the static part of T by x."""
        return self.double_gradient(d, n)

    def modes(self, points: Array) -> Array:
        """Return the states without traction at points (N, d), (N, C, modes); they are affine."""
        return np.broadcast_to(np.eye(self.components), (len(points), self.components, self.components)).copy()
