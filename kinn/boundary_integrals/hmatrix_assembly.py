"""Assembly of boundary integral equations as hierarchical matrices, block by block: no layer is ever stored in full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.hmatrix import Cluster, FarFieldBlock, HMatrix, block_partition, cluster_tree
from kinn.boundary_integrals.kernels import Kernel
from kinn.boundary_integrals.operators import near_integrals
from kinn.geometry.types import Array, Indices


@dataclass(frozen=True)
class BoundaryData:
    """Affine boundary data on N nodes with C components: known parts, and their derivatives by unknowns X (Q,).

    Attributes:
        values: u at X = 0, (N C,).
        value_slopes: The derivative of u, sparse, (N C, Q).
        densities: The traction times ds/dt at X = 0, (N C,).
        density_slopes: Its derivative, sparse, (N C, Q).
        columns: The indices of each panel's unknowns in X.
    """

    values: Array
    value_slopes: sparse.csr_array
    densities: Array
    density_slopes: sparse.csr_array
    columns: Sequence[Indices]


@dataclass
class _FarField:
    """The skeleton of a cluster of targets with the sums over all far sources."""

    block: FarFieldBlock
    rows: Indices
    right: Array
    constants: Array


def hierarchical_equations(
    kernel: Kernel, panels: BoundaryPanels, data: BoundaryData
) -> tuple[HMatrix, Array, Indices]:
    """Equations H (u0 + V X) = S (t0 + D X) as A X = b: A in the order of clusters, b (N C,), and its columns in X.

    The kernel is static and the domain bounded; the data are u0, V, t0 and D.
    """
    c, n, d = kernel.components, panels.nodes_per_panel, panels.points.shape[2]
    root, order = cluster_tree(panels)
    nodes = (order[:, None] * n + np.arange(n)).ravel()
    rows = (nodes[:, None] * c + np.arange(c)).ravel()
    ends = np.cumsum([0, *(len(data.columns[p]) for p in order)])
    columns = np.concatenate([data.columns[p] for p in order])
    u0, t0 = data.values[rows], data.densities[rows]
    v, t = data.value_slopes[rows][:, columns], data.density_slopes[rows][:, columns]
    points, normals = (a.reshape(-1, d)[nodes] for a in (panels.points, panels.normals))
    weights, speed = (a.ravel()[nodes] for a in (panels.weights, panels.speed))
    near = _NearField(kernel, panels, nodes, order)
    matrix = HMatrix(nodes, c, len(columns))
    right, constants = np.zeros(len(rows)), near.constants
    far_fields: dict[int, _FarField] = {}

    def rows_of(at: slice) -> slice:
        return slice(at.start * c, at.stop * c)

    def layers(targets: Array, sources: Cluster, same: bool) -> tuple[Array, Array]:
        at = sources.nodes
        offset = points[at] - targets[:, None]
        if same:
            offset[np.arange(len(offset)), np.arange(len(offset))] = 1.0  # replaced by the caller
        single = kernel.single(offset) * weights[at][:, None, None]
        double = kernel.double(offset, normals[at]) * (weights[at] * speed[at])[:, None, None]
        return single.transpose(0, 2, 1, 3), double.transpose(0, 2, 1, 3)

    for targets, sources, far in block_partition(root, root):
        span, source_rows = slice(ends[sources.first], ends[sources.last]), rows_of(sources.nodes)
        if far:
            if id(targets) not in far_fields:
                skeleton, interpolation = targets.skeleton(kernel)
                matrix.far.append(FarFieldBlock(rows_of(targets.nodes), interpolation))
                zero = np.zeros(len(skeleton)), np.zeros((len(skeleton), c))
                far_fields[id(targets)] = _FarField(matrix.far[-1], skeleton, *zero)
            field = far_fields[id(targets)]
            at, position = np.unique(field.rows // c, return_inverse=True)
            single, double = (a[position, field.rows % c] for a in layers(targets.points[at], sources, False))
            field.constants += double.sum(axis=1)
        else:
            single, double = layers(targets.points, sources, targets is sources)
            constants[targets.nodes] += near.insert(targets, sources, single, double)
        s, h = (a.reshape(-1, source_rows.stop - source_rows.start) for a in (single, double))
        entries = h @ v[source_rows, span] - s @ t[source_rows, span]
        known = s @ t0[source_rows] - h @ u0[source_rows]
        if far:
            field.block.blocks.append((span, entries))
            field.right += known
        else:
            matrix.near.append((rows_of(targets.nodes), span, entries))
            right[rows_of(targets.nodes)] += known
    for field in far_fields.values():
        right[field.block.rows] += field.block.weights @ field.right
        constants.reshape(-1, c)[field.block.rows] += field.block.weights @ field.constants
    diagonal = sparse.block_diag(list(constants), format="csr")
    matrix.local = -(diagonal @ v)
    unordered = np.empty_like(right)
    unordered[rows] = right + diagonal @ u0
    return matrix, unordered, columns


class _NearField:
    """The integrals over panels that are too close to nodes, and their double layer of constants."""

    def __init__(self, kernel: Kernel, panels: BoundaryPanels, nodes: Indices, order: Indices) -> None:
        targets = panels.points.reshape(-1, panels.points.shape[2])
        target, panel = panels.near_pairs(targets)
        single, double, constant = near_integrals(kernel, panels, targets, target, panel)
        node_position, panel_position = np.empty_like(nodes), np.empty_like(order)
        node_position[nodes], panel_position[order] = np.arange(len(nodes)), np.arange(len(order))
        others = target // panels.nodes_per_panel != panel
        rows = node_position[target]
        self.constants = np.zeros((len(nodes), kernel.components, kernel.components))
        np.add.at(self.constants, rows[others], constant[others])
        by_row = np.argsort(rows, kind="stable")
        self._nodes_per_panel = panels.nodes_per_panel
        self._rows, self._panels = rows[by_row], panel_position[panel][by_row]
        self._single, self._double = single[by_row], double[by_row]

    def insert(self, targets: Cluster, sources: Cluster, single: Array, double: Array) -> Array:
        """Insert the integrals of the near pairs of a block; returns the double layer of constants from all others."""
        start, stop = np.searchsorted(self._rows, [targets.nodes.start, targets.nodes.stop])
        panels = self._panels[start:stop]
        pairs = start + np.flatnonzero((panels >= sources.first) & (panels < sources.last))
        rows = (self._rows[pairs] - targets.nodes.start)[:, None]
        columns = (self._panels[pairs] - sources.first)[:, None] * self._nodes_per_panel + np.arange(
            self._nodes_per_panel
        )
        double[rows, :, columns, :] = 0.0
        constants = double.sum(axis=2)
        single[rows, :, columns, :], double[rows, :, columns, :] = self._single[pairs], self._double[pairs]
        return np.asarray(constants)
