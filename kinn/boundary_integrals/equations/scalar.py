"""Potentials and waves: the Laplace and the Helmholtz equation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kinn.boundary_integrals.equations.equation import BEYOND, Equation
from kinn.boundary_integrals.kernels import HelmholtzKernel, Kernel, Laplace3DKernel, LaplaceKernel
from kinn.errors import InputError


@dataclass(frozen=True)
class Laplace(Equation):
    """Laplace's equation u_xx + u_yy = 0, or u_xx + u_yy + u_zz = 0 in space; with a particular solution Poisson's."""

    name = "Laplace's equation"
    components = 1
    dimensions = (2, 3)

    def kernel(self, size: float, dimension: int) -> Kernel:
        """Return the logarithmic kernel, in space Newton's."""
        return LaplaceKernel(BEYOND * size) if dimension == 2 else Laplace3DKernel()

    def solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        """Return harmonic polynomials."""
        plane = [(x * y,), (x * x - y * y + x,), (x * x * x - 3.0 * x * y * y,)]
        return plane + [(x * y + c,) for c in z] + [(x * x - c * c + y * c,) for c in z]


@dataclass(frozen=True)
class Helmholtz(Equation):
    """The Helmholtz equation u_xx + u_yy + k^2 u = 0 of a complex field: its real and imaginary part are the fields.

    Attributes:
        wave_number: The wave number k > 0.
        outside: Whether the domain is the outside of the boundaries that conditions are given on, up to infinity, where
            waves only leave (time e^(-i w t)); the domain of the problem is then the part of it that is looked at.
    """

    name = "the Helmholtz equation"
    components = 2

    wave_number: float = 1.0
    outside: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.wave_number) and self.wave_number > 0):
            raise InputError(f"the wave number of the Helmholtz equation is positive, not {self.wave_number}")

    @property
    def exterior(self) -> bool:  # type: ignore[override]
        """Whether the domain is unbounded."""
        return self.outside

    def kernel(self, size: float, dimension: int) -> Kernel:
        """Return the kernel of outgoing waves."""
        return HelmholtzKernel(self.wave_number)

    def solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        """Return plane waves."""
        from kinn.math import cos, sin

        k = self.wave_number
        return [(cos(k * x), sin(k * x)), (sin(0.6 * k * x + 0.8 * k * y), cos(k * y))]
