"""Isotropic materials, and linear elasticity (Hooke's law) in the plane and in space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar

from kinn.calculus import div, strain
from kinn.errors import InputError
from kinn.fields import Field, Vector
from kinn.mechanics.kinematics import Tensor, double, hooke, trace, von_mises


@dataclass(frozen=True)
class Material(ABC):
    """An isotropic material.

    Attributes:
        young: Young's modulus: a number, or a field (an unknown, say).
        poisson: Poisson's ratio, likewise.
    """

    #: The upper bound of Poisson's ratio, excluded: at 1/2 a material is incompressible, which takes a pressure as a field.
    limit: ClassVar[float] = 0.5

    young: Any
    poisson: Any

    def __post_init__(self) -> None:
        name = type(self).__name__
        if not isinstance(self.young, Field) and not (isfinite(self.young) and self.young > 0):
            raise InputError(f"Young's modulus of {name} is positive and finite, not {self.young}")
        if not isinstance(self.poisson, Field) and not -1 < self.poisson < self.limit:
            raise InputError(f"Poisson's ratio of {name} lies between -1 and {self.limit:g}, not {self.poisson}")

    @property
    def shear(self) -> Any:
        """The shear modulus mu."""
        return self.young / (2 * (1 + self.poisson))

    @property
    def lame(self) -> Any:
        """Lame's first constant lambda."""
        return self.young * self.poisson / ((1 + self.poisson) * (1 - 2 * self.poisson))

    @abstractmethod
    def energy(self, v: Sequence[Field]) -> Field:
        """Density of the strain energy of a displacement."""

    @abstractmethod
    def stress(self, v: Sequence[Field]) -> Tensor:
        """Rows of the stress whose divergence balances body forces on the undeformed body."""

    def cauchy(self, v: Sequence[Field]) -> Tensor:
        """Rows of the Cauchy stress; at small strains there is one stress."""
        return self.stress(v)

    def out_of_plane(self, v: Sequence[Field]) -> Field | float:
        """Cauchy stress normal to the plane."""
        return 0.0

    def von_mises(self, v: Sequence[Field]) -> Field:
        """Equivalent (von Mises) Cauchy stress."""
        return von_mises(self.cauchy(v), self.out_of_plane(v))

    def residual(self, v: Sequence[Field], body: Sequence[Any] | None = None) -> list[Field]:
        """Residual of the strong form, div sigma + b, per component.

        Args:
            v: The displacement.
            body: The force b per unit volume.
        """
        rows = [div(row) for row in self.stress(v)]
        return rows if body is None else [row + b for row, b in zip(rows, body, strict=True)]

    def traction(self, v: Sequence[Field], normal: Vector) -> Vector:
        """Traction sigma n on a surface with normal n."""
        return Vector(row @ normal for row in self.stress(v))


@dataclass(frozen=True)
class Elastic(Material):
    """A material with the stress sigma = lambda tr(eps) 1 + 2 mu eps, eps the symmetric gradient of the displacement."""

    dimension: ClassVar[int]

    @property
    def volumetric(self) -> Any:
        """The factor lambda of the trace of the strain."""
        return self.lame

    def stress(self, v: Sequence[Field]) -> Tensor:
        return hooke(self._strain(v), self.volumetric, self.shear)

    def energy(self, v: Sequence[Field]) -> Field:
        return double(self.stress(v), self._strain(v)) * 0.5

    def _strain(self, v: Sequence[Field]) -> Tensor:
        if len(v) != self.dimension:
            raise InputError(f"{type(self).__name__} takes a displacement of {self.dimension} components, not {len(v)}")
        return strain(v)


@dataclass(frozen=True)
class PlaneStress(Elastic):
    """A thin plate: no stress across it. In place of lambda it has 2 lambda mu / (lambda + 2 mu) = E nu / (1 - nu^2)."""

    dimension: ClassVar[int] = 2
    limit: ClassVar[float] = 1.0

    @property
    def volumetric(self) -> Any:
        return self.young * self.poisson / (1 - self.poisson * self.poisson)


@dataclass(frozen=True)
class PlaneStrain(Elastic):
    """A slice of a long body: no strain across it."""

    dimension: ClassVar[int] = 2

    def out_of_plane(self, v: Sequence[Field]) -> Field | float:
        stress: Field = trace(self._strain(v)) * self.lame
        return stress


@dataclass(frozen=True)
class Solid(Elastic):
    """A body in space."""

    dimension: ClassVar[int] = 3
