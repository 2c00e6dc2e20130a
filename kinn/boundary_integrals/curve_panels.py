"""Panels of plane curves: intervals of graded edges with Gauss nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals import near_singular
from kinn.boundary_integrals.boundary_panels import BoundaryPanels, ClosestPoints, Subpanels
from kinn.boundary_integrals.grading import GradedEdge, arc_fraction, arc_speed
from kinn.boundary_integrals.legendre import gauss, polynomials, to_coefficients
from kinn.geometry.types import Array, Indices

#: Nodes per panel.
ORDER = 16


@dataclass(frozen=True, eq=False)
class CurvePanels(BoundaryPanels):
    """M panels of n nodes each.

    Attributes:
        edges: The graded edges.
        edge_index: The index of each panel's edge, (M,).
        starts: The parameter t at the start of each panel, (M,).
        ends: The parameter at its end, (M,).
        order: The number n of nodes per panel.
    """

    edges: tuple[GradedEdge, ...]
    edge_index: Indices
    starts: Array
    ends: Array
    order: int = ORDER

    @property
    def nodes_per_panel(self) -> int:
        """The number of nodes per panel."""
        return self.order

    @cached_property
    def parameters(self) -> Array:
        """The parameters t of the nodes, (M, n)."""
        x, _ = gauss(self.order)
        return (self.starts + self.ends)[:, None] / 2 + self.halves[:, None] * x

    @property
    def halves(self) -> Array:
        """Half the extent of each panel in t, (M,)."""
        return np.asarray((self.ends - self.starts) / 2)

    @cached_property
    def _located(self) -> tuple[Array, Array, Array]:
        """The nodes, their normals and ds/dt."""
        shape = (len(self), self.order)
        points, normals, speed = np.empty((*shape, 2)), np.empty((*shape, 2)), np.empty(shape)
        for number, graded in enumerate(self.edges):
            rows = np.flatnonzero(self.edge_index == number)
            t = self.parameters[rows]
            located = graded.edge.at(arc_fraction(t, graded.orders).ravel())
            points[rows] = located.points.reshape(*t.shape, 2)
            normals[rows] = located.normals.reshape(*t.shape, 2)
            speed[rows] = arc_speed(t, graded.orders) * graded.edge.length
        return points, normals, speed

    @property
    def points(self) -> Array:
        """The nodes, (M, n, 2)."""
        return self._located[0]

    @property
    def normals(self) -> Array:
        """The outward unit normals at the nodes, (M, n, 2)."""
        return self._located[1]

    @property
    def speed(self) -> Array:
        """The derivative ds/dt of the arc length at the nodes, (M, n)."""
        return self._located[2]

    @property
    def weights(self) -> Array:
        """The weights of the nodes for integrals over t, (M, n)."""
        return self.halves[:, None] * gauss(self.order)[1]

    @property
    def lengths(self) -> Array:
        """The length of each panel, (M,)."""
        return np.asarray(np.sum(self.weights * self.speed, axis=1))

    @property
    def centres(self) -> Array:
        """The weighted mean of the nodes of each panel, (M, 2)."""
        return np.asarray(np.einsum("j,mjc->mc", gauss(self.order)[1] / 2, self.points))

    @cached_property
    def coefficients(self) -> Array:
        """Legendre coefficients of x, y, n_x, n_y and ds/dt on each panel, (M, n, 5)."""
        columns = np.concatenate([self.points, self.normals, self.speed[..., None]], axis=2)
        return np.asarray(np.einsum("lj,mjc->mlc", to_coefficients(self.order), columns))

    @property
    def to_coefficients(self) -> Array:
        """The matrix from values at the nodes of a panel to Legendre coefficients."""
        return to_coefficients(self.order)

    @cached_property
    def basis_at_nodes(self) -> Array:
        """The Legendre polynomials at the nodes."""
        return polynomials(gauss(self.order)[0], self.order)

    @property
    def measures(self) -> Array:
        """The length of each edge."""
        return np.array([graded.edge.length for graded in self.edges])

    @property
    def measure(self) -> float:
        """The length of the boundary."""
        return float(np.sum(self.lengths))

    @property
    def area(self) -> float:
        """The area of the domain: the integral of x . n / 2."""
        centre = self.centres.mean(axis=0)
        density = np.sum((self.points - centre) * self.normals, axis=2) * self.speed
        return float(np.sum(self.weights * density)) / 2

    def near_pairs(self, targets: Array) -> tuple[Indices, Indices]:
        """Return the indices of targets and panels that are too close for the Gauss rule of the panel."""
        return near_singular.near_pairs(self.centres, self.lengths, targets)

    def subdivide(self, targets: Array, target: Indices, panel: Indices, node: Indices) -> Iterator[Subpanels]:
        """Yield the subpanels of near pairs."""
        shortest = self.lengths.min()
        return near_singular.subdivide(self.coefficients, self.halves, shortest, targets[target], panel, node)

    def closest_points(self, targets: Array, target: Indices, panel: Indices) -> ClosestPoints:
        """Return the closest-point projection of targets onto near panels."""
        return near_singular.closest_points(self.coefficients, self.points, self.measure, targets, target, panel)

    def select(self, edges: Sequence[int], opposite: Sequence[bool]) -> CurvePanels:
        """Return the panels of some edges, in their order, with reversed normals where `opposite`."""
        rows = np.concatenate([np.flatnonzero(self.edge_index == number) for number in edges])
        selected = replace(self, edge_index=self.edge_index[rows], starts=self.starts[rows], ends=self.ends[rows])
        points, normals, speed = self._located
        sign = np.ones(len(self.edges))
        sign[[number for number, reverse in zip(edges, opposite, strict=True) if reverse]] = -1.0
        normals = normals[rows] * sign[selected.edge_index][:, None, None]
        selected.__dict__["_located"] = points[rows], normals, speed[rows]
        return selected

    def split(self, rows: NDArray[np.bool_]) -> CurvePanels:
        """Return the panels with those of `rows` (M,) halved."""
        middle = (self.starts + self.ends) / 2
        times = np.where(rows, 2, 1)
        first = np.cumsum(times) - times
        starts, ends = np.repeat(self.starts, times), np.repeat(self.ends, times)
        ends[first[rows]] = middle[rows]
        starts[first[rows] + 1] = middle[rows]
        return CurvePanels(self.edges, np.repeat(self.edge_index, times), starts, ends, self.order)
