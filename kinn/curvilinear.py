"""Differential operators in polar, cylindrical and spherical coordinates.

A system is orthogonal: scale factors h_i are the lengths of unit steps along its coordinates, and all operators follow
from them (Batchelor 1967, An Introduction to Fluid Dynamics, appendix 2). Components of vectors and tensors are those along
the unit vectors, as in engineering.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import reduce
from math import pi
from operator import mul
from typing import Any, TypeAlias

from kinn.errors import InputError
from kinn.fields import TIME, Field, Points, Vector
from kinn.math import sin

#: A field, or a number at all points.
Factor: TypeAlias = Any


class OrthogonalCoordinates(ABC):
    """An orthogonal coordinate system at the points of a residual: `Cylindrical(p).laplacian(u)`.

    A coordinate of the system that the problem lacks is one of symmetry: nothing depends on it. Vectors have a component for
    each spatial coordinate of the problem (no swirl), or one for each of the system. Nothing is defined on an axis r = 0:
    collocation points never lie there, those of a condition on the axis do.

    Args:
        p: The points.
        names: What the problem calls the coordinates of the system, in order.

    Raises:
        InputError: If the problem has other coordinates, or not the radius.
    """

    #: The names of the coordinates by default, the radius first.
    default_names: tuple[str, ...]

    def __init__(self, p: Points, names: Sequence[str] = ()) -> None:
        self.names = tuple(names) or self.default_names
        self.points = p
        kind, space = type(self).__name__, [name for name in p.names if name != TIME]
        if len(self.names) != len(self.default_names):
            raise InputError(f"{kind} has {len(self.default_names)} coordinates, and {self.names} names other ones")
        surplus = [name for name in space if name not in self.names]
        if surplus or self.names[0] not in space:
            raise InputError(
                f"{kind} coordinates are {', '.join(self.names)}, and the problem's {', '.join(space)}: name them by "
                f'domain.with_coordinates("{self.names[0]}", ...), or {kind}(p, names=...)'
            )
        self._present = [i for i, name in enumerate(self.names) if name in space]
        self._h = self.scale_factors()

    @abstractmethod
    def scale_factors(self) -> tuple[Factor, ...]:
        """Scale factors, one for each coordinate of the system."""

    def _coordinate(self, number: int, symmetric: float) -> Factor:
        """Coordinate of the system as a field; a number where the problem lacks it."""
        return getattr(self.points, self.names[number]) if number in self._present else symmetric

    def volume_element(self) -> Field:
        """Volume of a unit cell of the coordinates, r in cylindrical ones: the factor of an energy's density.

        It is per unit of the angles that the problem lacks (of a sphere symmetric in theta, at its equator).
        """
        first, *others = self._h
        volume: Field = reduce(mul, others, first)
        return volume

    def grad(self, u: Field) -> Vector:
        """Gradient, a component for each spatial coordinate of the problem."""
        return Vector(self._along(u, i) / self._h[i] for i in self._present)

    def div(self, v: Sequence[Field]) -> Field:
        """Divergence of a vector."""
        volume, v = self.volume_element(), self._components(v, "div")
        fluxes = (self._along(volume / self._h[i] * v[i], i) for i in self._present)
        return sum(fluxes, 0.0 * volume) / volume

    def laplacian(self, u: Field) -> Field:
        """Laplacian of a scalar."""
        return self.div(self.grad(u))

    def curl(self, v: Sequence[Field]) -> Any:
        """Curl of a vector: a vector with all components of the system; in the plane a field, the component across it."""
        h, v = self._h, self._components(v, "curl")

        def component(i: int, j: int) -> Factor:
            return (self._along(h[j] * v[j], i) - self._along(h[i] * v[i], j)) / (h[i] * h[j]) + 0.0 * self._radius

        return component(0, 1) if len(h) == 2 else Vector((component(1, 2), component(2, 0), component(0, 1)))

    def vector_laplacian(self, v: Sequence[Field]) -> Vector:
        """Laplacian of a vector, grad div v - curl curl v, a component for each that `v` has."""
        all_components = self._components(v, "vector_laplacian")
        expansion = self.div(v)
        curl = self.curl(all_components)
        if isinstance(curl, Field):  # along the normal of the plane
            radial, angular = self._along(curl, 1) / self._h[1], -self._along(curl, 0) / self._h[0]
            double_curl = Vector((radial + 0.0 * curl, angular + 0.0 * curl))
        else:
            double_curl = self.curl(curl)
        rows = [self._along(expansion, i) / self._h[i] - double_curl[i] for i in range(len(self._h))]
        return self._restricted(rows, v)

    def convection(self, v: Sequence[Field], w: Sequence[Field]) -> Vector:
        """Derivative (v . grad) w of a vector along a vector, a component for each that `w` has."""
        h, axes = self._h, range(len(self._h))
        speed, carried = self._components(v, "convection"), self._components(w, "convection")
        rows = []
        for i in axes:
            row = 0.0 * self._radius
            for j in axes:
                row = row + speed[j] / h[j] * self._along(carried[i], j)
                turn = speed[i] * self._along(h[i], j) - speed[j] * self._along(h[j], i)
                row = row + carried[j] * turn / (h[i] * h[j])
            rows.append(row)
        return self._restricted(rows, w)

    def strain(self, v: Sequence[Field]) -> tuple[Vector, ...]:
        """Rows of the symmetric gradient of a displacement, with all components of the system: hoop strains too."""
        h, axes, v = self._h, range(len(self._h)), self._components(v, "strain")
        zero = 0.0 * self._radius

        def component(i: int, j: int) -> Factor:
            if i == j:
                turns = (v[k] / h[k] * self._along(h[i], k) for k in axes if k != i)
                return (self._along(v[i], i) + sum(turns, zero)) / h[i]
            shear = h[i] / h[j] * self._along(v[i] / h[i], j) + h[j] / h[i] * self._along(v[j] / h[j], i)
            return 0.5 * shear + zero

        return tuple(Vector(component(i, j) for j in axes) for i in axes)

    def div_tensor(self, stress: Sequence[Sequence[Field]]) -> Vector:
        """Divergence of a symmetric tensor with all components of the system, for each coordinate of the problem."""
        h, axes, volume = self._h, range(len(self._h)), self.volume_element()
        if len(stress) != len(h) or any(len(row) != len(h) for row in stress):
            raise InputError(f"div_tensor takes {len(h)} x {len(h)} components ({', '.join(self.names)})")

        def component(i: int) -> Field:
            row = sum((self._along(volume / h[j] * stress[i][j], j) for j in axes), 0.0 * volume) / volume
            for j in axes:
                turn = stress[i][j] * self._along(h[i], j) - stress[j][j] * self._along(h[j], i)
                row = row + turn / (h[i] * h[j])
            return row

        return Vector(component(i) for i in self._present)

    @property
    def _radius(self) -> Field:
        """The radius, a field at the points."""
        return getattr(self.points, self.names[0])  # type: ignore[no-any-return]

    def _along(self, f: Factor, number: int) -> Factor:
        """Derivative along a coordinate, 0 along one of symmetry."""
        return f.derivative(self.names[number]) if isinstance(f, Field) and number in self._present else 0.0

    def _components(self, v: Sequence[Field], operator: str) -> list[Factor]:
        """All components of a vector, 0 along coordinates that it leaves out."""
        if len(v) == len(self.names):
            return list(v)
        if len(v) != len(self._present):
            present = ", ".join(self.names[i] for i in self._present)
            raise InputError(f"{operator} takes components along {present} or {', '.join(self.names)}, not {len(v)}")
        by_number = dict(zip(self._present, v, strict=True))
        return [by_number.get(i, 0.0) for i in range(len(self.names))]

    def _restricted(self, rows: Sequence[Field], v: Sequence[Field]) -> Vector:
        """Components of a result along those that a vector has."""
        return Vector(rows if len(v) == len(rows) else (rows[i] for i in self._present))


class Polar(OrthogonalCoordinates):
    """Polar coordinates r and theta of the plane."""

    default_names = ("r", "theta")

    def scale_factors(self) -> tuple[Factor, ...]:
        return 1.0, self._coordinate(0, 1.0)


class Cylindrical(OrthogonalCoordinates):
    """Cylindrical coordinates r, theta and z; axisymmetric where the problem has r and z."""

    default_names = ("r", "theta", "z")

    def scale_factors(self) -> tuple[Factor, ...]:
        return 1.0, self._coordinate(0, 1.0), 1.0


class Spherical(OrthogonalCoordinates):
    """Spherical coordinates r, theta (from the axis) and phi (around it)."""

    default_names = ("r", "theta", "phi")

    def scale_factors(self) -> tuple[Factor, ...]:
        r = self._coordinate(0, 1.0)
        return 1.0, r, r * sin(self._coordinate(1, pi / 2))
