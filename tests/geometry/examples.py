"""Shapes of every kind and combinations of them, which the tests of what every shape promises go through."""

from __future__ import annotations

import numpy as np

from kinn.geometry import (
    ArcPolygon,
    Ball,
    Box,
    Cuboid,
    CurveDomain,
    Cylinder,
    Disk,
    Ellipse,
    Extrusion,
    Geometry,
    Interval,
    Polygon,
    Rectangle,
    Sphere,
    TimeInterval,
    TriangulatedSolid,
)

SQUARE = Rectangle((0, 0), (1, 1))
ELL = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])
STADIUM = ArcPolygon([(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5)], [None, (1.5, 0), None, (-1.5, 0)])
BITTEN = ArcPolygon([(0, 0), (2, 0), (2, 2), (0, 2)], [None, (1.5, 1), None, (-0.25, 1)])
STAR = CurveDomain(
    lambda t: ((1 + 0.2 * np.cos(5 * t)) * np.cos(t), (1 + 0.2 * np.cos(5 * t)) * np.sin(t)), (0, 2 * np.pi)
)
BEAN = CurveDomain.through([(0, 0), (1, -0.4), (2, 0), (1.9, 1), (1, 0.6), (0.2, 0.9)])
TETRAHEDRON = TriangulatedSolid(
    [(0, 0, 0), (1, 0, 0), (0, 2, 0), (0.2, 0.1, 1)], [(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)]
)
SHAPES: dict[str, Geometry] = {
    "interval": Interval(-1, 2),
    "rectangle": Rectangle((-1, 0), (2, 0.5)),
    "box": Box((0, -1, 2), (1, 1, 5)),
    "box-4d": Box((0,) * 4, (1, 2, 1, 2)),
    "box-5d": Box((0,) * 5, (1,) * 5),
    "sphere": Sphere((1, 0, -1), 2),
    "ball-5d": Ball((0, 1, 0, 1, 0), 1.5),
    "disk": Disk((3, -1), 0.5),
    "polygon": ELL,
    "time": TimeInterval(0, 3),
    "union": Rectangle((0, 0), (1, 1)) | Disk((1, 1), 0.5),
    "union-1d": Interval(0, 1) | Interval(2, 4),
    "intersection": SQUARE & Disk((0, 0), 1),
    "difference": SQUARE - Disk((0.5, 0.5), 0.25) - Disk((0, 0), 0.25),
    "nested": (ELL | Disk((1, 1), 0.5)) - (SQUARE & Disk((0, 0), 0.5)),
    "difference-3d": Box((0, 0, 0), (1, 1, 1)) - Box((0.51, 0.52, 0.53), (2, 2, 2)),
    "union-3d": Cuboid((0, 0, 0), (1, 1, 1)) | Cuboid((1, 0.25, 0), (2, 0.75, 1)),
    "cuboid-minus-spheres": Cuboid((0, 0, 0), (1, 1, 1)) - Sphere((0, 0, 0), 0.5) - Sphere((0.6, 0.6, 0.6), 0.25),
    "two-spheres": Sphere((0, 0, 0), 1) | Sphere((1, 0.2, 0), 0.8),
    "extrusion": Extrusion(ELL - Disk((0.5, 0.5), 0.25), (-1, 0.5)),
    "extrusions": Extrusion(Polygon([(0, 0), (2, 0.1), (0.9, 0.9), (0.1, 2)]), (0, 1))
    | Extrusion(Disk((1, 1), 0.75), (0.43, 2)),
    "notched": Cuboid((0, 0, 0), (2, 2, 2)) - Extrusion(Polygon([(0.5, -1), (3, -1), (3, 1.2)]), (0.5, 3)),
    "cylinder": Cylinder((0, 0, 0), (1, 2, -1), 0.5),
    "pipe-joint": Cylinder((0, 0, -1), (0, 0, 1), 0.4) | Cylinder((-1, 0, 0), (1, 0.1, 0), 0.3),
    "drilled": Sphere((0, 0, 0), 1) - Cylinder((0.2, 0, -2), (0.3, 0, 2), 0.3),
    "turned": (SQUARE - Disk((1, 1), 0.5)).rotated(0.7, center=(1, 0)) | SQUARE.translated((0.3, -0.6)),
    "turned-block": Cuboid((0, 0, 0), (1, 2, 1)).rotated(0.5, axis=(1, 1, 0)),
    "ellipse": Ellipse((1, 2), (0.5, 2), angle=0.4),
    "ellipses": Ellipse((0, 0), (2, 1)) | Ellipse((1, 0.5), (0.4, 1.5), angle=-0.5),
    "plate-minus-ellipse": Rectangle((-2, -2), (2, 2)) - Ellipse((0, 0.2), (1, 0.25), angle=1.0),
    "half-ellipse": Ellipse((0, 0), (2, 1)) & Rectangle((0, -3), (3, 3)),
    "stadium": STADIUM,
    "bitten": BITTEN,
    "lens": ArcPolygon([(0, 0), (1, 1)], [(0.7, 0.2), (0.3, 0.8)]),
    "bitten-plus-disk": (BITTEN | Disk((2, 1.9), 0.5)) - Disk((0.7, 0.8), 0.4),
    "extruded-arcs": Extrusion(BITTEN, (0, 1)) | Cuboid((0.5, 0.3, 0.4), (2.5, 0.7, 1.3)),
    "star": STAR,
    "bean": BEAN,
    "plate-minus-star": Rectangle((-2, -2), (2, 2)) - STAR,
    "star-and-bean": STAR | BEAN,
    "cut-star": STAR & Rectangle((-0.5, -2), (2, 0.3)),
    "star-time": STAR * TimeInterval(0, 1),
    "surface": TETRAHEDRON,
    "surface-minus-sphere": TETRAHEDRON - Sphere((0.2, 0.2, 0.9), 0.3),
    "surface-time": TETRAHEDRON * TimeInterval(0, 1),
    "sphere-time": Sphere((0, 0, 0), 1) * TimeInterval(0, 1),
    "interval-time": Interval(-1, 1) * TimeInterval(0, 2),
    "disk-time": Disk((0, 0), 1) * TimeInterval(1, 2),
    "difference-time": (SQUARE - Disk((0, 0), 0.5)) * TimeInterval(0, 1),
    "union-1d-time": (Interval(0, 1) | Interval(2, 4)) * TimeInterval(0, 1),
}
