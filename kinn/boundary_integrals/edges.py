"""Edges: smooth stretches of boundary curves, run through with the domain on their left."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.errors import InputError
from kinn.geometry import CurveDomain, Geometry, arguments
from kinn.geometry.boundary.edges import Arc, Segment
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.boundary.transformed import ReversedPatch
from kinn.geometry.types import Array

#: Points of one curve nearer to each other than this, relative to the size, are the same.
CLOSE = 1e-9

#: The shares of the length at which edges are probed.
_PROBES = (np.arange(9) + 0.5) / 9


@dataclass(frozen=True, eq=False)
class BoundaryEdge:
    """A smooth stretch of a curve, run through with the domain on its left.

    Attributes:
        name: The name of the part of the boundary that it belongs to.
        curve: The curve, run through at constant speed by a parameter in [0, 1], with normals out of the domain.
        start: The parameter at which the edge begins; modulo 1 on closed curves.
        end: The parameter at which it ends; below `start` where it runs against the curve.
    """

    name: str
    curve: BoundaryPatch
    start: float
    end: float

    @property
    def length(self) -> float:
        """Its length."""
        return self.curve.measure * abs(self.end - self.start)

    def at(self, share: Array) -> BoundaryPoints:
        """Return points and outward normals at shares of the length, (m,)."""
        parameter = self.start + (self.end - self.start) * np.asarray(share, dtype=np.float64)
        beyond = (parameter < 0) | (parameter > 1)
        parameter = np.where(beyond, parameter % 1.0, parameter)
        return self.curve.at(parameter[:, None])

    @property
    def probes(self) -> BoundaryPoints:
        """Some of its points, at which it is tried what conditions say."""
        return self.at(_PROBES)

    @cached_property
    def ends(self) -> Array:
        """The first and the last point, (2, 2)."""
        return self.at(np.array([0.0, 1.0])).points

    @property
    def closed(self) -> bool:
        """Whether it is a whole closed curve."""
        return bool(np.linalg.norm(self.ends[1] - self.ends[0]) <= CLOSE * self.length)

    @cached_property
    def tangents(self) -> Array:
        """The unit tangents where it begins and ends, (2, 2): the outward normals turned to the left."""
        normals = self.at(np.array([0.0, 1.0])).normals
        return np.column_stack([-normals[:, 1], normals[:, 0]])

    def opposite(self) -> BoundaryEdge:
        """Return the same stretch as the boundary of what lies on its other side."""
        return BoundaryEdge(self.name, ReversedPatch(self.curve), self.end, self.start)


def oriented(name: str, curve: BoundaryPatch, start: float, end: float) -> BoundaryEdge:
    """Return the edge between two parameters of a curve, turned so that the domain is on its left."""
    middle, step = (start + end) / 2, 1e-4 * (end - start)
    located = curve.at(np.array([[middle - step], [middle], [middle + step]]) % 1.0)
    along, normal = located.points[2] - located.points[0], located.normals[1]
    on_left = along[1] * normal[0] - along[0] * normal[1] > 0
    return BoundaryEdge(name, curve, start, end) if on_left else BoundaryEdge(name, curve, end, start)


def edges_of(geometry: Geometry) -> list[BoundaryEdge]:
    """Return the edges of the boundary of a plane shape, in no order.

    Raises:
        InputError: If the shape is not plane, or its boundary is not made of curves.
    """
    if geometry.dim != 2 or geometry.coordinates != ("x", "y"):
        raise InputError(f"boundary curves belong to plane shapes, not to shapes in {', '.join(geometry.coordinates)}")
    edges = []
    for part in geometry.parts:
        if part.piece.dim != 1 or part.piece.rejects:
            raise InputError(f"the boundary {part.name!r} is no curve that could be run through")
        curve, whole = part.piece.stretches
        spans = list(whole)
        first, last = curve.at(np.array([[0.0], [1.0]])).points
        around = np.linalg.norm(last - first) <= CLOSE * curve.measure
        if around and len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == 1:
            spans[-1] = (spans[-1][0], 1 + spans.pop(0)[1])  # the curve begins in the middle of a stretch
        edges += [oriented(part.name, curve, *span) for span in spans]
    return edges


def line(start: Sequence[float], end: Sequence[float], name: str = "line") -> BoundaryEdge:
    """Return the straight edge between two points, the domain on its left.

    Raises:
        InputError: If the points coincide or are not finite.
    """
    p, q = (np.array(arguments.point(point, "an end of a line", 2)) for point in (start, end))
    length = float(np.linalg.norm(q - p))
    if length == 0:
        raise InputError(f"a line needs two different ends, and both are ({p[0]:g}, {p[1]:g})")
    normal = ((q - p)[1] / length, -(q - p)[0] / length)
    return BoundaryEdge(name, Segment(tuple(p.tolist()), tuple(q.tolist()), normal), 0.0, 1.0)


def arc(center: Sequence[float], radius: float, start: float, end: float, name: str = "arc") -> BoundaryEdge:
    """Return the circular edge from angle `start` to angle `end` (radians), the domain on its left.

    Raises:
        InputError: If the radius is not positive, or the angles are equal or more than a turn apart.
    """
    at = arguments.point(center, "the centre of an arc", 2)
    if not (math.isfinite(radius) and radius > 0):
        raise InputError(f"the radius of an arc is positive, not {radius}")
    if not 0 < abs(end - start) <= 2 * math.pi * (1 + 1e-12):
        raise InputError(f"an arc goes at most once round, not from {start:g} to {end:g} radians")
    if end > start:
        return BoundaryEdge(name, Arc(tuple(at), radius, start, end - start), 0.0, 1.0)
    return BoundaryEdge(name, ReversedPatch(Arc(tuple(at), radius, end, start - end)), 1.0, 0.0)


def smooth(curve: CurveDomain, *, hole: bool = False) -> BoundaryEdge:
    """Return the boundary of a smooth closed curve as an edge; that of a hole has the domain outside."""
    piece = curve.parts[0].piece
    return oriented(curve.name, ReversedPatch(piece) if hole else piece, 0.0, 1.0)
