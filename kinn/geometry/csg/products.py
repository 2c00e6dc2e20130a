"""Products of shapes with intervals: extrusions, circular cylinders along any axis, space-time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import BoundaryName, Label, Part, number_duplicates
from kinn.geometry.csg.motion import Transformed, rigid_motion, unit_vector
from kinn.geometry.csg.prism import Prism
from kinn.geometry.geometry import Geometry
from kinn.geometry.shapes.ball import Disk
from kinn.geometry.shapes.box import Interval
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
        name: Name of both ends together.

    Raises:
        InputError: What is extruded is no shape, or has time; the height is not finite or does not rise.
    """

    def __init__(
        self, shape: Geometry, height: Sequence[float], *, ends: Sequence[str] = _ENDS, name: str = "extrusion"
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
        names = [BoundaryName(name) for name in (self.name, *self.end_names)]
        new = number_duplicates(names, self.base.labels)
        return tuple(Label(new[name], new[names[0]]) for name in names[1:])


class Cylinder(Transformed):
    """A solid circular cylinder; its boundaries are "side", "bottom" (around the start) and "top" (around the end).

    Args:
        start: One end of its axis, (x, y, z).
        end: The other end.
        radius: The radius, positive.
        name: Name of the cylinder and of its whole boundary.

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
        super().__init__(upright, rigid_motion(rotation, self.start))

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
        owner = BoundaryName(self.name)
        return tuple(replace(part, label=replace(part.label, owner=owner)) for part in super().parts)


_INSTANTS = ("initial", "final")


class TimeInterval(Interval):
    """The time from t0 to t1: a domain with the one coordinate "t" (for ODEs) and boundaries "initial" and "final"."""

    def __init__(self, t0: float, t1: float, *, name: str = "time") -> None:
        super().__init__(t0, t1, name=name)

    @property
    def coordinates(self) -> tuple[str, ...]:
        return ("t",)

    @property
    def side_names(self) -> tuple[tuple[str, str], ...]:
        return (_INSTANTS,)


class SpaceTime(Prism):
    """A shape in space times an interval of time, written `shape * TimeInterval(0, 1)`.

    The last coordinate is "t". The boundaries of the shape keep their names (also "boundary" and "outer", which hold
    nothing of the first and last instant); "initial" and "final" are added.

    Raises:
        InputError: The second factor is no TimeInterval, the first already has time, or a boundary of the shape is
            called "initial" or "final".
    """

    def __init__(self, space: Geometry, time: Geometry) -> None:
        if not isinstance(time, TimeInterval):
            raise InputError("a domain can only be multiplied by time: shape * TimeInterval(t0, t1)")
        if "t" in space.coordinates:
            raise InputError("a domain has only one time: the first factor of shape * TimeInterval(t0, t1) has one too")
        super().__init__(space, (time.lower[0], time.upper[0]))
        self.space, self.time = space, time
        taken = [name for name in space.boundaries if name in _INSTANTS]
        if taken:
            raise InputError(f"a boundary in space may not be called {taken[0]!r}: time has one of this name")

    def __repr__(self) -> str:
        return f"{self.space!r} * {self.time!r}"

    @property
    def coordinates(self) -> tuple[str, ...]:
        return (*self.space.coordinates, "t")

    @property
    def cap_labels(self) -> tuple[Label, ...]:
        owner = BoundaryName(self.time.name)
        return tuple(Label(BoundaryName(name), owner, lateral=False) for name in _INSTANTS)
