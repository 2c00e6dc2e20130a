"""Moved shapes: translated and rotated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import product

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import Part
from kinn.geometry.boundary.transformed import MovedPatch, move_cells
from kinn.geometry.distances.implicit import Motion
from kinn.geometry.distances.rfunctions import Region
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule
from kinn.geometry.types import Array, Mask, delegated


class Transformed(Geometry):
    """A shape after a rigid motion; its boundaries keep their names. Made by `translated`, `rotated` and cylinders.

    Args:
        base: The shape, in space alone.
        motion: The motion.

    Raises:
        InputError: The shape has time.
    """

    def __init__(self, base: Geometry, motion: Motion) -> None:
        if "t" in base.coordinates:
            raise InputError("only shapes in space are moved: move the shape, then multiply it by time")
        self.base, self.motion, self.axis_names = base, motion, base.axis_names
        self.rejects, self.expensive_level = base.rejects, base.expensive_level

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base!r}, {self.motion!r})"

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        corners = self.motion(np.array(list(product(*np.transpose(self.base.bounds)))))
        return corners.min(axis=0), corners.max(axis=0)

    measure = delegated("measure")

    def level(self, points: Array) -> Array:
        return self.base.level(self.motion.inverse(points))

    def contains(self, points: Array) -> Mask:
        return self.base.contains(self.motion.inverse(arguments.points(points, self.coordinates)))

    @property
    def region(self) -> Region:
        return self.base.region.map_functions(lambda function: function.moved(self.motion))

    def from_unit(self, unit: Array) -> Array:
        return self.motion(self.base.from_unit(unit))

    def draw(self, m: int, method: str, seed: int) -> Array:
        return self.motion(self.base.draw(m, method, seed))

    @property
    def cell_count(self) -> float:
        return self.base.cell_count

    def collocation(self, n: int, *, method: str = "sobol", seed: int = 0) -> Rule:
        rule = self.base.collocation(n, method=method, seed=seed)
        return Rule(self.motion(rule.points), rule.weights)

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return move_cells(self.base.cells(spec), self.motion)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return tuple(replace(part, patch=MovedPatch(part.patch, self.motion), face=None) for part in self.base.parts)


def translated(shape: Geometry, shift: Sequence[float]) -> Transformed:
    """Translated shape; see `Geometry.translated`."""
    vector = arguments.point(shift, "the shift", shape.dim)
    return Transformed(shape, rigid_motion(np.eye(shape.dim), vector))


def rotated(shape: Geometry, angle: float, center: Sequence[float] | None, axis: Sequence[float]) -> Transformed:
    """Rotated shape; see `Geometry.rotated`."""
    if shape.dim not in {2, 3}:
        raise InputError(f"shapes in 2 or 3 dimensions can be rotated, this one has {shape.dim}")
    angle = arguments.number(angle, "the angle of a rotation")
    fixed = np.array(arguments.point((0.0,) * shape.dim if center is None else center, "the centre", shape.dim))
    cos, sin = math.cos(angle), math.sin(angle)
    if shape.dim == 2:
        rotation = np.array([[cos, -sin], [sin, cos]])
    else:
        x, y, z = unit_vector(axis, "the axis of a rotation")
        # Rodrigues' formula: R = 1 + sin K + (1 - cos) K^2 with K v = axis x v
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        rotation = np.eye(3) + sin * cross + (1 - cos) * cross @ cross
    return Transformed(shape, rigid_motion(rotation, (fixed - rotation @ fixed).tolist()))


def unit_vector(vector: Sequence[float], what: str) -> Array:
    """Vector in space scaled to length 1; errors name it as `what`."""
    direction = np.array(arguments.point(vector, what, 3))
    length = float(np.linalg.norm(direction))
    if length == 0:
        raise InputError(f"{what} has no length")
    return direction / length


def rigid_motion(rotation: Array, shift: Sequence[float]) -> Motion:
    """Motion of a rotation matrix, (d, d), and a shift, (d,)."""
    return Motion(tuple(tuple(row) for row in rotation.tolist()), tuple(shift))
