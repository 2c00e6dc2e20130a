"""Linear equations with a known fundamental solution, as a problem names them: `inverse=Laplace()`.

The kernels of their boundary integrals are in `boundary_integrals.kernels`, so that a problem names its equation without
loading any boundary element code.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from kinn.errors import InputError, unknown
from kinn.geometry.types import Array


@dataclass(frozen=True)
class Equation(ABC):
    """A linear equation with a known fundamental solution.

    Attributes:
        particular: A particular solution, where the equation has a source: a function of the coordinates that returns
            every field and may violate the boundary conditions. The boundary integrals are then those of the
            homogeneous equation. A singular homogeneous solution removes the singularity of a corner in the same way.
    """

    #: The name in messages.
    name: ClassVar[str]
    #: The number of fields.
    components: ClassVar[int]
    #: The dimensions of space with a fundamental solution.
    dimensions: ClassVar[tuple[int, ...]] = (2,)
    #: Whether a pressure may follow the fields.
    incompressible: ClassVar[bool] = False
    #: Whether the domain is the exterior of the boundaries that carry conditions.
    exterior: ClassVar[bool] = False

    particular: Callable[..., Any] | None = field(default=None, kw_only=True)

    @property
    def stiffness(self) -> float:
        """The ratio of tractions to gradients."""
        return 1.0

    @abstractmethod
    def homogeneous_solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        """Some source-free solutions, the fields of each, at coordinates that are fields or arrays."""

    def gradient(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Gradient (N, C, d) on a boundary.

        Args:
            traction: The traction (N, C).
            slope: The tangential derivatives, in the plane counter-clockwise, (N, C, d - 1).
            normals: The outward unit normals (N, d).
        """
        return np.asarray(traction[:, :, None] * normals[:, None] + slope @ tangents(normals))

    def traction(self, gradient: Array, normals: Array, pressure: Array) -> Array:
        """Traction (N, C) on a boundary.

        Args:
            gradient: The gradient of the solution (N, C, d).
            normals: The outward unit normals (N, d).
            pressure: The pressure (N, 1), or (N, 0) where the equation has none.
        """
        return np.asarray(np.einsum("nci,ni->nc", gradient, normals))

    def pressure(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Pressure (N, 1) on a boundary from the arguments of `gradient`; (N, 0) without a pressure."""
        return np.zeros((len(normals), 0))

    def exponent(self, angle: float, same_type: bool) -> float:
        """Exponent a of the leading term r^a of a solution at a corner.

        Args:
            angle: The interior angle.
            same_type: Whether both sides have Dirichlet, or both Neumann conditions.
        """
        return math.pi / angle if same_type else math.pi / (2 * angle)


@dataclass(frozen=True)
class Laplace(Equation):
    """Laplace's equation u_xx + u_yy = 0, or u_xx + u_yy + u_zz = 0 in space; with a particular solution Poisson's."""

    name = "Laplace's equation"
    components = 1
    dimensions = (2, 3)

    def homogeneous_solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        plane = [(x * y,), (x * x - y * y + x,), (x * x * x - 3.0 * x * y * y,)]
        return plane + [(x * y + c,) for c in z] + [(x * x - c * c + y * c,) for c in z]


@dataclass(frozen=True)
class Helmholtz(Equation):
    """The Helmholtz equation u_xx + u_yy + k^2 u = 0 of a complex field, whose real and imaginary parts are the fields.

    Attributes:
        wave_number: The wave number k > 0.
        outside: Whether the domain is the unbounded exterior of the boundaries that carry conditions, with outgoing
            waves (time factor e^(-i w t)); the domain of the problem is then the part where the solution is evaluated.
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

    def homogeneous_solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        from kinn.math import cos, sin

        k = self.wave_number
        return [(cos(k * x), sin(k * x)), (sin(0.6 * k * x + 0.8 * k * y), cos(k * y))]


@dataclass(frozen=True)
class PlaneContinuum(Equation):
    """Plane elasticity and Stokes flow: the isotropic stress-strain law they share."""

    components = 2

    @property
    @abstractmethod
    def shear(self) -> float:
        """The shear modulus, or the viscosity."""

    @property
    @abstractmethod
    def poisson(self) -> float:
        """Poisson's ratio in plane strain."""

    @property
    def stiffness(self) -> float:
        return self.shear

    def gradient(self, traction: Array, slope: Array, normals: Array) -> Array:
        along, slope = tangents(normals)[:, 0], slope[..., 0]

        def dot(a: Array, b: Array) -> Array:
            return np.asarray(np.sum(a * b, axis=1))

        nu, mu = self.poisson, self.shear
        shear = dot(traction, along) / mu - dot(slope, normals)
        normal_strain = ((1 - 2 * nu) * dot(traction, normals) / (2 * mu) - nu * dot(slope, along)) / (1 - nu)
        across = shear[:, None] * along + normal_strain[:, None] * normals
        return np.asarray(across[:, :, None] * normals[:, None] + slope[:, :, None] * along[:, None])


@dataclass(frozen=True)
class Elasticity(PlaneContinuum):
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
        return self.E / (2 * (1 + self.nu))

    @property
    def poisson(self) -> float:
        return self.nu if self.plane == "strain" else self.nu / (1 + self.nu)

    def traction(self, gradient: Array, normals: Array, pressure: Array) -> Array:
        nu, mu = self.poisson, self.shear
        volume = 2 * mu * nu / (1 - 2 * nu) * np.trace(gradient, axis1=1, axis2=2)
        shear = mu * (gradient + gradient.transpose(0, 2, 1))
        return np.asarray(np.einsum("nij,nj->ni", shear, normals) + volume[:, None] * normals)

    def homogeneous_solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        k = 1 / (1 - 2 * self.poisson)
        return [
            (x + 2.0 * y, 3.0 * x - y),
            (x * x - (1 + k) * y * y, 0.0 * x),
            (x * y, -0.5 * (k / (1 + k)) * y * y + 0.0 * x),
        ]


@dataclass(frozen=True)
class Stokes(PlaneContinuum):
    """Stokes flow; the fields are the velocities along x and y, and, if the problem names it, the pressure.

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
        return self.viscosity

    @property
    def poisson(self) -> float:
        return 0.5

    def traction(self, gradient: Array, normals: Array, pressure: Array) -> Array:
        """Stress of a velocity gradient and a pressure times the normals."""
        shear = self.viscosity * (gradient + gradient.transpose(0, 2, 1))
        return np.asarray(np.einsum("nij,nj->ni", shear, normals) - pressure * normals)

    def pressure(self, traction: Array, slope: Array, normals: Array) -> Array:
        """Pressure; by incompressibility the normal strain rate is minus the tangential one."""
        normal_strain = -np.sum(slope[..., 0] * tangents(normals)[:, 0], axis=1)
        return np.asarray(2 * self.viscosity * normal_strain - np.sum(traction * normals, axis=1))[:, None]

    def homogeneous_solutions(self, x: Any, y: Any, *z: Any) -> Sequence[tuple[Any, ...]]:
        return [(y * y, 0.0 * x, 2.0 * self.viscosity * x), (x, -y, 0.0 * x)]


def tangents(normals: Array) -> Array:
    """Orthonormal tangents (N, d - 1, d) of a boundary with unit normals (N, d), in the plane counter-clockwise."""
    if normals.shape[1] == 2:
        return np.stack([-normals[:, 1], normals[:, 0]], axis=1)[:, None]
    first = np.cross(normals, np.eye(3)[np.argmin(np.abs(normals), axis=1)])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return np.stack([first, np.cross(normals, first)], axis=1)
