"""Panels of plane curves: intervals of graded edges with Gauss nodes, and the quadrature of their near field.

Near a target a panel is halved until every subpanel is farther from the target than its own length, or negligibly short; on
each the Gauss rule is exact to rounding. The density is the polynomial of the whole panel, so that interpolation loses
nothing. One procedure serves logarithmic, Cauchy and hypersingular kernels at any distance: the latter two act on densities
that vanish at the target (see `operators`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import ON_BOUNDARY, BoundaryPanels, ClosestPoints, Subpanels
from kinn.boundary_integrals.grading import GradedEdge, arc_fraction, arc_speed
from kinn.boundary_integrals.legendre import gauss, polynomials, to_coefficients
from kinn.geometry.types import Array, Indices

#: Nodes per panel.
ORDER = 16
#: The Gauss rule of a panel or subpanel is taken from this distance on, in units of its length.
FAR = 1.25
#: The largest number of halvings: the remainder is 1e-14 of the panel.
MAX_DEPTH = 47
#: Pairs of targets and panels per block of the search, and subpanels per block.
PAIRS_PER_BLOCK, SUBPANELS_PER_BLOCK = 2_000_000, 4096


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
        return self.order

    @cached_property
    def parameters(self) -> Array:
        """The parameters t of the nodes, (M, n)."""
        return (self.starts + self.ends)[:, None] / 2 + self.halves[:, None] * gauss(self.order)[0]

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
        return self._located[0]

    @property
    def normals(self) -> Array:
        return self._located[1]

    @property
    def speed(self) -> Array:
        return self._located[2]

    @property
    def weights(self) -> Array:
        return self.halves[:, None] * gauss(self.order)[1]

    @property
    def lengths(self) -> Array:
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
        return polynomials(gauss(self.order)[0], self.order)

    @property
    def measures(self) -> Array:
        return np.array([graded.edge.length for graded in self.edges])

    @property
    def measure(self) -> float:
        return float(np.sum(self.lengths))

    def near_pairs(self, targets: Array) -> tuple[Indices, Indices]:
        target, panel = [], []
        centres, limits = self.centres, (FAR * self.lengths) ** 2
        step = max(1, PAIRS_PER_BLOCK // len(self))
        for first in range(0, len(targets), step):
            squared = np.sum((targets[first : first + step, None] - centres) ** 2, axis=2)
            rows, columns = np.nonzero(squared < limits)
            target.append(rows + first)
            panel.append(columns)
        return (np.concatenate(target), np.concatenate(panel)) if target else (np.arange(0), np.arange(0))

    def subdivide(self, targets: Array, target: Indices, panel: Indices, node: Indices) -> Iterator[Subpanels]:
        x, w = gauss(self.order)
        targets, pair, shortest = targets[target], np.arange(len(panel)), self.lengths.min()
        at_target = self.basis_at_nodes[node] * (node >= 0)[:, None]
        low, high = np.full(len(panel), -1.0), np.full(len(panel), 1.0)
        for depth in range(MAX_DEPTH + 1):
            if not len(pair):
                return
            resolved = np.ones(len(pair), dtype=bool)
            if depth < MAX_DEPTH:
                ends = np.stack([low, (low + high) / 2, high], axis=1)
                curves = self.coefficients[panel[pair], :, :2]
                offset = _offsets(curves, ends, targets[pair], node[pair], at_target[pair])[2]
                length = np.sum(np.linalg.norm(np.diff(offset, axis=1), axis=2), axis=1)
                resolved = np.linalg.norm(offset[:, 1], axis=1) >= FAR * length
            parts = max(1, -(-int(resolved.sum()) // SUBPANELS_PER_BLOCK))
            for rows in np.array_split(np.flatnonzero(resolved), parts):
                if len(rows):
                    k = pair[rows]
                    half, coefficients = (high[rows] - low[rows]) / 2, self.coefficients[panel[k]]
                    at = (low[rows] + high[rows])[:, None] / 2 + half[:, None] * x
                    basis, shifted, offset = _offsets(coefficients[..., :2], at, targets[k], node[k], at_target[k])
                    offset[(offset == 0).all(axis=2)] = 1e-16 * shortest  # a node on the target itself
                    columns = basis @ coefficients[..., 2:]
                    weights = (half * self.halves[panel[k]])[:, None] * w
                    yield Subpanels(k, basis, shifted, weights, offset, columns[..., :2], columns[..., 2])
            pair, low, high = pair[~resolved], low[~resolved], high[~resolved]
            middle = (low + high) / 2
            pair, low, high = np.repeat(pair, 2), np.repeat(low, 2), np.repeat(high, 2)
            high[0::2], low[1::2] = middle, middle

    def closest_points(self, targets: Array, target: Indices, panel: Indices) -> ClosestPoints:
        # searched on the panel with the closest node, by sections into 16
        distance = np.min(np.linalg.norm(self.points[panel] - targets[target, None], axis=2), axis=1)
        sorted_pairs = np.lexsort((distance, target))
        k, first = np.unique(target[sorted_pairs], return_index=True)
        m = panel[sorted_pairs][first]
        low, high = np.full(len(k), -1.0), np.full(len(k), 1.0)
        fractions, rows = np.linspace(0, 1, 17), np.arange(len(k))
        for _ in range(14):
            x = low[:, None] + (high - low)[:, None] * fractions
            located = polynomials(x, self.order) @ self.coefficients[m]
            best = np.argmin(np.sum((located[..., :2] - targets[k, None]) ** 2, axis=2), axis=1)
            low, high = x[rows, np.maximum(best - 1, 0)], x[rows, np.minimum(best + 1, 16)]
        basis = polynomials((low + high) / 2, self.order)
        located = np.einsum("kl,klc->kc", basis, self.coefficients[m])
        return ClosestPoints(k, m, basis, located[:, :2], self._outward(located))

    def _outward(self, located: Array) -> Array:
        """Directions (m, 2) out of the domain at points of the boundary (m, 4): at corners between both normals."""
        signs = (-1.0) ** np.arange(self.order)
        ends = np.concatenate([np.einsum("l,mlc->mc", s, self.coefficients) for s in (signs, signs**2)])
        at_end = np.linalg.norm(located[:, None, :2] - ends[:, :2], axis=2) < ON_BOUNDARY * self.measure
        out = np.where(at_end.any(axis=1)[:, None], at_end @ ends[:, 2:4], located[:, 2:4])
        return np.asarray(out / np.linalg.norm(out, axis=1)[:, None])

    def _take(self, rows: Indices, signs: Array) -> CurvePanels:
        selected = replace(self, edge_index=self.edge_index[rows], starts=self.starts[rows], ends=self.ends[rows])
        points, normals, speed = self._located
        selected.__dict__["_located"] = points[rows], normals[rows] * signs, speed[rows]
        return selected

    def split(self, rows: NDArray[np.bool_]) -> CurvePanels:
        """Panels with those of `rows` (M,) halved."""
        middle = (self.starts + self.ends) / 2
        times = np.where(rows, 2, 1)
        first = np.cumsum(times) - times
        starts, ends = np.repeat(self.starts, times), np.repeat(self.ends, times)
        ends[first[rows]] = middle[rows]
        starts[first[rows] + 1] = middle[rows]
        return CurvePanels(self.edges, np.repeat(self.edge_index, times), starts, ends, self.order)


def _offsets(curves: Array, at: Array, targets: Array, node: Indices, at_target: Array) -> tuple[Array, Array, Array]:
    """Polynomials at parameters (m, q), their differences from the target, and the offsets (m, q, 2) from it.

    Next to a node the offset is that of the shifted polynomials, without cancellation.
    """
    basis = polynomials(at, curves.shape[1])
    shifted = basis - at_target[:, None]
    offset = shifted @ curves
    offset[node < 0] -= targets[node < 0, None]
    return basis, shifted, offset
