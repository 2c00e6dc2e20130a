"""Interface of kernels: a fundamental solution, its traction, and the gradients of both.

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
    """Tensor (..., C, C) from nested lists of its entries (...); of any rank.

    Each entry is contiguous in memory, so that arithmetic runs along points and not along components.
    """
    return np.moveaxis(np.array(entries), range(rank), range(-rank, 0))


def dot(d: Array, n: Array) -> Array:
    """Inner products d . n of vectors (..., d)."""
    out = d[..., 0] * n[..., 0]
    for axis in range(1, d.shape[-1]):
        out += d[..., axis] * n[..., axis]
    return np.asarray(out)


class Kernel(ABC):
    """The kernels of a system of C real equations; a complex equation counts as two."""

    #: The number C of components.
    components: int
    #: Whether the potential is another field than the values of the densities, a pressure, zero for constant values.
    derived: bool = False
    #: Whether the double layer potential of rigid motions is minus these motions inside: it is at zero frequency.
    static: bool = True

    @property
    def rows(self) -> int:
        """The number of components of the potential."""
        return self.components

    @abstractmethod
    def single(self, d: Array) -> Array:
        """U at d = y - x, (..., d), an array (..., C, C)."""

    @abstractmethod
    def double(self, d: Array, n: Array) -> Array:
        """T at d = y - x for normals n at y, (..., d) each, an array (..., C, C)."""

    @abstractmethod
    def single_gradient(self, d: Array) -> Array:
        """Derivatives of U by x, (..., C, C, d)."""

    @abstractmethod
    def double_gradient(self, d: Array, n: Array) -> Array:
        """Derivatives of T by x, (..., C, C, d)."""

    def static_part(self, d: Array, n: Array) -> Array:
        """Zero-frequency part of T, which has the same singularity; T itself where that is static."""
        return self.double(d, n)

    def static_part_gradient(self, d: Array, n: Array) -> Array:
        """Derivatives of the static part of T by x."""
        return self.double_gradient(d, n)

    def rigid_modes(self, points: Array) -> Array:
        """Traction-free motions at points (N, d), (N, C, modes); they are affine."""
        return np.broadcast_to(np.eye(self.components), (len(points), self.components, self.components)).copy()
