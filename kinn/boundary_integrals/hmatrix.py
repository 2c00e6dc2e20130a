"""Boundary integral equations as compressed matrices: assembled block by block, without ever holding a whole layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinn.boundary_integrals.boundary_panels import BoundaryPanels, Numbers
from kinn.boundary_integrals.clusters import Cluster, pairs, tree
from kinn.boundary_integrals.compressed import FarFieldBlock, HMatrix
from kinn.boundary_integrals.kernels import Kernel
from kinn.boundary_integrals.operators import near_integrals
from kinn.geometry.types import Array


@dataclass(frozen=True)
class BoundaryData:
    """What is known on a boundary of N nodes with C components, and what unknown data X (Q,) add to it.

    Attributes:
        values: u without X, (N C,).
        value_slopes: What X adds, sparse, (N C, Q).
        densities: The traction times ds/dt without X, (N C,).
        density_slopes: What X adds, sparse, (N C, Q).
        columns: The numbers of each panel's data in X.
    """

    values: Array
    value_slopes: sparse.csr_array
    densities: Array
    density_slopes: sparse.csr_array
    columns: Sequence[Numbers]


def compressed_equations(kernel: Kernel, panels: BoundaryPanels, data: BoundaryData) -> tuple[HMatrix, Array, Numbers]:
    """Return H (u0 + V X) = S (t0 + D X) as A X = b: A in the order of clusters, b (N C,), and where its columns are in X.

    Args:
        kernel: The kernel, static.
        panels: The boundary of a bounded domain.
        data: u0, V, t0 and D.
    """
    c, each, d = kernel.components, panels.each, panels.points.shape[2]
    root, order = tree(panels)
    nodes = (order[:, None] * each + np.arange(each)).ravel()
    rows = (nodes[:, None] * c + np.arange(c)).ravel()
    ends = np.cumsum([0, *(len(data.columns[p]) for p in order)])
    columns = np.concatenate([data.columns[p] for p in order])
    u0, t0 = data.values[rows], data.densities[rows]
    v, t = data.value_slopes[rows][:, columns], data.density_slopes[rows][:, columns]
    points, normals = (a.reshape(-1, d)[nodes] for a in (panels.points, panels.normals))
    weights, rates = (a.ravel()[nodes] for a in (panels.weights, panels.rates))
    near = _Near(kernel, panels, nodes, order)
    made = HMatrix(nodes, c, len(columns))
    right, rigid = np.zeros(len(rows)), near.coefficients
    seen: dict[int, tuple[FarFieldBlock, Numbers, Array, Array]] = {}

    def flat(at: slice) -> slice:
        return slice(at.start * c, at.stop * c)

    def layers(targets: Array, sources: Cluster, same: bool) -> tuple[Array, Array]:
        at = sources.nodes
        apart = points[at] - targets[:, None]
        if same:
            apart[np.arange(len(apart)), np.arange(len(apart))] = 1.0  # replaced by the caller
        single = kernel.single(apart) * weights[at][:, None, None]
        double = kernel.double(apart, normals[at]) * (weights[at] * rates[at])[:, None, None]
        return single.transpose(0, 2, 1, 3), double.transpose(0, 2, 1, 3)

    for targets, sources, far in pairs(root, root):
        span, own = slice(ends[sources.first], ends[sources.last]), flat(sources.nodes)
        if far:
            if id(targets) not in seen:
                chosen, onto = targets.skeleton(kernel)
                made.far.append(FarFieldBlock(flat(targets.nodes), onto))
                seen[id(targets)] = made.far[-1], chosen, np.zeros(len(chosen)), np.zeros((len(chosen), c))
            block, chosen, seen_right, seen_rigid = seen[id(targets)]
            at, place = np.unique(chosen // c, return_inverse=True)
            single, double = (a[place, chosen % c] for a in layers(targets.points[at], sources, False))
            seen_rigid += double.sum(axis=1)
        else:
            single, double = layers(targets.points, sources, targets is sources)
            near.clear(targets, sources, double)
            rigid[targets.nodes] += double.sum(axis=2)
            near.fill(targets, sources, single, double)
        s, h = (a.reshape(-1, own.stop - own.start) for a in (single, double))
        entries = h @ v[own, span] - s @ t[own, span]
        known = s @ t0[own] - h @ u0[own]
        if far:
            block.blocks.append((span, entries))
            seen_right += known
        else:
            made.near.append((flat(targets.nodes), span, entries))
            right[flat(targets.nodes)] += known
    for block, _, seen_right, seen_rigid in seen.values():
        right[block.rows] += block.weights @ seen_right
        rigid.reshape(-1, c)[block.rows] += block.weights @ seen_rigid
    still = sparse.block_diag(list(rigid), format="csr")
    made.local = -(still @ v)
    unordered = np.empty_like(right)
    unordered[rows] = right + still @ u0
    return made, unordered, columns


class _Near:
    """The integrals over panels that are too close to nodes, by pairs of clusters."""

    def __init__(self, kernel: Kernel, panels: BoundaryPanels, nodes: Numbers, order: Numbers) -> None:
        targets = panels.points.reshape(-1, panels.points.shape[2])
        which, panel = panels.near_pairs(targets)
        single, double, constant = near_integrals(kernel, panels, targets, which, panel)
        place, among = np.empty_like(nodes), np.empty_like(order)
        place[nodes], among[order] = np.arange(len(nodes)), np.arange(len(order))
        others = which // panels.each != panel
        rows = place[which]
        self.coefficients = np.zeros((len(nodes), kernel.components, kernel.components))
        np.add.at(self.coefficients, rows[others], constant[others])
        by_row = np.argsort(rows, kind="stable")
        self._each = panels.each
        self._rows, self._panels = rows[by_row], among[panel][by_row]
        self._single, self._double = single[by_row], double[by_row]

    def _between(self, targets: Cluster, sources: Cluster) -> tuple[Numbers, Numbers, Numbers]:
        """Return the numbers of pairs, (p,), their rows, (p, 1), and columns, (p, n), in a block."""
        start, stop = np.searchsorted(self._rows, [targets.nodes.start, targets.nodes.stop])
        own = self._panels[start:stop]
        chosen = start + np.flatnonzero((own >= sources.first) & (own < sources.last))
        first = (self._panels[chosen] - sources.first)[:, None] * self._each
        return chosen, (self._rows[chosen] - targets.nodes.start)[:, None], first + np.arange(self._each)

    def clear(self, targets: Cluster, sources: Cluster, double: Array) -> None:
        """Set the double layer of near pairs to zero."""
        _, rows, columns = self._between(targets, sources)
        double[rows, :, columns, :] = 0.0

    def fill(self, targets: Cluster, sources: Cluster, single: Array, double: Array) -> None:
        """Put the integrals of near pairs in place."""
        chosen, rows, columns = self._between(targets, sources)
        single[rows, :, columns, :] = self._single[chosen]
        double[rows, :, columns, :] = self._double[chosen]
