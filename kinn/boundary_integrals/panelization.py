"""Edges cut into panels: graded towards corners, fine enough for the curve and for its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.panels import ORDER, GradedEdge, Panels
from kinn.errors import InputError

#: What the last Legendre coefficients of the curve on a panel may be, relative to its length.
_RESOLVED = 1e-11
#: Panels of other edges are at least this far away, relative to the length of the panel.
_APART = 0.5
#: Panels shorter than this, relative to the edge, are not cut any more.
_SHORTEST = 1e-10
_MOST = 20_000


def make_panels(tracks: Sequence[GradedEdge], *, longest: float, nodes: int = 0, order: int = ORDER) -> Panels:
    """Return panels that resolve the curves, their corners and the gaps between them.

    Args:
        tracks: The edges with their gradings.
        longest: The greatest length of a panel.
        nodes: The least number of nodes; panels are halved until there are as many.
        order: Nodes of a panel.

    Raises:
        InputError: If a curve is not smooth between its corners, or there are too many panels.
    """
    breaks = [track.breaks(longest) for track in tracks]
    numbers = np.concatenate([np.full(len(b) - 1, n) for n, b in enumerate(breaks)])
    starts, ends = (np.concatenate([b[part] for b in breaks]) for part in (slice(None, -1), slice(1, None)))
    panels = _bounded(Panels(tuple(tracks), numbers, starts, ends))  # the cuts do not depend on the order
    for _ in range(30):
        coarse = (_unresolved(panels) | _crowded(panels)) & _long(panels)
        if not coarse.any():
            break
        panels = _bounded(panels.split(coarse))
    panels = Panels(panels.tracks, panels.track, panels.starts, panels.ends, order)
    while panels.nodes < nodes:
        panels = panels.split(np.ones(len(panels), dtype=bool))
    return panels


def _bounded(panels: Panels) -> Panels:
    if panels.nodes > _MOST:
        raise InputError(f"the boundary needs more than {_MOST} nodes: it has gaps too narrow or features too small")
    return panels


def _long(panels: Panels) -> NDArray[np.bool_]:
    whole = np.array([track.edge.length for track in panels.tracks])
    return np.asarray(panels.lengths > _SHORTEST * whole[panels.track])


def _unresolved(panels: Panels) -> NDArray[np.bool_]:
    """Whether the curve is no polynomial on a panel to rounding."""
    tail = np.abs(panels.coefficients[:, -2:, :4]).max(axis=1)
    scale = np.concatenate([np.repeat(panels.lengths[:, None], 2, axis=1), np.ones((len(panels), 2))], axis=1)
    rounding = 1e-14 * np.abs(panels.points).max()
    return np.asarray((tail > _RESOLVED * scale + rounding).any(axis=1))


def _crowded(panels: Panels) -> NDArray[np.bool_]:
    """Whether a panel is close to another one that it is no neighbour of along the boundary, for its length."""
    lengths, order = panels.lengths, panels.order
    nodes = panels.points.reshape(-1, 2)
    corners = np.array([track.edge.ends for track in panels.tracks])
    crowded = np.zeros(len(panels), dtype=bool)
    for m, (number, own) in enumerate(zip(panels.track, panels.points, strict=True)):
        apart = np.min(np.linalg.norm(nodes[:, None] - own[:: order // 4], axis=2), axis=1)
        near = np.unique(np.flatnonzero(apart < _APART * lengths[m]) // order)
        near = near[panels.track[near] != number]
        # edges that meet in a corner come close to each other there: that is what grading is for
        meeting = np.min(
            np.linalg.norm(corners[panels.track[near]][:, :, None] - corners[number][None, None], axis=3), axis=(1, 2)
        )
        crowded[m] = bool((meeting > 1e-9 * panels.measure).any())
    return crowded
