"""Shapes: where a problem lives. Points inside them, named boundaries with normals, combinations, and time."""

from __future__ import annotations

from kinn.geometry.csg.boolean import Difference, Intersection, Union
from kinn.geometry.csg.extrusion import Extrusion
from kinn.geometry.csg.time import SpaceTime, TimeInterval
from kinn.geometry.geometry import Boundary, BoundaryPoints, Face, Geometry
from kinn.geometry.interop import DeepXDEGeometry, adapt
from kinn.geometry.meshes.mesh import Mesh
from kinn.geometry.quadrature.graded import Grading
from kinn.geometry.quadrature.rule import Rule
from kinn.geometry.sampling import METHODS
from kinn.geometry.shapes.arcs import ArcPolygon
from kinn.geometry.shapes.ball import Ball, Disk, Sphere
from kinn.geometry.shapes.box import Box, Cuboid, Interval, Rectangle
from kinn.geometry.shapes.cloud import PointCloud
from kinn.geometry.shapes.curve_domain import CurveDomain
from kinn.geometry.shapes.cylinder import Cylinder
from kinn.geometry.shapes.ellipse import Ellipse
from kinn.geometry.shapes.polygon import Polygon
from kinn.geometry.shapes.triangulated_solid import TriangulatedSolid

__all__ = [
    "METHODS",
    "ArcPolygon",
    "Ball",
    "Boundary",
    "BoundaryPoints",
    "Box",
    "Cuboid",
    "CurveDomain",
    "Cylinder",
    "DeepXDEGeometry",
    "Difference",
    "Disk",
    "Ellipse",
    "Extrusion",
    "Face",
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
    "TimeInterval",
    "TriangulatedSolid",
    "Union",
    "adapt",
]
