"""Extruded shapes, and circular cylinders along any axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part, number_duplicates
from kinn.geometry.csg.motion import Transformed, unit_vector
from kinn.geometry.csg.prism import Prism
from kinn.geometry.distances.implicit import Motion
from kinn.geometry.geometry import Geometry
from kinn.geometry.shapes.ball import Disk
from kinn.geometry.types import Array

_ENDS = ("bottom", "top")


class Extrusion(Prism):
    """A shape in the plane, extruded along z.

    The boundaries of the shape keep their names and groups and become walls; the ends are added, and numbered where
    the shape has boundaries of these names ("top-2").

    Args:
        shape: The shape in x and y; any shape in space will do, and gets one more coordinate.
        height: Where z begins and ends.
        ends: Names of the lower and the upper end.
        name: The name that both ends together answer to.

    Raises:
        InputError: What is extruded is no shape, or has time; the height is not finite or does not rise.
    """

    def __init__(
        self,
        shape: Geometry,
        height: Sequence[float],
        *,
        ends: Sequence[str] = _ENDS,
        name: str = "extrusion",
    ) -> None:
        if not isinstance(shape, Geometry):
            raise InputError(f"only a shape can be extruded, got {shape!r}")
        if "t" in shape.coordinates:
            raise InputError("time cannot be extruded: extrude the shape in space, then multiply it by time")
        start, end = arguments.point(height, "the height of an extrusion", 2)
        if not start < end:
            raise InputError(f"the height of an extrusion must rise, got {start:g} and {end:g}")
        super().__init__(shape, (start, end))
        self.name = arguments.label(name)
        if isinstance(ends, str) or len(ends) != len(_ENDS):
            raise InputError(f"an extrusion has 2 ends to name, got {ends!r}")
        self.end_names = tuple(arguments.label(end, "the name of an end") for end in ends)

    def __repr__(self) -> str:
        return f"Extrusion({self.base!r}, {self.ends}, ends={self.end_names}, name={self.name!r})"

    @property
    def cap_labels(self) -> tuple[Label, ...]:
        """The ends, numbered past equal names of the shape."""
        names = [BoundaryName(name) for name in (self.name, *self.end_names)]
        new = number_duplicates(names, self.base.labels)
        return tuple(Label(new[name], new[names[0]]) for name in names[1:])


class Cylinder(Transformed):
    """A solid circular cylinder; its boundaries are "side", "bottom" (around the start) and "top" (around the end).

    Args:
        start: One end of its axis, (x, y, z).
        end: The other end.
        radius: The radius, positive.
        name: Name of the cylinder, which its whole boundary answers to.

    Raises:
        InputError: Not finite, a radius that is not positive, or both ends the same.
    """

    def __init__(self, start: Sequence[float], end: Sequence[float], radius: float, *, name: str = "cylinder") -> None:
        self.name = arguments.label(name)
        self.start, self.end = (arguments.point(p, "an end of a cylinder", 3) for p in (start, end))
        self.radius = arguments.positive(radius, "the radius of a cylinder")
        if self.start == self.end:
            raise InputError("the axis of a cylinder has no length: both ends are the same")
        along = unit_vector(np.subtract(self.end, self.start).tolist(), "the axis of a cylinder")
        # any direction across the axis will do: across the coordinate that the axis follows least
        across = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
        across /= np.linalg.norm(across)
        rotation = np.column_stack([np.cross(across, along), across, along])
        length = float(np.linalg.norm(np.subtract(self.end, self.start)))
        upright = Extrusion(Disk((0, 0), self.radius, name="side"), (0, length))
        super().__init__(upright, Motion(tuple(tuple(row) for row in rotation.tolist()), self.start))

    def __repr__(self) -> str:
        return f"Cylinder({self.start}, {self.end}, {self.radius}, name={self.name!r})"

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """The tightest box: a disk across the unit vector a reaches R sqrt(1 - a_i^2) along axis i."""
        ends = np.array([self.start, self.end])
        along = np.array(self.motion.rotation)[:, 2]
        reach = self.radius * np.sqrt(np.maximum(0, 1 - along**2))
        return ends.min(axis=0) - reach, ends.max(axis=0) + reach

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The side and both ends, which all belong to the cylinder."""
        owner = BoundaryName(self.name)
        return tuple(replace(part, label=replace(part.label, owner=owner)) for part in super().parts)
