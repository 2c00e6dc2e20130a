"""Panels: stretches of edges with Gauss nodes, in parameters that are graded towards corners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import BoundaryPanels, Closest, Numbers, Subpanels
from kinn.boundary_integrals.edges import BoundaryEdge
from kinn.boundary_integrals.grading import rate, share
from kinn.boundary_integrals.legendre import gauss, polynomials, to_coefficients
from kinn.boundary_integrals.near_singular import near_pairs, parts
from kinn.boundary_integrals.panel_projection import closest
from kinn.geometry.types import Array

#: Nodes of a panel.
ORDER = 16


@dataclass(frozen=True)
class GradedEdge:
    """An edge with the parameter t in [0, 1] that its densities are functions of.

    Attributes:
        edge: The edge.
        orders: The orders of the grading at its start and its end; 1 where densities are smooth in the arc length.
        levels: How often panels are halved towards the start and the end.
    """

    edge: BoundaryEdge
    orders: tuple[int, int] = (1, 1)
    levels: tuple[int, int] = (0, 0)

    def breaks(self, longest: float) -> Array:
        """Return the parameters between panels, of which none is longer than `longest`."""
        count = max(1 if sum(self.levels) == 0 else 2, int(np.ceil(self.edge.length / longest - 1e-9)))
        if self.edge.closed:
            count = max(count, 4)
        t = np.linspace(0, 1, count + 1)
        first = t[1] * 0.5 ** np.arange(self.levels[0], 0, -1)
        last = 1 - (1 - t[-2]) * 0.5 ** np.arange(1, self.levels[1] + 1)
        return np.concatenate([t[:1], first, t[1:-1], last, t[-1:]])


@dataclass(frozen=True, eq=False)
class Panels(BoundaryPanels):
    """M panels of n nodes each.

    Attributes:
        tracks: The edges with their parameters.
        track: The number of each panel's edge, (M,).
        starts: The parameter t where each panel begins, (M,).
        ends: Where it ends, (M,).
        order: The number n of nodes.
    """

    tracks: tuple[GradedEdge, ...]
    track: NDArray[np.intp]
    starts: Array
    ends: Array
    order: int = ORDER

    @property
    def each(self) -> int:
        """The number of nodes of a panel."""
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
        shape = (len(self), self.order)
        points, normals, rates = np.empty((*shape, 2)), np.empty((*shape, 2)), np.empty(shape)
        for number, track in enumerate(self.tracks):
            rows = np.flatnonzero(self.track == number)
            t = self.parameters[rows]
            located = track.edge.at(share(t, track.orders).ravel())
            points[rows] = located.points.reshape(*t.shape, 2)
            normals[rows] = located.normals.reshape(*t.shape, 2)
            rates[rows] = rate(t, track.orders) * track.edge.length
        return points, normals, rates

    @property
    def points(self) -> Array:
        """The nodes, (M, n, 2)."""
        return self._located[0]

    @property
    def normals(self) -> Array:
        """The outward unit normals there, (M, n, 2)."""
        return self._located[1]

    @property
    def rates(self) -> Array:
        """The arc length by the parameter, ds/dt, at the nodes, (M, n)."""
        return self._located[2]

    @property
    def weights(self) -> Array:
        """The weights of the nodes for integrals over t, (M, n)."""
        return self.halves[:, None] * gauss(self.order)[1]

    @property
    def lengths(self) -> Array:
        """The length of each panel, (M,)."""
        return np.asarray(np.sum(self.weights * self.rates, axis=1))

    @property
    def centres(self) -> Array:
        """The node-averaged centre of each panel, (M, 2)."""
        return np.asarray(np.einsum("j,mjc->mc", gauss(self.order)[1] / 2, self.points))

    @cached_property
    def coefficients(self) -> Array:
        """Legendre coefficients of x, y, n_x, n_y and ds/dt on each panel, (M, n, 5)."""
        columns = np.concatenate([self.points, self.normals, self.rates[..., None]], axis=2)
        return np.asarray(np.einsum("lj,mjc->mlc", to_coefficients(self.order), columns))

    @property
    def to_coefficients(self) -> Array:
        """The matrix from values at the nodes of a panel to Legendre coefficients."""
        return to_coefficients(self.order)

    @cached_property
    def at_nodes(self) -> Array:
        """The Legendre polynomials at the nodes."""
        return polynomials(gauss(self.order)[0], self.order)

    @property
    def measures(self) -> Array:
        """The length of each edge."""
        return np.array([track.edge.length for track in self.tracks])

    @property
    def measure(self) -> float:
        """The length of the boundary."""
        return float(np.sum(self.lengths))

    @property
    def area(self) -> float:
        """The area of the domain: the integral of x . n / 2."""
        centre = self.centres.mean(axis=0)
        density = np.sum((self.points - centre) * self.normals, axis=2) * self.rates
        return float(np.sum(self.weights * density)) / 2

    def near_pairs(self, targets: Array) -> tuple[Numbers, Numbers]:
        """Return the numbers of targets and of panels that are too close for the nodes of the panel."""
        return near_pairs(self, targets)

    def parts(self, targets: Array, which: Numbers, panel: Numbers, own: Numbers) -> Iterator[Subpanels]:
        """Yield the parts that panels are cut into for targets."""
        return parts(self, targets, which, panel, own)

    def closest(self, targets: Array, which: Numbers, panel: Numbers) -> Closest:
        """Return the points closest to targets."""
        return closest(self, targets, which, panel)

    def of(self, tracks: Sequence[int], opposite: Sequence[bool]) -> Panels:
        """Return the panels of some of the edges, in their order, seen from the other side where `opposite`."""
        rows = np.concatenate([np.flatnonzero(self.track == number) for number in tracks])
        chosen = replace(self, track=self.track[rows], starts=self.starts[rows], ends=self.ends[rows])
        points, normals, rates = self._located
        sign = np.ones(len(self.tracks))
        sign[[number for number, other in zip(tracks, opposite, strict=True) if other]] = -1.0
        chosen.__dict__["_located"] = points[rows], normals[rows] * sign[chosen.track][:, None, None], rates[rows]
        return chosen

    def split(self, rows: NDArray[np.bool_]) -> Panels:
        """Return the panels with those of `rows` (M,) halved."""
        middle = (self.starts + self.ends) / 2
        times = np.where(rows, 2, 1)
        first = np.cumsum(times) - times
        starts, ends = np.repeat(self.starts, times), np.repeat(self.ends, times)
        ends[first[rows]] = middle[rows]
        starts[first[rows] + 1] = middle[rows]
        return Panels(self.tracks, np.repeat(self.track, times), starts, ends, self.order)
