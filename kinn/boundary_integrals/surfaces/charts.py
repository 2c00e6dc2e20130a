"""Charts of boundary pieces: smooth maps of the square [-1, 1]^2 that cover a surface, exact, turned outwards.

A sphere is six of them, a triangle three quadrilaterals, so that there is one kind of panel. Charts run counter-clockwise
seen from outside: the vector product of their derivatives points out of the domain.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from itertools import pairwise
from math import pi
from typing import TypeAlias

import numpy as np

from kinn.errors import InputError
from kinn.geometry.boundary.patch import BoundaryPatch
from kinn.geometry.boundary.transformed import MovedPatch, ReversedPatch
from kinn.geometry.csg.prism import Cap, Lateral
from kinn.geometry.meshes.blocks import Block
from kinn.geometry.meshes.faces import FacePatch
from kinn.geometry.meshes.triangulated_solid import TrianglePatch
from kinn.geometry.shapes.ball import Disk
from kinn.geometry.shapes.ball import SphereSurface as Round
from kinn.geometry.shapes.box import Box, BoxSide
from kinn.geometry.shapes.polygon import Polygon
from kinn.geometry.types import Array

#: Maps points (m, 2) of the square to points (m, 3) of a surface.
Chart: TypeAlias = Callable[[Array], Array]

#: A closed curve is cut into at least so many stretches; a disk has a square of so large a share of its radius inside.
_AROUND = 4
_INNER = 0.5


@singledispatch
def charts(piece: BoundaryPatch) -> list[Chart]:
    """Return charts that cover a piece of a boundary in space.

    Raises:
        InputError: If none are known for such a piece.
    """
    what = "what another shape cuts off it" if piece.rejects else f"a {type(piece).__name__.lower()}"
    raise InputError(
        f"it is {what}, and surfaces of the inverse form are whole spheres, sides of boxes and cylinders, triangles and "
        "faces of meshes"
    )


@charts.register
def _(piece: Round) -> list[Chart]:
    """The sides of a cube about the centre, at equal angles (Ronchi, Iacono and Paolucci 1996, J. Comput. Phys. 124)."""
    center, radius = np.array(piece.center), piece.radius

    def side(axis: int, sign: float) -> Chart:
        def chart(uv: Array) -> Array:
            across = np.tan(pi / 4 * uv)
            out = np.insert(across[:, ::-1] if sign < 0 else across, 2, sign, axis=1)
            out = np.roll(out, axis + 1, axis=1)
            return np.asarray(center + radius * out / np.linalg.norm(out, axis=1, keepdims=True))

        return chart

    return [side(axis, sign) for axis in range(3) for sign in (-1.0, 1.0)]


@charts.register
def _(piece: BoxSide) -> list[Chart]:
    lower, upper = np.array(piece.lower), np.array(piece.upper)
    a, b = ((piece.axis + 1) % 3, (piece.axis + 2) % 3)[:: 1 if piece.side else -1]
    corners = np.tile((upper if piece.side else lower), (4, 1))
    for axis, column in ((a, (0, 1, 1, 0)), (b, (0, 0, 1, 1))):
        corners[:, axis] = np.where(np.array(column), upper[axis], lower[axis])
    return [quadrilateral(corners)]


@charts.register
def _(piece: TrianglePatch) -> list[Chart]:
    real = piece.areas > 0
    turned = np.cross(*np.moveaxis(np.diff(piece.corners[real], axis=1), 1, 0))
    inward = np.sum(turned * piece.crosses[real], axis=1) < 0
    corners = np.where(inward[:, None, None], piece.corners[real][:, ::-1], piece.corners[real])
    return [chart for triangle in corners for chart in thirds(triangle)]


@charts.register
def _(piece: FacePatch) -> list[Chart]:
    return [chart for block in piece.blocks for number in range(block.count) for chart in _face(block, number)]


def _face(block: Block, number: int) -> list[Chart]:
    def on(reference: Chart) -> Chart:
        return lambda uv: block.points(np.full(len(uv), number), reference(uv))

    if block.kind.simplex:
        return [on(chart) for chart in thirds(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))]
    return [on(lambda uv: (uv + 1) / 2)]


@charts.register
def _(piece: ReversedPatch) -> list[Chart]:
    return [_swapped(chart) for chart in charts(piece.base)]


@charts.register
def _(piece: MovedPatch) -> list[Chart]:
    def moved(chart: Chart) -> Chart:
        return lambda uv: piece.motion(chart(uv))

    return [moved(chart) for chart in charts(piece.base)]


@charts.register
def _(piece: Lateral) -> list[Chart]:
    """A wall above a curve: its stretches, each times the height."""
    if piece.base.rejects or piece.base.dim != 1:
        return charts.dispatch(object)(piece)
    curve, spans = piece.base.curve_spans
    made = []
    for start, end in spans:
        for first, last in pairwise(np.linspace(start, end, _AROUND + 1 if piece.base.periodic else 2)):
            made.append(_wall(curve, float(first), float(last), piece.start, piece.end))
    return made


def _wall(curve: BoundaryPatch, first: float, last: float, low: float, high: float) -> Chart:
    def chart(uv: Array) -> Array:
        along = first + (last - first) * (uv[:, :1] + 1) / 2
        height = low + (high - low) * (uv[:, 1:] + 1) / 2
        return np.concatenate([curve.at(along).points, height], axis=1)

    return outwards(chart, np.append(curve.at(np.array([[(first + last) / 2]])).normals[0], 0.0))


@charts.register
def _(piece: Cap) -> list[Chart]:
    """A plane shape as the end of what is extruded."""
    made = [_laid(chart, piece.value) for chart in _plane(piece)]
    return made if piece.side else [_swapped(chart) for chart in made]


def _laid(chart: Chart, value: float) -> Chart:
    return lambda uv: np.column_stack([chart(uv), np.full(len(uv), value)])


def _plane(piece: Cap) -> list[Chart]:
    base = piece.base
    if isinstance(base, Disk):
        return _disk(np.array(base.center), base.radius)
    if isinstance(base, Box):
        (a, b), (c, d) = base.bounds
        return [quadrilateral(np.array([[a, b], [c, b], [c, d], [a, d]]))]
    if isinstance(base, Polygon):
        return [chart for triangle in base.triangles for chart in thirds(triangle)]
    raise InputError(f"its end is {base!r}, and ends of extrusions in the inverse form are disks, boxes and polygons")


def _disk(center: Array, radius: float) -> list[Chart]:
    """A square in the middle, and what lies between each of its sides and the circle."""
    half = _INNER * radius / np.sqrt(2)
    square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])

    def outer(side: int) -> Chart:
        turn = np.array([[0.0, 1.0], [-1.0, 0.0]])

        def chart(uv: Array) -> Array:
            out, angle = (uv[:, :1] + 1) / 2, pi / 4 * uv[:, 1]
            inner = np.column_stack([np.full(len(uv), half), half * uv[:, 1]])
            round_ = radius * np.column_stack([np.cos(angle), np.sin(angle)])
            return np.asarray(center + ((1 - out) * inner + out * round_) @ np.linalg.matrix_power(turn, side))

        return chart

    return [quadrilateral(center + square), *(outer(side) for side in range(4))]


def quadrilateral(corners: Array) -> Chart:
    """Return the bilinear chart of a quadrilateral (4, d), its corners counter-clockwise."""

    def chart(uv: Array) -> Array:
        low, high = (1 - uv) / 2, (1 + uv) / 2
        shares = [low[:, 0] * low[:, 1], high[:, 0] * low[:, 1], high[:, 0] * high[:, 1], low[:, 0] * high[:, 1]]
        return np.asarray(np.stack(shares, axis=1) @ corners)

    return chart


def thirds(corners: Array) -> list[Chart]:
    """Return the quadrilaterals between the corners of a triangle (3, d), the middles of its sides and its centre."""
    middles, centre = (corners + np.roll(corners, -1, axis=0)) / 2, corners.mean(axis=0)
    return [quadrilateral(np.array([corners[k], middles[k], centre, middles[k - 1]])) for k in range(3)]


def outwards(chart: Chart, normal: Array) -> Chart:
    """Return a chart turned such that the vector product of its derivatives in the middle goes along a normal."""
    step = 1e-4
    points = chart(np.array([[step, 0.0], [-step, 0.0], [0.0, step], [0.0, -step]]))
    return chart if np.cross(points[0] - points[1], points[2] - points[3]) @ normal > 0 else _swapped(chart)


def _swapped(chart: Chart) -> Chart:
    return lambda uv: chart(uv[:, ::-1])
