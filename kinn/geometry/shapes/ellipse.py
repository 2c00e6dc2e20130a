"""Ellipses, sampled at constant speed along their circumference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.geometry import arguments
from kinn.geometry.boundary.arclength import ArcLength
from kinn.geometry.boundary.boundary import Part, single_part
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.csg.motion import Transformed
from kinn.geometry.distances.implicit import ImplicitFunction, Motion, Plane, Values
from kinn.geometry.distances.rfunctions import FullSpace, HalfSpace, Region
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Cells, MappedCells
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.shapes.ball import ball_cells, sphere_directions
from kinn.geometry.types import Array

_ON_AXIS = 1e-13  # points nearer to the long axis, relative to the short one, are moved off it by as much


@dataclass(frozen=True)
class ImplicitEllipse(ImplicitFunction):
    """An ellipse around the origin: g / sqrt(|grad g|^2 + ...) with g = (1 - x^2 / a^2 - y^2 / b^2) / 2.

    The term added under the root vanishes on the ellipse, keeps the root from zero at the centre, and stays bounded,
    so that the function grows like a distance outside.
    """

    axes: tuple[float, ...]

    def __call__(self, x: Sequence[Values]) -> Values:
        """Function at x and y."""
        squares = [(c * (1 / a)) * (c * (1 / a)) for c, a in zip(x, self.axes, strict=True)]
        q = squares[0] + squares[1]
        centre = (1.0 - q) / (1.0 + q) * (1 / min(self.axes))
        slope = squares[0] * (1 / self.axes[0] ** 2) + squares[1] * (1 / self.axes[1] ** 2)
        return (1.0 - q) * 0.5 * (slope + centre * centre) ** -0.5


@dataclass(frozen=True)
class EllipsePatch(BoundaryPatch):
    """The ellipse around the origin with given half-axes, run through counter-clockwise from the end of the first."""

    axes: tuple[float, ...]

    dim = 1

    @cached_property
    def arc_length(self) -> ArcLength:
        """Arc length by the eccentric angle."""
        a, b = self.axes
        return ArcLength(lambda t: np.hypot(a * np.sin(t), b * np.cos(t)), np.linspace(0, 2 * math.pi, 9).tolist())

    @property
    def measure(self) -> float:
        return self.arc_length.total

    def at(self, unit: Array) -> BoundaryPoints:
        angle = self.arc_length.parameter(unit[:, 0])
        a, b = self.axes
        circle = np.column_stack([np.cos(angle), np.sin(angle)])
        normals = circle * (b, a)
        return BoundaryPoints(circle * (a, b), normals / np.linalg.norm(normals, axis=1)[:, None])

    periodic = True

    @property
    def implicit(self) -> ImplicitFunction:
        return ImplicitEllipse(self.axes)

    def trimming_region(self, start: float, end: float) -> Region:
        """Half-plane beyond the chord of a span; the whole plane for the whole ellipse."""
        if end - start >= 1 - 1e-12:
            return FullSpace()
        first, last, middle = self.at(np.array([[start], [end], [(start + end) / 2]]) % 1.0).points
        along = (last - first) / np.linalg.norm(last - first)
        out = np.array([along[1], -along[0]])
        if out @ (middle - first) < 0:
            out = -out
        return HalfSpace(
            -Plane.through(first.tolist(), out.tolist()), min(self.measure * (end - start), 2 * min(self.axes))
        )


class CentredEllipse(Geometry):
    """The ellipse around the origin with its half-axes along x and y."""

    rejects = False

    def __init__(self, axes: tuple[float, ...], name: str) -> None:
        self.axes, self.name = axes, name

    @property
    def bounds(self) -> tuple[Array, Array]:
        axes = np.array(self.axes)
        return -axes, axes

    @property
    def measure(self) -> float:
        return math.pi * self.axes[0] * self.axes[1]

    def level(self, points: Array) -> Array:
        """Signed distance, to rounding.

        In the quadrant of positive coordinates, a >= b, the nearest point is (a^2 x / (a^2 + s), b^2 y / (b^2 + s))
        where s > -b^2 makes it lie on the ellipse. The equation for s is monotone: bisection brackets the root, Newton's
        method finishes. Source: D. Eberly, "Distance from a point to an ellipse, an ellipsoid, or a hyperellipsoid"
        (2013).
        """
        long = int(self.axes[1] > self.axes[0])
        a, b = self.axes[long], self.axes[1 - long]
        x, y = np.abs(points[:, long]), np.maximum(np.abs(points[:, 1 - long]), _ON_AXIS * b)
        difference = (a - b) * (a + b)
        # unknown: q = s + b^2 > 0
        low, high = b * y, np.hypot(a * x, b * y)
        for _ in range(24):
            middle = np.sqrt(low * high)
            outside = (a * x / (middle + difference)) ** 2 + (b * y / middle) ** 2 > 1
            low, high = np.where(outside, middle, low), np.where(outside, high, middle)
        q = low
        for _ in range(4):
            u, v = a * x / (q + difference), b * y / q
            q = q + (u * u + v * v - 1) / (2 * (u * u / (q + difference) + v * v / q))
        distance = np.hypot(x - a * a * x / (q + difference), y - b * b * y / q)
        return np.asarray(np.where((x / a) ** 2 + (y / b) ** 2 > 1, distance, -distance))

    @property
    def region(self) -> Region:
        return HalfSpace(ImplicitEllipse(self.axes), 2 * min(self.axes))

    def from_unit(self, unit: Array) -> Array:
        return np.asarray(np.sqrt(unit[:, :1]) * sphere_directions(unit[:, 1:]) * self.axes)

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return tuple(MappedCells(cells, np.diag(self.axes), np.zeros(2)) for cells in ball_cells((0.0, 0.0), 1.0))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return single_part(self.name, EllipsePatch(self.axes))


class Ellipse(Transformed):
    """An ellipse; its only boundary bears its name.

    Args:
        center: The centre (x, y).
        axes: The half-axes (a, b), positive.
        angle: The angle, in radians, from the x axis to the first half-axis.
        name: Name of the ellipse and of its boundary.

    Raises:
        InputError: Not finite, or a half-axis that is not positive.
    """

    def __init__(
        self, center: Sequence[float], axes: Sequence[float], *, angle: float = 0.0, name: str = "ellipse"
    ) -> None:
        self.name = arguments.label(name)
        self.center = arguments.point(center, "the centre of an ellipse", 2)
        half = arguments.point(axes, "the half-axes of an ellipse", 2)
        self.axes = tuple(arguments.positive(axis, "a half-axis of an ellipse") for axis in half)
        self.angle = arguments.number(angle, "the angle of an ellipse")
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        super().__init__(CentredEllipse(self.axes, self.name), Motion(((cos, -sin), (sin, cos)), self.center))

    def __repr__(self) -> str:
        return f"Ellipse({self.center}, {self.axes}, angle={self.angle}, name={self.name!r})"

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        reach = np.linalg.norm(np.array(self.motion.rotation) * self.axes, axis=1)
        return np.subtract(self.center, reach), np.add(self.center, reach)
