"""Linear elasticity (Hooke's law) in the plane and in space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kinn.calculus import strain
from kinn.errors import InputError
from kinn.fields import Field, Vector
from kinn.mechanics.kinematics import Tensor, double, trace, von_mises
from kinn.mechanics.material import Material


@dataclass(frozen=True)
class Elastic(Material):
    """A material with the stress sigma = lambda tr(eps) 1 + 2 mu eps, eps the symmetric gradient of the displacement."""

    dimension: ClassVar[int]

    @property
    def volumetric(self) -> Any:
        """The factor lambda of the trace of the strain."""
        return self.lame

    def stress(self, v: Sequence[Field]) -> Tensor:
        """Rows of the stress."""
        eps = self._strain(v)
        volume, twice = trace(eps) * self.volumetric, 2.0 * self.shear
        return tuple(
            Vector(e * twice + volume if i == j else e * twice for j, e in enumerate(row)) for i, row in enumerate(eps)
        )

    def energy(self, v: Sequence[Field]) -> Field:
        """The density sigma : eps / 2."""
        return double(self.stress(v), self._strain(v)) * 0.5

    def von_mises(self, v: Sequence[Field]) -> Field:
        """Equivalent (von Mises) stress."""
        return von_mises(self.stress(v), self.out_of_plane(v))

    def out_of_plane(self, v: Sequence[Field]) -> Field | float:
        """Normal stress out of the plane."""
        return 0.0

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
        """The factor of the trace of the strain in the plane."""
        return self.young * self.poisson / (1 - self.poisson * self.poisson)


@dataclass(frozen=True)
class PlaneStrain(Elastic):
    """A slice of a long body: no strain across it."""

    dimension: ClassVar[int] = 2

    def out_of_plane(self, v: Sequence[Field]) -> Field | float:
        """Normal stress lambda tr(eps)."""
        stress: Field = trace(self._strain(v)) * self.lame
        return stress


@dataclass(frozen=True)
class Solid(Elastic):
    """A body in space."""

    dimension: ClassVar[int] = 3
