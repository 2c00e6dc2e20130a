"""Values made one where edges meet.

Each edge has a network of its own, so that next to a corner two of them, or one and what is given, differ by what training
leaves. A jump e of the values makes a slope e / r at a distance r: it is closed before the solution inside is evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.grading import share
from kinn.boundary_integrals.legendre import polynomials
from kinn.boundary_integrals.panels import Panels
from kinn.geometry.pieces.base import Array


@dataclass(frozen=True, eq=False)
class Ramp:
    """What closes a jump: 1 at one end of an edge, 0 at the other, linear in the arc length.

    Attributes:
        rows: The nodes of the edge, among those of its subdomain.
        at_end: The values at the end from those at the nodes, (n,).
        shape: The ramp at the nodes, (n,).
        moves: The components that are unknown on the edge, and so may be moved, (C,).
    """

    rows: slice
    at_end: Array
    shape: Array
    moves: NDArray[np.bool_]


def ramp(panels: Panels, number: int, end: int, *, first: int, moves: NDArray[np.bool_]) -> Ramp:
    """Return the ramp from an end, 0 or 1, of an edge whose nodes begin at the row `first`."""
    own = np.flatnonzero(panels.track == number)
    arc = share(panels.parameters[own].ravel(), panels.tracks[number].orders)
    at_end = np.zeros((len(own), panels.order))
    at_end[0 if end == 0 else -1] = polynomials(np.array(2.0 * end - 1.0), panels.order) @ panels.to_coefficients
    return Ramp(slice(first, first + arc.size), at_end.ravel(), arc if end else 1 - arc, moves)


def closed(values: Array, joints: Sequence[tuple[Ramp, Ramp]]) -> Array:
    """Return values (N, C) without the jumps between the edges that meet, each shared by those that may move.

    Where both edges are given their values the jump is the problem's own, and stays.
    """
    out = values.copy()
    for pair in joints:
        before, after = (own.at_end @ values[own.rows] for own in pair)
        free = np.stack([own.moves for own in pair]).astype(np.float64)
        shares = free / np.maximum(free.sum(axis=0), 1.0)
        for own, sign, part in zip(pair, (1.0, -1.0), shares, strict=True):
            out[own.rows] += own.shape[:, None] * (sign * part * (after - before))
    return out
