"""Plane elasticity, and creeping flow as its incompressible limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kinn.boundary_integrals.equations.equation import BEYOND, Equation, tangents
from kinn.boundary_integrals.kernels import ElasticityKernel, Kernel, PressureKernel
from kinn.errors import InputError, unknown
from kinn.geometry.types import Array


@dataclass(frozen=True)
class _Solid(Equation):
    """What elasticity and creeping flow share."""

    components = 2

    @property
    def shear(self) -> float:
        """The shear modulus, or the viscosity."""
        raise NotImplementedError

    @property
    def poisson(self) -> float:
        """Poisson's ratio of plane strain."""
        raise NotImplementedError

    @property
    def stiffness(self) -> float:
        """The shear modulus, or the viscosity."""
        return self.shear

    def kernel(self, size: float, dimension: int) -> Kernel:
        """Return Kelvin's kernel."""
        return ElasticityKernel(self.shear, self.poisson, BEYOND * size)

    def gradient(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Return the gradient that goes with a traction and the derivative along the boundary."""
        along, slope = tangents(normals)[:, 0], slope[..., 0]

        def dot(a: Array, b: Array) -> Array:
            return np.asarray(np.sum(a * b, axis=1))

        nu, mu = self.poisson, self.shear
        shear = dot(traction, along) / mu - dot(slope, normals)
        stretch = ((1 - 2 * nu) * dot(traction, normals) / (2 * mu) - nu * dot(slope, along)) / (1 - nu)
        across = shear[:, None] * along + stretch[:, None] * normals
        return np.asarray(across[:, :, None] * normals[:, None] + slope[:, :, None] * along[:, None])


@dataclass(frozen=True)
class Elasticity(_Solid):
    """Plane linear elasticity of an isotropic solid; the fields are the displacements along x and y.

    Attributes:
        E: Young's modulus.
        nu: Poisson's ratio, -1 < nu < 1/2.
        plane: "stress" or "strain".
    """

    name = "plane elasticity"

    E: float = 1.0
    nu: float = 0.3
    plane: str = "stress"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.E) and self.E > 0):
            raise InputError(f"Young's modulus E is positive, not {self.E}")
        if not -1 < self.nu < 0.5:
            raise InputError(f"Poisson's ratio nu lies between -1 and 1/2, not {self.nu}")
        if self.plane not in ("stress", "strain"):
            raise unknown("plane state", self.plane, ("stress", "strain"), "Elasticity")

    @property
    def shear(self) -> float:
        """The shear modulus."""
        return self.E / (2 * (1 + self.nu))

    @property
    def poisson(self) -> float:
        """The ratio with which plane strain is what this plane state is."""
        return self.nu if self.plane == "strain" else self.nu / (1 + self.nu)

    def traction(self, gradient: Array, normals: Array, pressure: Array) -> Array:
        """Return the stress of a displacement gradient times the normals."""
        nu, mu = self.poisson, self.shear
        volume = 2 * mu * nu / (1 - 2 * nu) * np.trace(gradient, axis1=1, axis2=2)
        shear = mu * (gradient + gradient.transpose(0, 2, 1))
        return np.asarray(np.einsum("nij,nj->ni", shear, normals) + volume[:, None] * normals)

    def solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        """Return displacements of degree 1 and 2 without body force."""
        k = 1 / (1 - 2 * self.poisson)
        return [
            (x + 2.0 * y, 3.0 * x - y),
            (x * x - (1 + k) * y * y, 0.0 * x),
            (x * y, -0.5 * (k / (1 + k)) * y * y + 0.0 * x),
        ]


@dataclass(frozen=True)
class Stokes(_Solid):
    """Creeping flow; the fields are the velocities along x and y, and, if the problem names it, the pressure.

    Attributes:
        viscosity: The dynamic viscosity.
    """

    name = "creeping flow"
    incompressible = True

    viscosity: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.viscosity) and self.viscosity > 0):
            raise InputError(f"the viscosity is positive, not {self.viscosity}")

    @property
    def shear(self) -> float:
        """The viscosity."""
        return self.viscosity

    @property
    def poisson(self) -> float:
        """1/2: nothing is compressed."""
        return 0.5

    @property
    def companion(self) -> Kernel:
        """The kernel of the pressure."""
        return PressureKernel(self.viscosity)

    def traction(self, gradient: Array, normals: Array, pressure: Array) -> Array:
        """Return the stress of a velocity gradient and a pressure times the normals."""
        shear = self.viscosity * (gradient + gradient.transpose(0, 2, 1))
        return np.asarray(np.einsum("nij,nj->ni", shear, normals) - pressure * normals)

    def pressure(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Return the pressure: as nothing is compressed, the velocity across the boundary changes as the slope along it."""
        stretch = -np.sum(slope[..., 0] * tangents(normals)[:, 0], axis=1)
        return np.asarray(2 * self.viscosity * stretch - np.sum(traction * normals, axis=1))[:, None]

    def solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        """Return flows without body force, with their pressure."""
        return [(y * y, 0.0 * x, 2.0 * self.viscosity * x), (x, -y, 0.0 * x)]
