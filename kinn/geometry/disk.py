"""The disk, and the circular arc that bounds it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.geometry import checks
from kinn.geometry.base import Geometry
from kinn.geometry.boundary import Label, Name, Part
from kinn.geometry.carriers import Carrier, Plane, Round
from kinn.geometry.pieces import Array, BoundaryPoints, Piece
from kinn.geometry.regions import Everywhere, Half, Region


@dataclass(frozen=True)
class Arc(Piece):
    """A circular arc from angle `start` counter-clockwise over `sweep` (radians), normals pointing away."""

    center: tuple[float, ...]
    radius: float
    start: float = 0.0
    sweep: float = 2 * math.pi

    @property
    def dim(self) -> int:
        """1: a curve."""
        return 1

    @property
    def measure(self) -> float:
        """Length."""
        return self.radius * self.sweep

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points at constant speed along the arc."""
        angle = self.start + self.sweep * unit[:, 0]
        normals = np.column_stack([np.cos(angle), np.sin(angle)])
        return BoundaryPoints(np.asarray(self.center) + self.radius * normals, normals)

    @property
    def carrier(self) -> Carrier:
        """The circle."""
        return Round(self.center, self.radius)

    def extent(self, start: float, end: float) -> Region:
        """Return the half-plane beyond the chord of a stretch; all of the plane for a full circle."""
        sweep = self.sweep * (end - start)
        if sweep >= 2 * math.pi * (1 - 1e-12):
            return Everywhere()
        middle = self.start + self.sweep * (start + end) / 2
        out = (math.cos(middle), math.sin(middle))
        chord = Plane(out, -float(np.dot(out, self.center)) - self.radius * math.cos(sweep / 2))
        return Half(chord, self.radius * min(sweep, 2.0))


class Disk(Geometry):
    """A disk; its only boundary bears its name.

    Args:
        center: The centre (x, y).
        radius: The radius, positive.
        name: Name of the disk and of its circle.

    Raises:
        InputError: Not finite, or a radius that is not positive.
    """

    rejects = False

    def __init__(self, center: Sequence[float], radius: float, *, name: str = "disk") -> None:
        self.name = checks.label(name)
        self.center = checks.point(center, "the centre of a disk", 2)
        self.radius = checks.positive(radius, "the radius of a disk")

    def __repr__(self) -> str:
        return f"Disk({self.center}, {self.radius}, name={self.name!r})"

    @property
    def bounds(self) -> tuple[Array, Array]:
        """The square around the disk."""
        center = np.array(self.center)
        return center - self.radius, center + self.radius

    @property
    def measure(self) -> float:
        """Area."""
        return math.pi * self.radius**2

    def level(self, points: Array) -> Array:
        """Return the signed distance to the circle."""
        return np.asarray(np.hypot(points[:, 0] - self.center[0], points[:, 1] - self.center[1]) - self.radius)

    @property
    def region(self) -> Region:
        """The disk."""
        return Half(Round(self.center, self.radius), 2 * self.radius)

    def from_unit(self, unit: Array) -> Array:
        """Return points in polar coordinates, area ratios kept."""
        # The square root of the first parameter makes rings of equal area equally likely.
        radius, angle = self.radius * np.sqrt(unit[:, 0]), 2 * math.pi * unit[:, 1]
        return np.asarray(self.center) + np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The circle."""
        name = Name(self.name)
        circle = Arc(self.center, self.radius)
        return (Part(Label(name, name), circle, positive_inside=True, negative_outside=True),)
