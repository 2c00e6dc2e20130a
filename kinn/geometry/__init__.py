"""Shapes: where a problem lives. Points inside them, named boundaries with normals, combinations, and time."""

from __future__ import annotations

from kinn.geometry.base import Boundary, BoundaryPoints, Face, Geometry
from kinn.geometry.combined.csg import Difference, Intersection, Union
from kinn.geometry.combined.extrusion import Extrusion
from kinn.geometry.combined.time import SpaceTime, TimeInterval
from kinn.geometry.meshes.mesh import Mesh
from kinn.geometry.quadrature.graded import Grading
from kinn.geometry.quadrature.rule import Rule
from kinn.geometry.sampling import METHODS
from kinn.geometry.shapes.arcs import ArcPolygon
from kinn.geometry.shapes.ball import Ball, Disk, Sphere
from kinn.geometry.shapes.box import Box, Cuboid, Interval, Rectangle
from kinn.geometry.shapes.cloud import PointCloud
from kinn.geometry.shapes.curve import Curve
from kinn.geometry.shapes.cylinder import Cylinder
from kinn.geometry.shapes.ellipse import Ellipse
from kinn.geometry.shapes.foreign import Foreign, adapt
from kinn.geometry.shapes.polygon import Polygon
from kinn.geometry.shapes.surface import Surface

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
    "Grading",
    "Intersection",
    "Interval",
    "Mesh",
    "PointCloud",
    "Polygon",
    "Rectangle",
    "Rule",
    "SpaceTime",
    "Sphere",
    "Surface",
    "TimeInterval",
    "Union",
    "adapt",
]
