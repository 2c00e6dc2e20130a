"""Balls of any dimension and the spheres that bound them; the disk is the ball of two dimensions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.special import betaincinv

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.boundary.boundary import Part, single_part
from kinn.geometry.boundary.edges import Arc
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints, Chart, quadrilateral_chart
from kinn.geometry.distances.implicit import ImplicitFunction, ImplicitSphere
from kinn.geometry.distances.rfunctions import HalfSpace, Region
from kinn.geometry.geometry import Geometry
from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.reference_cells import LINE, Circle, Factor, Latitude, unit_ball_volume
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array, Indices


@dataclass(frozen=True, eq=False)
class Shells(Cells):
    """Shells between two radii around a point, or spheres.

    Attributes:
        center: The centre, (d,), d >= 2.
        radii: The inner and the outer radius of each, (C, 2); on spheres both are the same.
        surface: Whether they are spheres.
    """

    center: tuple[float, ...]
    radii: Array
    surface: bool = False

    @property
    def factors(self) -> tuple[Factor, ...]:
        around = (*(Latitude(n) for n in range(len(self.center), 2, -1)), Circle())
        first: tuple[Factor, ...] = () if self.surface else (LINE,)
        return (*first, *around)

    @property
    def degrees(self) -> tuple[int, ...]:
        return (0,) * len(self.factors) if self.surface else (len(self.center) - 1, *(0,) * (len(self.factors) - 1))

    @property
    def count(self) -> int:
        return len(self.radii)

    def at(self, which: Indices, unit: Array) -> CellPoints:
        d, (inner, outer) = len(self.center), self.radii[which].T
        radius = inner if self.surface else inner + (outer - inner) * unit[:, 0]
        density = 2 * np.pi * radius ** (d - 1) * (1 if self.surface else outer - inner)
        around, ring, columns = unit[:, unit.shape[1] - (d - 1) :], np.ones(len(unit)), []
        for height in around[:, :-1].T:
            columns.append(ring * height)
            ring = ring * np.sqrt(1 - height**2)
        angle = 2 * np.pi * around[:, -1]
        directions = np.column_stack([ring * np.cos(angle), ring * np.sin(angle), *columns[::-1]])
        points = np.asarray(self.center) + radius[:, None] * directions
        return CellPoints(points, density, directions if self.surface else None)


_CORE = 0.5  # half the diagonal of the square chart in the middle of a disk, relative to the radius
_SHELLS = (0.25, 0.5)  # radii at which the cells of a ball begin, relative to the radius


def sphere_directions(unit: Array) -> Array:
    """Unit vectors, (m, d), that the cube points `unit`, (m, d - 1), are mapped to, uniform on the sphere.

    One component after the other: the height of a uniform point of the unit sphere in n dimensions is 2 b - 1 with b
    of the beta distribution with both parameters (n - 1) / 2, and the rest is uniform on a sphere of one dimension
    less.
    """
    count, left = len(unit), unit.shape[1]
    radius, columns = np.ones(count), []
    for n in range(left + 1, 2, -1):
        share = betaincinv((n - 1) / 2, (n - 1) / 2, unit[:, left + 1 - n])
        columns.append(radius * (1 - 2 * share))
        radius = radius * 2 * np.sqrt(share * (1 - share))
    angle = 2 * math.pi * unit[:, -1]
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), *columns])


@dataclass(frozen=True)
class SphereSurface(BoundaryPatch):
    """The surface of a ball in three or more dimensions, normals pointing away from the centre."""

    center: tuple[float, ...]
    radius: float

    @property
    def dim(self) -> int:
        return len(self.center) - 1

    @property
    def measure(self) -> float:
        return unit_ball_volume(len(self.center)) * len(self.center) * self.radius**self.dim

    def at(self, unit: Array) -> BoundaryPoints:
        normals = sphere_directions(unit)
        return BoundaryPoints(np.asarray(self.center) + self.radius * normals, normals)

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return (Shells(self.center, np.array([[self.radius, self.radius]]), surface=True),)

    def charts(self) -> list[Chart]:
        """Sides of a cube about the centre, at equal angles.

        Source: C. Ronchi, R. Iacono and P. S. Paolucci, Journal of Computational Physics 124 (1996).
        """
        if self.dim != 2:
            return super().charts()
        center, radius = np.array(self.center), self.radius

        def side(axis: int, sign: float) -> Chart:
            def chart(uv: Array) -> Array:
                across = np.tan(math.pi / 4 * uv)
                out = np.insert(across[:, ::-1] if sign < 0 else across, 2, sign, axis=1)
                out = np.roll(out, axis + 1, axis=1)
                return np.asarray(center + radius * out / np.linalg.norm(out, axis=1, keepdims=True))

            return chart

        return [side(axis, sign) for axis in range(3) for sign in (-1.0, 1.0)]

    @property
    def implicit(self) -> ImplicitFunction:
        return ImplicitSphere(self.center, self.radius)


def ball_cells(center: tuple[float, ...], radius: float) -> tuple[Cells, ...]:
    """Ball and shells around it, each twice as large: points are spread about evenly over all."""
    joints = radius * np.array([0.0, *_SHELLS, 1.0])
    return tuple(Shells(center, np.array([span])) for span in pairwise(joints))


class Ball(Geometry):
    """A ball in two or more dimensions; its only boundary bears its name.

    Args:
        center: The centre, (d,).
        radius: The radius, positive.
        name: Name of the ball and of its sphere.

    Raises:
        InputError: Not finite, a radius that is not positive, or one dimension only.
    """

    rejects = False

    def __init__(self, center: Sequence[float], radius: float, *, name: str = "ball") -> None:
        self.name = arguments.label(name)
        kind = type(self).__name__.lower()
        self.center = arguments.point(center, f"the centre of a {kind}")
        if len(self.center) == 1:
            raise InputError("a ball in one dimension is an interval: Interval(a, b)")
        self.radius = arguments.positive(radius, f"the radius of a {kind}")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.center}, {self.radius}, name={self.name!r})"

    @property
    def bounds(self) -> tuple[Array, Array]:
        center = np.array(self.center)
        return center - self.radius, center + self.radius

    @property
    def measure(self) -> float:
        return unit_ball_volume(self.dim) * self.radius**self.dim

    def level(self, points: Array) -> Array:
        return np.asarray(np.linalg.norm(points - np.asarray(self.center), axis=1) - self.radius)

    @property
    def region(self) -> Region:
        return HalfSpace(ImplicitSphere(self.center, self.radius), 2 * self.radius)

    def from_unit(self, unit: Array) -> Array:
        # The root of the first parameter makes shells of equal volume equally likely.
        radius = self.radius * unit[:, :1] ** (1 / self.dim)
        return np.asarray(np.asarray(self.center) + radius * sphere_directions(unit[:, 1:]))

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return ball_cells(self.center, self.radius)

    def charts(self) -> list[Chart]:
        """Return, of a disk, a square in the middle, and what lies between each of its sides and the circle."""
        if self.dim != 2:
            return super().charts()
        center, radius = np.array(self.center), self.radius
        half = _CORE * radius / np.sqrt(2)
        square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])

        def outer(side: int) -> Chart:
            turn = np.array([[0.0, 1.0], [-1.0, 0.0]])

            def chart(uv: Array) -> Array:
                out, angle = (uv[:, :1] + 1) / 2, math.pi / 4 * uv[:, 1]
                inner = np.column_stack([np.full(len(uv), half), half * uv[:, 1]])
                circle = radius * np.column_stack([np.cos(angle), np.sin(angle)])
                return np.asarray(center + ((1 - out) * inner + out * circle) @ np.linalg.matrix_power(turn, side))

            return chart

        return [quadrilateral_chart(center + square), *(outer(side) for side in range(4))]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        patch = Arc(self.center, self.radius) if self.dim == 2 else SphereSurface(self.center, self.radius)
        return single_part(self.name, patch)


class Disk(Ball):
    """A disk; its only boundary bears its name; arguments and errors as for `Ball`, in two dimensions."""

    def __init__(self, center: Sequence[float], radius: float, *, name: str = "disk") -> None:
        super().__init__(arguments.point(center, "the centre of a disk", 2), radius, name=name)


class Sphere(Ball):
    """A solid sphere in three dimensions; its only boundary bears its name; arguments and errors as for `Ball`."""

    def __init__(self, center: Sequence[float], radius: float, *, name: str = "sphere") -> None:
        super().__init__(arguments.point(center, "the centre of a sphere", 3), radius, name=name)
