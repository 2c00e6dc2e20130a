"""What isotropic materials have in common: their constants, and what follows from a stress."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar

from kinn.calculus import div
from kinn.errors import InputError
from kinn.fields import Field, Vector
from kinn.mechanics.kinematics import Tensor


@dataclass(frozen=True)
class Material(ABC):
    """An isotropic material.

    Attributes:
        young: Young's modulus: a number, or a field (an unknown, say).
        poisson: Poisson's ratio, likewise.
    """

    #: The largest Poisson's ratio, excluded; at 1/2 a material cannot change its volume, which a displacement alone cannot
    #: describe.
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
        """Return the density of the strain energy of a displacement."""

    @abstractmethod
    def stress(self, v: Sequence[Field]) -> Tensor:
        """Return the rows of the stress that is in balance over the undeformed body."""

    @abstractmethod
    def von_mises(self, v: Sequence[Field]) -> Field:
        """Return von Mises' equivalent of the true stress."""

    def residual(self, v: Sequence[Field], body: Sequence[Any] | None = None) -> list[Field]:
        """Return the strong form's residual div sigma + b, one a component.

        Args:
            v: The displacement.
            body: The force b on a unit of volume.
        """
        rows = [div(row) for row in self.stress(v)]
        return rows if body is None else [row + b for row, b in zip(rows, body, strict=True)]

    def traction(self, v: Sequence[Field], normal: Vector) -> Vector:
        """Return the traction sigma n on a surface with normal n."""
        return Vector(row @ normal for row in self.stress(v))
