"""Every kind of shape against the contract."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from kinn.geometry import (
    ArcPolygon,
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
from tests.geometry.contract import ShapeContract, SmoothDistanceContract
from tests.geometry.examples import ELL, SHAPES, TETRAHEDRON

KIDNEY = [(0, 0), (1, -0.4), (2, 0), (1.9, 1), (1, 0.6), (0.2, 0.9)]


def select(*names: str) -> dict[str, Geometry]:
    return {name: SHAPES[name] for name in names}


class TestBoxes(SmoothDistanceContract):
    shapes: ClassVar = select("interval", "rectangle", "box", "box-4d", "box-5d")
    scaled: ClassVar = {"rectangle": lambda unit: Rectangle((-unit, 0), (2 * unit, unit))}


class TestBalls(SmoothDistanceContract):
    shapes: ClassVar = select("sphere", "ball-5d", "disk")
    scaled: ClassVar = {
        "disk": lambda unit: Disk((3 * unit, -unit), unit / 2),
        "sphere": lambda unit: Sphere((unit, 0, -unit), 2 * unit),
    }


class TestPolygons(SmoothDistanceContract):
    shapes: ClassVar = select("polygon")
    scaled: ClassVar = {"polygon": lambda unit: Polygon((unit * np.array(ELL.vertices)).tolist())}


class TestArcPolygons(SmoothDistanceContract):
    shapes: ClassVar = select("stadium", "bitten", "lens")
    scaled: ClassVar = {"half-disk": lambda unit: ArcPolygon([(-unit, 0), (unit, 0)], [None, (0, unit)])}


class TestCurveDomains(SmoothDistanceContract):
    shapes: ClassVar = select("star", "bean")
    scaled: ClassVar = {"bean": lambda unit: CurveDomain.through((unit * np.array(KIDNEY)).tolist())}


class TestEllipses(SmoothDistanceContract):
    shapes: ClassVar = select("ellipse")
    scaled: ClassVar = {"ellipse": lambda unit: Ellipse((unit, 2 * unit), (unit / 2, 2 * unit), angle=0.4)}


class TestTriangulatedSolids(SmoothDistanceContract):
    shapes: ClassVar = select("surface")
    scaled: ClassVar = {
        "tetrahedron": lambda unit: TriangulatedSolid(unit * TETRAHEDRON.mesh.vertices, TETRAHEDRON.mesh.triangles)
    }


class TestBooleans(SmoothDistanceContract):
    shapes: ClassVar = select(
        "union",
        "union-1d",
        "intersection",
        "difference",
        "nested",
        "difference-3d",
        "union-3d",
        "cuboid-minus-spheres",
        "two-spheres",
        "notched",
        "pipe-joint",
        "drilled",
        "ellipses",
        "plate-minus-ellipse",
        "half-ellipse",
        "bitten-plus-disk",
        "plate-minus-star",
        "star-and-bean",
        "cut-star",
        "surface-minus-sphere",
    )
    scaled: ClassVar = {
        "difference": lambda unit: Rectangle((0, 0), (unit, unit)) - Disk((unit, unit), unit / 2),
        "difference-3d": lambda unit: Cuboid((0, 0, 0), (unit, unit, unit)) - Sphere((0, 0, 0), unit / 2),
    }


class TestExtrusions(SmoothDistanceContract):
    shapes: ClassVar = select("extrusion", "extrusions", "cylinder", "extruded-arcs")
    scaled: ClassVar = {
        "cylinder": lambda unit: Cylinder((0, 0, 0), (unit, 2 * unit, -unit), unit / 2),
        "extrusion": lambda unit: Extrusion(Disk((0, 0), unit), (0, unit)),
    }


class TestMotions(SmoothDistanceContract):
    shapes: ClassVar = select("turned", "turned-block")
    scaled: ClassVar = {"turned": lambda unit: Rectangle((0, 0), (unit, 2 * unit)).rotated(0.7, center=(unit, 0))}


class TestSpaceTimes(SmoothDistanceContract):
    shapes: ClassVar = select(
        "time",
        "star-time",
        "surface-time",
        "sphere-time",
        "interval-time",
        "disk-time",
        "difference-time",
        "union-1d-time",
    )
    scaled: ClassVar = {"interval-time": lambda unit: Interval(-unit, unit) * TimeInterval(0, 2 * unit)}


class Superellipse(Geometry):
    """|x|^4 + |y|^4 <= r^4, as a user would write it: a box around it and a level function."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        return np.full(2, -self.radius), np.full(2, self.radius)

    def level(self, points: np.ndarray) -> np.ndarray:
        # the fourth root is a norm that is no larger than the Euclidean one: 1-Lipschitz
        return np.asarray(np.sum(points**4, axis=1) ** 0.25 - self.radius)


class Spheroid(Geometry):
    """An oblate solid in space, with a level that is a bound for the distance."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        upper = self.radius * np.array([1.0, 1.0, 0.5])
        return -upper, upper

    def level(self, points: np.ndarray) -> np.ndarray:
        return np.asarray((np.linalg.norm(points * (1, 1, 2), axis=1) - self.radius) / 2)


class TestShapesOfUsers(ShapeContract):
    shapes: ClassVar = {"superellipse": Superellipse(1.5), "spheroid": Spheroid(1.0)}
    scaled: ClassVar = {"superellipse": Superellipse, "spheroid": Spheroid}
