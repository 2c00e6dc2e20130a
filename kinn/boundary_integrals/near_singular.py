"""Near field of curves: singular and nearly singular quadrature by dyadic subdivision, and closest-point projection.

A panel is halved until every subpanel is farther from the target than its own length, or negligibly short; on each
the Gauss rule is exact to rounding. The density is the polynomial of the whole panel, so that interpolation loses nothing.
One procedure serves logarithmic, Cauchy and hypersingular kernels at any distance: the latter two act on densities that
vanish at the target (see `operators`). Panels are given by the Legendre coefficients (M, n, 5) of x, y, n_x, n_y and ds/dt.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import ON_BOUNDARY, ClosestPoints, Subpanels
from kinn.boundary_integrals.legendre import gauss, polynomials
from kinn.geometry.types import Array, Indices

#: The Gauss rule of a subpanel is taken from this distance on, in units of its length.
FAR = 1.25
#: The largest number of halvings: the remainder is 1e-14 of the panel.
MAX_DEPTH = 47
#: Pairs of targets and panels per block of the search.
PAIRS_PER_BLOCK = 2_000_000
#: Subpanels per block.
BLOCK = 4096


def near_pairs(centres: Array, lengths: Array, targets: Array) -> tuple[Indices, Indices]:
    """Return the indices of targets (p,) and panels (p,) that are too close for the Gauss rule of the panel."""
    target, panel = [], []
    step = max(1, PAIRS_PER_BLOCK // len(lengths))
    for first in range(0, len(targets), step):
        squared = np.sum((targets[first : first + step, None] - centres) ** 2, axis=2)
        rows, columns = np.nonzero(squared < (FAR * lengths) ** 2)
        target.append(rows + first)
        panel.append(columns)
    return (np.concatenate(target), np.concatenate(panel)) if target else (np.arange(0), np.arange(0))


def subdivide(
    coefficients: Array, halves: Array, shortest: float, targets: Array, panel: Indices, node: Indices
) -> Iterator[Subpanels]:
    """Yield the subpanels of pairs of targets and panels.

    Args:
        coefficients: The panels.
        halves: Half the extent of each panel in the parameter, (M,).
        shortest: The length of the shortest panel.
        targets: The target of each pair, (p, 2).
        panel: The panel of each pair, (p,).
        node: The node of the panel that coincides with the target, (p,); negative if none does.
    """
    order = coefficients.shape[1]
    pair = np.arange(len(panel))
    at_target = polynomials(gauss(order)[0], order)[node] * (node >= 0)[:, None]
    low, high = np.full(len(panel), -1.0), np.full(len(panel), 1.0)
    x, w = gauss(order)
    for depth in range(MAX_DEPTH + 1):
        if not len(pair):
            return
        resolved = np.ones(len(pair), dtype=bool)
        if depth < MAX_DEPTH:
            ends = np.stack([low, (low + high) / 2, high], axis=1)
            _, _, offset = _offsets(coefficients[panel[pair], :, :2], ends, targets[pair], node[pair], at_target[pair])
            resolved = _is_far(offset)
        for rows in np.array_split(np.flatnonzero(resolved), max(1, -(-int(resolved.sum()) // BLOCK))):
            if len(rows):
                k = pair[rows]
                half = (high[rows] - low[rows]) / 2
                at = (low[rows] + high[rows])[:, None] / 2 + half[:, None] * x
                basis, shifted, offset = _offsets(
                    coefficients[panel[k]][..., :2], at, targets[k], node[k], at_target[k]
                )
                offset[(offset == 0).all(axis=2)] = 1e-16 * shortest  # a node on the target itself
                columns = basis @ coefficients[panel[k]][..., 2:]
                weights = (half * halves[panel[k]])[:, None] * w
                yield Subpanels(k, basis, shifted, weights, offset, columns[..., :2], columns[..., 2])
        pair, low, high = pair[~resolved], low[~resolved], high[~resolved]
        middle = (low + high) / 2
        pair, low, high = np.repeat(pair, 2), np.repeat(low, 2), np.repeat(high, 2)
        high[0::2], low[1::2] = middle, middle


def _offsets(curves: Array, at: Array, targets: Array, node: Indices, at_target: Array) -> tuple[Array, Array, Array]:
    """Return the polynomials at parameters (m, q), their differences from the target, and the offsets (m, q, 2) from it.

    Next to a node the offset is that of the shifted polynomials, without cancellation.
    """
    basis = polynomials(at, curves.shape[1])
    shifted = basis - at_target[:, None]
    offset = shifted @ curves
    offset[node < 0] -= targets[node < 0, None]
    return basis, shifted, offset


def _is_far(offset: Array) -> NDArray[np.bool_]:
    """Return which subpanels, given by the offsets (m, 3, 2) of their ends and middles, are far for their length."""
    length = np.sum(np.linalg.norm(np.diff(offset, axis=1), axis=2), axis=1)
    return np.asarray(np.linalg.norm(offset[:, 1], axis=1) >= FAR * length)


def closest_points(
    coefficients: Array, nodes: Array, measure: float, targets: Array, target: Indices, panel: Indices
) -> ClosestPoints:
    """Return the closest-point projection of targets onto near panels, searched on the panel with the closest node.

    Args:
        coefficients: The panels.
        nodes: Their nodes, (M, n, 2).
        measure: The length of the boundary.
        targets: The targets, (K, 2).
        target: The index of each pair's target, (p,).
        panel: The index of each pair's panel, (p,).
    """
    order = coefficients.shape[1]
    distance = np.min(np.linalg.norm(nodes[panel] - targets[target, None], axis=2), axis=1)
    sorted_pairs = np.lexsort((distance, target))
    k, first = np.unique(target[sorted_pairs], return_index=True)
    m = panel[sorted_pairs][first]
    low, high = np.full(len(k), -1.0), np.full(len(k), 1.0)
    fractions, rows = np.linspace(0, 1, 17), np.arange(len(k))
    for _ in range(14):
        x = low[:, None] + (high - low)[:, None] * fractions
        located = polynomials(x, order) @ coefficients[m]
        best = np.argmin(np.sum((located[..., :2] - targets[k, None]) ** 2, axis=2), axis=1)
        low, high = x[rows, np.maximum(best - 1, 0)], x[rows, np.minimum(best + 1, 16)]
    basis = polynomials((low + high) / 2, order)
    located = np.einsum("kl,klc->kc", basis, coefficients[m])
    return ClosestPoints(k, m, basis, located[:, :2], _outward(coefficients, measure, located))


def _outward(coefficients: Array, measure: float, located: Array) -> Array:
    """Return the directions (m, 2) out of the domain at points of the boundary (m, 4): at corners between both normals."""
    signs = (-1.0) ** np.arange(coefficients.shape[1])
    ends = np.concatenate([np.einsum("l,mlc->mc", s, coefficients) for s in (signs, signs**2)])
    at_end = np.linalg.norm(located[:, None, :2] - ends[:, :2], axis=2) < ON_BOUNDARY * measure
    out = np.where(at_end.any(axis=1)[:, None], at_end @ ends[:, 2:4], located[:, 2:4])
    return np.asarray(out / np.linalg.norm(out, axis=1)[:, None])
