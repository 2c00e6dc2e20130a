"""Shapes: where a problem lives. Points inside them, named boundaries with normals, combinations, and time."""

from __future__ import annotations

from kinn.geometry.base import Boundary, BoundaryPoints, Face, Geometry
from kinn.geometry.box import Box, Interval, Rectangle
from kinn.geometry.csg import Difference, Intersection, Union
from kinn.geometry.disk import Disk
from kinn.geometry.polygon import Polygon
from kinn.geometry.sampling import METHODS
from kinn.geometry.time import SpaceTime, TimeInterval

__all__ = [
    "METHODS",
    "Boundary",
    "BoundaryPoints",
    "Box",
    "Difference",
    "Disk",
    "Face",
    "Geometry",
    "Intersection",
    "Interval",
    "Polygon",
    "Rectangle",
    "SpaceTime",
    "TimeInterval",
    "Union",
]
