"""Adaptive panelization of curves: graded towards corners, refined to resolve curvature and narrow gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.curve_panels import ORDER, CurvePanels
from kinn.boundary_integrals.grading import GradedEdge
from kinn.errors import InputError

#: The bound on the last Legendre coefficients of a resolved curve, relative to the length of the panel.
_RESOLVED = 1e-11
#: The least distance of panels of different edges, relative to the length of the panel.
_CLEARANCE = 0.5
#: The shortest panel that is split, relative to the edge.
_SHORTEST = 1e-10
_MAX_NODES = 20_000
_MAX_REFINEMENTS = 30


def make_panels(edges: Sequence[GradedEdge], *, longest: float, nodes: int = 0, order: int = ORDER) -> CurvePanels:
    """Panels no longer than `longest` that resolve the curves, their corners and the gaps between them.

    They are halved until there are at least `nodes` nodes, `order` per panel.

    Raises:
        InputError: If a curve is not smooth between its corners, or there are too many panels.
    """
    breaks = [edge.breaks(longest) for edge in edges]
    numbers = np.concatenate([np.full(len(b) - 1, n) for n, b in enumerate(breaks)])
    starts, ends = (np.concatenate([b[part] for b in breaks]) for part in (slice(None, -1), slice(1, None)))
    panels = _bounded(CurvePanels(tuple(edges), numbers, starts, ends))  # the splits do not depend on the order
    for _ in range(_MAX_REFINEMENTS):
        divisible = panels.lengths > _SHORTEST * panels.measures[panels.edge_index]
        coarse = (_unresolved(panels) | _crowded(panels)) & divisible
        if not coarse.any():
            break
        panels = _bounded(panels.split(coarse))
    panels = replace(panels, order=order)
    while panels.nodes < nodes:
        panels = panels.split(np.ones(len(panels), dtype=bool))
    return panels


def _bounded(panels: CurvePanels) -> CurvePanels:
    if panels.nodes > _MAX_NODES:
        raise InputError(f"the boundary needs more than {_MAX_NODES} nodes: its gaps or features are too small")
    return panels


def _unresolved(panels: CurvePanels) -> NDArray[np.bool_]:
    """Panels on which the interpolation error of the curve is above rounding."""
    tail = np.abs(panels.coefficients[:, -2:, :4]).max(axis=1)
    scale = np.concatenate([np.repeat(panels.lengths[:, None], 2, axis=1), np.ones((len(panels), 2))], axis=1)
    rounding = 1e-14 * np.abs(panels.points).max()
    return np.asarray((tail > _RESOLVED * scale + rounding).any(axis=1))


def _crowded(panels: CurvePanels) -> NDArray[np.bool_]:
    """Panels that are too long for their distance to an edge that they do not share a corner with."""
    lengths, order = panels.lengths, panels.order
    nodes = panels.points.reshape(-1, 2)
    corners = np.array([graded.edge.ends for graded in panels.edges])
    crowded = np.zeros(len(panels), dtype=bool)
    for m, (number, points) in enumerate(zip(panels.edge_index, panels.points, strict=True)):
        distance = np.min(np.linalg.norm(nodes[:, None] - points[:: order // 4], axis=2), axis=1)
        near = np.unique(np.flatnonzero(distance < _CLEARANCE * lengths[m]) // order)
        near = near[panels.edge_index[near] != number]
        # edges that meet in a corner come close to each other there: that is what grading is for
        between_corners = np.min(
            np.linalg.norm(corners[panels.edge_index[near]][:, :, None] - corners[number][None, None], axis=3),
            axis=(1, 2),
        )
        crowded[m] = bool((between_corners > 1e-9 * panels.measure).any())
    return crowded
