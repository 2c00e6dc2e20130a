"""Slopes where panels and edges meet, from values that are made one there.

A jump e of the values on the boundary makes a slope e / r at a distance r. Where panels of an edge meet it is what
interpolation leaves of a network, and is closed by ramps along both. Each edge has a network of its own, so that next to a
corner two of them, or one and what is given, differ by what training leaves. Values inside hardly feel that, and ramps
would not do them good; the slopes close to a corner are taken from values closed by ramps along the edges: what ramps of
a length L do is e / L.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.curve_panels import CurvePanels
from kinn.boundary_integrals.grading import arc_fraction
from kinn.boundary_integrals.legendre import gauss, polynomials, to_coefficients
from kinn.forms.inverse.topology import BoundaryTopology, Corner, Side
from kinn.geometry.types import Array

if TYPE_CHECKING:
    from kinn.forms.inverse.discretisation import BoundaryDiscretisation

#: How close to a corner slopes are affected, in lengths of the shorter edge: there e / (2 pi r) is about e / L.
REACH = 0.1


@dataclass(frozen=True, eq=False)
class Run:
    """The nodes of an edge.

    Attributes:
        rows: Where they are among those of the subdomain.
        closed: Whether the edge ends where it begins.
        moves: The components that are unknown on the edge, and so may be moved, (C,).
    """

    rows: slice
    closed: bool
    moves: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ramp:
    """What closes a jump: 1 at one end of an edge, 0 at the other, linear in the arc length.

    Attributes:
        run: The nodes of the edge.
        at_end: The values at the end from those at the nodes, (n,).
        shape: The ramp at the nodes, (n,).
    """

    run: Run
    at_end: Array
    shape: Array


@dataclass(frozen=True, eq=False)
class Joint:
    """A point where two edges of a subdomain meet.

    Attributes:
        point: The point, (2,).
        reach: How far its jump is felt.
        ramps: The ramps on both edges.
    """

    point: Array
    reach: float
    ramps: tuple[Ramp, Ramp]


class CornerJumpCorrection:
    """The points where edges of a subdomain meet; there are none on surfaces, whose slopes at edges stay as they are.

    Args:
        made: The discretisation.
        subdomain: The name of the subdomain.
    """

    def __init__(self, made: BoundaryDiscretisation, subdomain: str) -> None:
        outline, panels = made.setting.outline, made.panels
        self.order = 0
        self.runs: dict[Side, Run] = {}
        self.points: list[Joint] = []
        if not (isinstance(outline, BoundaryTopology) and isinstance(panels, CurvePanels)):
            return
        self.order, start = panels.order, 0
        for side in outline.sides(subdomain):
            rows = slice(start, start + len(made.rows_of[side.edge]) * panels.order)
            self.runs[side] = Run(rows, outline.edges[side.edge].closed, made.moves(side.edge, side.opposite))
            start = rows.stop
        for corner in outline.corners(subdomain):
            sides = (corner.before, corner.after)
            before, after = (_ramp(panels, self.runs[side], *end) for side, end in zip(sides, corner.ends, strict=True))
            self.points.append(Joint(*_place(panels, corner), (before, after)))

    def continuous(self, values: Array) -> Array:
        """Return values (N, C) without the jumps between the panels of an edge, each shared by both."""
        if not self.runs:
            return values
        out, order = values.copy(), self.order
        x = gauss(order)[0]
        ends = polynomials(np.array([-1.0, 1.0]), order) @ to_coefficients(order)
        for run in self.runs.values():
            each = out[run.rows].reshape(-1, order, out.shape[1])
            first, last = (np.einsum("j,mjc->mc", end, each) for end in ends)
            jumps = np.roll(first, -1, axis=0) - last
            jumps[-1] *= run.closed
            jumps *= run.moves / 2
            each += np.einsum("mc,j->mjc", jumps, (1 + x) / 2)
            each -= np.einsum("mc,j->mjc", np.roll(jumps, 1, axis=0), (1 - x) / 2)
            out[run.rows] = each.reshape(-1, out.shape[1])
        return out

    def close_to(self, points: Array) -> NDArray[np.bool_]:
        """Return which points (K, d) are so close to a joint that its jump is felt."""
        out = np.zeros(len(points), dtype=bool)
        for joint in self.points:
            out |= np.linalg.norm(points - joint.point, axis=1) < joint.reach
        return out

    def closed(self, values: Array) -> Array:
        """Return values (N, C) without the jumps between the edges that meet, each shared by those that may move.

        Where both edges are given their values the jump is the problem's own, and stays.
        """
        out = values.copy()
        for joint in self.points:
            before, after = (own.at_end @ values[own.run.rows] for own in joint.ramps)
            free = np.stack([own.run.moves for own in joint.ramps]).astype(np.float64)
            shares = free / np.maximum(free.sum(axis=0), 1.0)
            for own, sign, part in zip(joint.ramps, (1.0, -1.0), shares, strict=True):
                out[own.run.rows] += own.shape[:, None] * (sign * part * (after - before))
        return out


def _place(panels: CurvePanels, corner: Corner) -> tuple[Array, float]:
    """Return where a corner is, and how far its jump is felt."""
    (number, end), (other, _) = corner.ends
    edge = panels.edges[number].edge
    return np.asarray(edge.ends[end]), REACH * min(edge.length, panels.edges[other].edge.length)


def _ramp(panels: CurvePanels, run: Run, number: int, end: int) -> Ramp:
    """Return the ramp from an end, 0 or 1, of an edge."""
    own = np.flatnonzero(panels.edge_index == number)
    arc = arc_fraction(panels.parameters[own].ravel(), panels.edges[number].orders)
    at_end = np.zeros((len(own), panels.order))
    at_end[0 if end == 0 else -1] = polynomials(np.array(2.0 * end - 1.0), panels.order) @ panels.to_coefficients
    return Ramp(run, at_end.ravel(), arc if end else 1 - arc)
