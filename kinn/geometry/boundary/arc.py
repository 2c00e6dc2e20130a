"""Circular arcs, the pieces of boundary of disks and of regions bounded by arcs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kinn.geometry.boundary.patch import Array, BoundaryPatch, BoundaryPoints
from kinn.geometry.distances.implicit import ImplicitFunction, Plane, Round
from kinn.geometry.distances.rfunctions import Everywhere, Half, Region


@dataclass(frozen=True)
class Arc(BoundaryPatch):
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
    def periodic(self) -> bool:
        """Whether it is a whole circle."""
        return self.sweep >= 2 * math.pi * (1 - 1e-12)

    @property
    def carrier(self) -> ImplicitFunction:
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
