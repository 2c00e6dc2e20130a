"""Singular and nearly singular integrals over panels, by halving towards the target.

A panel is cut until every part is farther from the target than its own length, or so short that nothing is left to
integrate; on each part Gauss's rule is exact to rounding. What is integrated against the kernel is a polynomial on the
whole panel, so that nothing is lost between the nodes. One procedure serves logarithmic, Cauchy and hypersingular
kernels at any distance: the latter two are given densities that vanish at the target (see `operators`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import Numbers, Subpanels
from kinn.boundary_integrals.legendre import gauss, polynomials
from kinn.geometry.types import Array

if TYPE_CHECKING:
    from kinn.boundary_integrals.panels import Panels

#: Gauss's rule is taken for a part of a panel at this many times its length, and from there on.
FAR = 1.25
#: How often a panel is halved at most: what is left is 1e-14 of it.
DEPTH = 47
#: Pairs of targets and panels looked at at a time.
PAIRS = 2_000_000
#: Parts of panels worked on at a time.
BLOCK = 4096


def near_pairs(panels: Panels, targets: Array) -> tuple[Numbers, Numbers]:
    """Return the numbers of targets, (p,), and panels, (p,), that are too close for the nodes of the panel."""
    which, panel = [], []
    step = max(1, PAIRS // len(panels))
    for first in range(0, len(targets), step):
        squared = np.sum((targets[first : first + step, None] - panels.centres) ** 2, axis=2)
        rows, numbers = np.nonzero(squared < (FAR * panels.lengths) ** 2)
        which.append(rows + first)
        panel.append(numbers)
    return (np.concatenate(which), np.concatenate(panel)) if which else (np.arange(0), np.arange(0))


def parts(panels: Panels, targets: Array, which: Numbers, panel: Numbers, own: Numbers) -> Iterator[Subpanels]:
    """Yield the parts that panels are cut into for targets; see `BoundaryPanels.parts`."""
    pair = np.arange(len(which))
    here = polynomials(gauss(panels.order)[0], panels.order)[own] * (own >= 0)[:, None]
    low, high = np.full(len(which), -1.0), np.full(len(which), 1.0)
    for depth in range(DEPTH + 1):
        if not len(pair):
            return
        ready = np.ones(len(pair), dtype=bool)
        if depth < DEPTH:
            ready = _far(panels, targets[which[pair]], panel[pair], own[pair], here[pair], low, high)
        for rows in np.array_split(np.flatnonzero(ready), max(1, -(-int(ready.sum()) // BLOCK))):
            if len(rows):
                chosen = pair[rows]
                at = targets[which[chosen]]
                yield _cut(panels, at, panel[chosen], own[chosen], here[chosen], chosen, low[rows], high[rows])
        pair, low, high = pair[~ready], low[~ready], high[~ready]
        middle = (low + high) / 2
        pair, low, high = np.repeat(pair, 2), np.repeat(low, 2), np.repeat(high, 2)
        high[0::2], low[1::2] = middle, middle


def _far(
    panels: Panels, targets: Array, panel: Numbers, own: Numbers, here: Array, low: Array, high: Array
) -> NDArray[np.bool_]:
    """Return which of the parts are far from their targets for their length."""
    at = np.stack([low, (low + high) / 2, high], axis=1)
    apart = (polynomials(at, panels.order) - here[:, None]) @ panels.coefficients[panel, :, :2]
    apart[own < 0] -= targets[own < 0, None]
    length = np.sum(np.linalg.norm(np.diff(apart, axis=1), axis=2), axis=1)
    return np.asarray(np.linalg.norm(apart[:, 1], axis=1) >= FAR * length)


def _cut(
    panels: Panels, targets: Array, panel: Numbers, own: Numbers, here: Array, pair: Numbers, low: Array, high: Array
) -> Subpanels:
    x, w = gauss(panels.order)
    half = (high - low) / 2
    basis = polynomials((low + high)[:, None] / 2 + half[:, None] * x, panels.order)
    rest = basis - here[:, None]
    coefficients = panels.coefficients[panel]
    apart = rest @ coefficients[..., :2]  # so that nothing cancels next to a node
    apart[own < 0] -= targets[own < 0, None]
    apart[(apart == 0).all(axis=2)] = 1e-16 * panels.lengths.min()  # a node on the target itself
    columns = basis @ coefficients[..., 2:]
    weights = (half * panels.halves[panel])[:, None] * w
    return Subpanels(pair, basis, rest, weights, apart, columns[..., :2], columns[..., 2])
