"""Covers: where the points of one boundary lie with regard to another shape, which decides what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinn.geometry.boundary.patch import Array, BoundaryPoints, Mask
from kinn.geometry.distances.implicit import ImplicitFunction
from kinn.geometry.distances.rfunctions import Region, intersection
from kinn.geometry.geometry import Geometry

# Where a point of one boundary lies with regard to another shape: inside, outside, or on a boundary that it shares with
# the shape, with the same or with the opposite outward normal.
INSIDE, OUTSIDE, SAME, OPPOSITE = 0, 1, 2, 3
_BEHIND, _AHEAD = {INSIDE, SAME}, {INSIDE, OPPOSITE}  # where the shape lies behind the piece, and ahead of it

_STEP = 1e-9  # how far along the normal one looks to see on which side a shape lies, relative to the smaller shape


@dataclass(frozen=True)
class PointClassifier:
    """What trims: the other shape, and where a point must lie with regard to it to be kept.

    Attributes:
        shape: The other shape.
        keeps: Places that are kept.
        scale: The length that tolerances refer to, that of the smaller shape.
        rounding: Levels up to this are zero.
    """

    shape: Geometry
    keeps: tuple[int, ...]
    scale: float
    rounding: float

    def place(self, located: BoundaryPoints) -> Array:
        """Return INSIDE, OUTSIDE, SAME or OPPOSITE for each of m points, (m,)."""
        level = self.shape.level(located.points)
        place = np.where(level < 0, INSIDE, OUTSIDE)
        on = np.abs(level) <= self.rounding
        if on.any():
            points = located.points[on]
            step = max(_STEP * self.scale, 1000 * self.rounding) * located.normals[on]
            behind, ahead = self.shape.level(points - step) < 0, self.shape.level(points + step) < 0
            place[on] = np.where(behind, np.where(ahead, INSIDE, SAME), np.where(ahead, OPPOSITE, OUTSIDE))
        return place

    def kept(self, located: BoundaryPoints) -> Mask:
        """Return which of m points are kept, (m,)."""
        return np.isin(self.place(located), self.keeps)

    def region(self, carrier: ImplicitFunction) -> Region:
        """Return the region in which a piece with this carrier is kept."""
        demands = []
        for side, at in ((1, _BEHIND), (-1, _AHEAD)):
            answers = {place in at for place in self.keeps}
            if len(answers) == 1:
                here = self.shape.region.on(carrier, side)
                demands.append(here if answers.pop() else here.complement())
        return intersection(dict.fromkeys(demands))
