"""Shapes: where a problem lives. Points inside them, named boundaries with normals, combinations, and time."""

from __future__ import annotations

from kinn.geometry.arcs import ArcPolygon
from kinn.geometry.ball import Ball, Disk, Sphere
from kinn.geometry.base import Boundary, BoundaryPoints, Face, Geometry
from kinn.geometry.box import Box, Cuboid, Interval, Rectangle
from kinn.geometry.cloud import PointCloud
from kinn.geometry.csg import Difference, Intersection, Union
from kinn.geometry.curve import Curve
from kinn.geometry.cylinder import Cylinder
from kinn.geometry.ellipse import Ellipse
from kinn.geometry.extrusion import Extrusion
from kinn.geometry.foreign import Foreign, adapt
from kinn.geometry.polygon import Polygon
from kinn.geometry.sampling import METHODS
from kinn.geometry.surface import Surface
from kinn.geometry.time import SpaceTime, TimeInterval

__all__ = [
    "METHODS",
    "ArcPolygon",
    "Ball",
    "Boundary",
    "BoundaryPoints",
    "Box",
    "Cuboid",
    "Curve",
    "Cylinder",
    "Difference",
    "Disk",
    "Ellipse",
    "Extrusion",
    "Face",
    "Foreign",
    "Geometry",
    "Intersection",
    "Interval",
    "PointCloud",
    "Polygon",
    "Rectangle",
    "SpaceTime",
    "Sphere",
    "Surface",
    "TimeInterval",
    "Union",
    "adapt",
]
