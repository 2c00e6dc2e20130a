"""Closed chains of edges: the oriented boundary of a plane domain, with its corners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.edges import CLOSE, BoundaryEdge, edges_of
from kinn.boundary_integrals.legendre import gauss
from kinn.errors import InputError
from kinn.geometry import Geometry
from kinn.geometry.triangulation import cross, touching_edges
from kinn.geometry.types import Array

#: Points of an edge in the polygon by which crossings and the side of the domain are told.
_SAMPLES = 48
#: Stretches of an edge that its area is integrated over.
_STRETCHES = 12
#: Gauss nodes of a stretch.
ORDER = 16


@dataclass(frozen=True, eq=False)
class BoundaryLoop:
    """A closed chain of edges, the domain on its left: counter-clockwise outside, clockwise around a hole.

    Attributes:
        edges: The edges in order, each beginning where the one before it ends.
    """

    edges: tuple[BoundaryEdge, ...]

    @cached_property
    def angles(self) -> tuple[float, ...]:
        """The angle of the domain where each edge begins, in (0, 2 pi); pi where the boundary is smooth."""
        out = []
        for before, edge in zip((self.edges[-1], *self.edges[:-1]), self.edges, strict=True):
            u, v = before.tangents[1], edge.tangents[0]
            turn = math.atan2(float(cross(u, v)), float(u @ v))
            out.append(math.pi - turn)
        return tuple(out)

    @property
    def length(self) -> float:
        """The perimeter."""
        return sum(edge.length for edge in self.edges)

    @cached_property
    def polygon(self) -> Array:
        """Points along the chain, (m, 2)."""
        shares = np.arange(_SAMPLES) / _SAMPLES
        return np.concatenate([edge.at(shares).points for edge in self.edges])

    @cached_property
    def area(self) -> float:
        """The area inside, negative for the boundary of a hole: the integral of x . n / 2."""
        nodes, weights = gauss(ORDER)
        shares = ((np.arange(_STRETCHES)[:, None] + (nodes + 1) / 2) / _STRETCHES).ravel()
        total, centre = 0.0, self.polygon.mean(axis=0)
        for edge in self.edges:
            located = edge.at(shares)
            across = np.sum((located.points - centre) * located.normals, axis=1)
            total += float(np.tile(weights, _STRETCHES) @ across) * edge.length / _STRETCHES / 4
        return total


def chains_of(geometry: Geometry) -> tuple[BoundaryLoop, ...]:
    """Return the boundary of a plane shape as closed chains, the outer ones first.

    Raises:
        InputError: If the shape is not plane or its boundary is not closed.
    """
    left, size = edges_of(geometry), geometry.size
    chains = []
    while left:
        run = [left.pop(0)]
        while not _meet(run[-1].ends[1], run[0].ends[0], size):
            following = [edge for edge in left if _meet(run[-1].ends[1], edge.ends[0], size)]
            if not following:
                x, y = run[-1].ends[1]
                raise InputError(
                    f"the boundary is open: nothing goes on from ({x:g}, {y:g}), the end of {run[-1].name!r}"
                )
            left.remove(following[0])
            run.append(following[0])
        chains.append(BoundaryLoop(tuple(run)))
    return tuple(sorted(chains, key=lambda chain: chain.area < 0))


def chain(edges: Sequence[BoundaryEdge], *, hole: bool = False) -> BoundaryLoop:
    """Return edges given by hand as a closed chain, checked.

    Args:
        edges: The edges in order.
        hole: Whether the chain is the boundary of a hole, which runs clockwise.

    Raises:
        InputError: If the chain is empty, open, crosses itself or runs the wrong way round.
    """
    if not edges:
        raise InputError("a chain needs at least one edge")
    size = float(np.max(np.ptp(np.concatenate([edge.ends for edge in edges]), axis=0))) or edges[0].length
    for edge, following in zip(edges, (*edges[1:], edges[0]), strict=True):
        if not _meet(edge.ends[1], following.ends[0], size):
            (x, y), (a, b) = edge.ends[1], following.ends[0]
            raise InputError(
                f"the boundary is open: {edge.name!r} ends at ({x:g}, {y:g}), "
                f"and {following.name!r} begins at ({a:g}, {b:g})"
            )
    made = BoundaryLoop(tuple(edges))
    touching = touching_edges(made.polygon)
    if touching is not None:
        first, second = (made.edges[n // _SAMPLES].name for n in touching)
        x, y = made.polygon[touching[0]]
        raise InputError(f"the boundary crosses itself near ({x:.3g}, {y:.3g}): {first!r} meets {second!r}")
    if (made.area < 0) != hole:
        way, should = ("clockwise", "counter-clockwise") if made.area < 0 else ("counter-clockwise", "clockwise")
        raise InputError(
            f"the boundary runs {way}, and {'that of a hole' if hole else 'an outer one'} runs {should}: "
            "the domain lies on its left; reverse the edges"
        )
    return made


def _meet(p: Array, q: Array, size: float) -> bool:
    return float(np.linalg.norm(p - q)) <= CLOSE * size
