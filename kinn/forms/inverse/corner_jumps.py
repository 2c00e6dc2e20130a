"""Correction of jumps of boundary values between panels and at corners, for accurate gradients next to them.

A jump e of the values on the boundary causes a gradient e / r at a distance r. Where panels of an edge meet it is the
interpolation error of a network, and is closed by linear ramps on both panels. Each edge has a separate network, so that at
a corner two of them, or one and the prescribed values, differ by the training error. Interior values hardly depend on it, and
ramps would not improve them; gradients close to a corner are computed from values closed by ramps along both edges,
of lengths L, whose gradient is e / L.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import arc_fraction
from kinn.boundary_integrals.legendre import gauss, polynomials
from kinn.forms.inverse.discretisation import BoundaryDiscretisation
from kinn.forms.inverse.topology import PlaneTopology, Side
from kinn.geometry.types import Array

#: The distance from a corner with affected gradients, in lengths of the shorter edge: there e / (2 pi r) is about e / L.
REACH = 0.1


@dataclass(frozen=True, eq=False)
class EdgeNodes:
    """The nodes of an edge.

    Attributes:
        rows: Their rows among the nodes of the subdomain.
        closed: Whether the edge is a closed curve.
        adjustable: The components that are unknown on the edge, (C,).
    """

    rows: slice
    closed: bool
    adjustable: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EdgeRamp:
    """The ramp from one end of an edge: 1 there, 0 at the other end, linear in the arc length.

    Attributes:
        nodes: The nodes of the edge.
        interpolation: The weights of the nodes in the value at that end, (n,).
        ramp: The ramp at the nodes, (n,).
    """

    nodes: EdgeNodes
    interpolation: Array
    ramp: Array


@dataclass(frozen=True, eq=False)
class CornerJump:
    """A corner of a subdomain.

    Attributes:
        point: The point, (2,).
        reach: The distance with affected gradients.
        ramps: The ramps on the edge before and on the one after.
    """

    point: Array
    reach: float
    ramps: tuple[EdgeRamp, EdgeRamp]


class CornerJumpCorrection:
    """Corrections of the values around a subdomain; there are none on surfaces."""

    def __init__(self, discretisation: BoundaryDiscretisation, subdomain: str) -> None:
        topology, panels = discretisation.formulation.topology, discretisation.panels
        self.edges: dict[Side, EdgeNodes] = {}
        self.corners: list[CornerJump] = []
        if not (isinstance(topology, PlaneTopology) and isinstance(panels, CurvePanels)):
            return
        self.panels, start = panels, 0
        for side in topology.sides(subdomain):
            rows = slice(start, start + int(np.sum(panels.edge_index == side.edge)) * panels.order)
            adjustable = (discretisation.traces[side.edge][int(side.opposite)].value_slopes != 0).any(axis=(0, 2))
            self.edges[side] = EdgeNodes(rows, topology.edges[side.edge].closed, adjustable)
            start = rows.stop
        for corner in topology.corners(subdomain):
            (edge, end), (other, other_end) = corner.ends
            ramps = self._ramp(corner.before, end), self._ramp(corner.after, other_end)
            shorter = min(topology.edges[edge].length, topology.edges[other].length)
            self.corners.append(CornerJump(np.asarray(topology.edges[edge].ends[end]), REACH * shorter, ramps))

    def _ramp(self, side: Side, end: int) -> EdgeRamp:
        """Ramp from an end, 0 or 1, of an edge."""
        panels, edge = self.panels, side.edge
        rows = np.flatnonzero(panels.edge_index == edge)
        arc = arc_fraction(panels.parameters[rows].ravel(), panels.edges[edge].orders)
        weights = np.zeros((len(rows), panels.order))
        weights[0 if end == 0 else -1] = polynomials(np.array(2.0 * end - 1.0), panels.order) @ panels.to_coefficients
        return EdgeRamp(self.edges[side], weights.ravel(), arc if end else 1 - arc)

    def close_panels(self, values: Array) -> Array:
        """Values (N, C) without the jumps between the panels of an edge, shared equally by both."""
        if not self.edges:
            return values
        out, order = values.copy(), self.panels.order
        x = gauss(order)[0]
        ends = polynomials(np.array([-1.0, 1.0]), order) @ self.panels.to_coefficients
        for edge in self.edges.values():
            nodes = out[edge.rows].reshape(-1, order, out.shape[1])
            first, last = (np.einsum("j,mjc->mc", end, nodes) for end in ends)
            jumps = np.roll(first, -1, axis=0) - last
            jumps[-1] *= edge.closed
            jumps *= edge.adjustable / 2
            nodes += np.einsum("mc,j->mjc", jumps, (1 + x) / 2)
            nodes -= np.einsum("mc,j->mjc", np.roll(jumps, 1, axis=0), (1 - x) / 2)
            out[edge.rows] = nodes.reshape(-1, out.shape[1])
        return out

    def near_corners(self, points: Array) -> NDArray[np.bool_]:
        """Which points (K, d) are so close to a corner that its jump affects their gradients."""
        out = np.zeros(len(points), dtype=bool)
        for corner in self.corners:
            out |= np.linalg.norm(points - corner.point, axis=1) < corner.reach
        return out

    def close_corners(self, values: Array) -> Array:
        """Values (N, C) without the jumps between the edges at corners, shared by those with unknown values.

        A jump between prescribed values belongs to the problem, and stays.
        """
        out = values.copy()
        for corner in self.corners:
            before, after = (ramp.interpolation @ values[ramp.nodes.rows] for ramp in corner.ramps)
            adjustable = np.stack([ramp.nodes.adjustable for ramp in corner.ramps]).astype(np.float64)
            shares = adjustable / np.maximum(adjustable.sum(axis=0), 1.0)
            for ramp, sign, share in zip(corner.ramps, (1.0, -1.0), shares, strict=True):
                out[ramp.nodes.rows] += ramp.ramp[:, None] * (sign * share * (after - before))
        return out
