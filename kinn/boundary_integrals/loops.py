"""Oriented boundary of a plane domain: smooth edges with the domain on their left, joined into closed loops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.legendre import gauss
from kinn.errors import InputError
from kinn.geometry import Geometry
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.triangulation import cross
from kinn.geometry.types import Array

#: Points of one curve closer than this, relative to its length, coincide.
COINCIDENT = 1e-9

#: The fractions of the length of the sample points of an edge.
_SAMPLE = (np.arange(9) + 0.5) / 9
#: Intervals of an edge in the integral of the area, and Gauss nodes of each.
_INTERVALS, _ORDER = 12, 16


@dataclass(frozen=True, eq=False)
class BoundaryEdge:
    """A smooth part of a curve, oriented with the domain on its left.

    Attributes:
        name: The name of its part of the boundary.
        curve: The curve, parametrised by its arc length relative to the whole, with normals out of the domain.
        start: The parameter at the start of the edge; modulo 1 on closed curves.
        end: The parameter at its end; below `start` where the edge runs against the curve.
    """

    name: str
    curve: BoundaryPatch
    start: float
    end: float

    @property
    def length(self) -> float:
        """The length."""
        return self.curve.measure * abs(self.end - self.start)

    def at(self, fraction: Array) -> BoundaryPoints:
        """Points and outward normals at fractions of the length, (m,)."""
        parameter = self.start + (self.end - self.start) * np.asarray(fraction, dtype=np.float64)
        beyond = (parameter < 0) | (parameter > 1)
        return self.curve.at(np.where(beyond, parameter % 1.0, parameter)[:, None])

    @property
    def sample(self) -> BoundaryPoints:
        """Some points, at which the conditions are evaluated for classification."""
        return self.at(_SAMPLE)

    @cached_property
    def ends(self) -> Array:
        """The first and the last point, (2, 2)."""
        return self.at(np.array([0.0, 1.0])).points

    @property
    def closed(self) -> bool:
        """Whether it is a closed curve."""
        return bool(np.linalg.norm(self.ends[1] - self.ends[0]) <= COINCIDENT * self.length)

    @cached_property
    def tangents(self) -> Array:
        """The unit tangents at both ends, (2, 2): the outward normals rotated to the left."""
        normals = self.at(np.array([0.0, 1.0])).normals
        return np.column_stack([-normals[:, 1], normals[:, 0]])


def boundary_edges(geometry: Geometry) -> list[BoundaryEdge]:
    """Edges of the boundary of a plane shape, unordered.

    Raises:
        InputError: If the shape is not plane, or its boundary does not consist of curves.
    """
    if geometry.dim != 2 or geometry.coordinates != ("x", "y"):
        raise InputError(f"boundary curves belong to plane shapes, not to shapes in {', '.join(geometry.coordinates)}")
    edges = []
    for part in geometry.parts:
        if part.patch.dim != 1 or part.patch.rejects:
            raise InputError(f"the boundary {part.name!r} is no curve with a parametrisation")
        curve, intervals = part.patch.curve_spans
        spans = list(intervals)
        first, last = curve.at(np.array([[0.0], [1.0]])).points
        closed = np.linalg.norm(last - first) <= COINCIDENT * curve.measure
        if closed and len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == 1:
            spans[-1] = (spans[-1][0], 1 + spans.pop(0)[1])  # the parameter starts inside an edge
        edges += [_oriented(part.name, curve, *span) for span in spans]
    return edges


def _oriented(name: str, curve: BoundaryPatch, start: float, end: float) -> BoundaryEdge:
    """Edge between two parameters of a curve, oriented with the domain on its left."""
    middle, step = (start + end) / 2, 1e-4 * (end - start)
    located = curve.at(np.array([[middle - step], [middle], [middle + step]]) % 1.0)
    along, normal = located.points[2] - located.points[0], located.normals[1]
    return BoundaryEdge(name, curve, *((start, end) if cross(normal, along) > 0 else (end, start)))


@dataclass(frozen=True, eq=False)
class BoundaryLoop:
    """A closed loop of edges with the domain on its left: counter-clockwise outside, clockwise around a hole.

    Attributes:
        edges: The consecutive edges.
    """

    edges: tuple[BoundaryEdge, ...]

    @cached_property
    def angles(self) -> tuple[float, ...]:
        """The interior angle at the start of each edge, in (0, 2 pi); pi where the boundary is smooth."""
        tangents = [(self.edges[n - 1].tangents[1], edge.tangents[0]) for n, edge in enumerate(self.edges)]
        return tuple(math.pi - math.atan2(float(cross(u, v)), float(u @ v)) for u, v in tangents)

    @cached_property
    def area(self) -> float:
        """The enclosed area, negative for the boundary of a hole: the integral of x . n / 2."""
        nodes, weights = gauss(_ORDER)
        fractions = ((np.arange(_INTERVALS)[:, None] + (nodes + 1) / 2) / _INTERVALS).ravel()
        total, centre = 0.0, np.concatenate([edge.ends for edge in self.edges]).mean(axis=0)
        for edge in self.edges:
            located = edge.at(fractions)
            density = np.sum((located.points - centre) * located.normals, axis=1)
            total += float(np.tile(weights, _INTERVALS) @ density) * edge.length / _INTERVALS / 4
        return total


def boundary_loops(geometry: Geometry) -> tuple[BoundaryLoop, ...]:
    """Boundary of a plane shape as closed loops, the outer ones first.

    Raises:
        InputError: If the shape is not plane or its boundary is not closed.
    """
    unused, size = boundary_edges(geometry), geometry.size

    def meet(p: Array, q: Array) -> bool:
        return float(np.linalg.norm(p - q)) <= COINCIDENT * size

    loops = []
    while unused:
        edges = [unused.pop(0)]
        while not meet(edges[-1].ends[1], edges[0].ends[0]):
            following = [edge for edge in unused if meet(edges[-1].ends[1], edge.ends[0])]
            if not following:
                x, y = edges[-1].ends[1]
                raise InputError(
                    f"the boundary is open: no edge starts at ({x:g}, {y:g}), the end of {edges[-1].name!r}"
                )
            unused.remove(following[0])
            edges.append(following[0])
        loops.append(BoundaryLoop(tuple(edges)))
    return tuple(sorted(loops, key=lambda loop: loop.area < 0))
