"""What every equation with a known fundamental solution tells of itself."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from kinn.boundary_integrals.kernels import Kernel
from kinn.geometry.types import Array

#: Single layers are positive definite where their kernel's length is this many times the size of the domain.
BEYOND = 2.0


@dataclass(frozen=True)
class Equation(ABC):
    """A linear equation with a known fundamental solution.

    Attributes:
        particular: Where the equation has a source, a function of the coordinates that satisfies it, whatever it is on
            the boundary; it returns as many fields as there are. The fundamental solution knows nothing of sources. A
            solution without source takes up what is singular at a corner in the same way.
    """

    #: How messages call it.
    name: ClassVar[str]
    #: The number of fields.
    components: ClassVar[int]
    #: The dimensions of space in which it is known here.
    dimensions: ClassVar[tuple[int, ...]] = (2,)
    #: Whether a pressure may follow the fields.
    incompressible: ClassVar[bool] = False
    #: Whether the domain is the outside of those boundaries that conditions are given on.
    exterior: ClassVar[bool] = False

    particular: Callable[..., Any] | None = field(default=None, kw_only=True)

    @property
    def stiffness(self) -> float:
        """By what factor a traction is larger than a gradient."""
        return 1.0

    @abstractmethod
    def kernel(self, size: float, dimension: int) -> Kernel:
        """Return the kernels for domains up to a size, in a dimension of those known."""

    @abstractmethod
    def solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        """Return some solutions without source, each as its fields, of coordinates that are fields or arrays."""

    def gradient(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Return the gradient (N, C, d) on a boundary.

        Args:
            traction: The traction (N, C).
            slope: The derivatives along the boundary, in the plane counter-clockwise, (N, C, d - 1).
            normals: The outward unit normals (N, d).
        """
        return np.asarray(traction[:, :, None] * normals[:, None] + slope @ tangents(normals))

    def traction(self, gradient: Array, normals: Array, pressure: Array) -> Array:
        """Return the traction (N, C) on a boundary.

        Args:
            gradient: The gradient of the solution (N, C, d).
            normals: The outward unit normals (N, d).
            pressure: The pressure (N, 1), or (N, 0) where the equation has none.
        """
        return np.asarray(np.einsum("nci,ni->nc", gradient, normals))

    def pressure(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Return the pressure (N, 1) on a boundary, of what `gradient` takes; (N, 0) where the equation has none."""
        return np.zeros((len(normals), 0))

    @property
    def companion(self) -> Kernel | None:
        """What the pressure inside follows from, where there is one."""
        return None

    def exponent(self, angle: float, alike: bool) -> float:
        """Return the exponent a of the r^a that a solution behaves like at a corner.

        Args:
            angle: The angle of the domain there.
            alike: Whether values are given on both sides, or tractions on both, and not values here, tractions there.
        """
        return math.pi / angle if alike else math.pi / (2 * angle)


def tangents(normals: Array) -> Array:
    """Return orthonormal tangents (N, d - 1, d) of a boundary with unit normals (N, d), in the plane counter-clockwise."""
    if normals.shape[1] == 2:
        return np.stack([-normals[:, 1], normals[:, 0]], axis=1)[:, None]
    first = np.cross(normals, np.eye(3)[np.argmin(np.abs(normals), axis=1)])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return np.stack([first, np.cross(normals, first)], axis=1)
