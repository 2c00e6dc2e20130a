"""Matrices of boundary integrals in blocks: those between neighbours in full, those between distant clusters by skeletons.

The memory of the matrix grows like N log N with the number N of nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from kinn.boundary_integrals.boundary_panels import Numbers
from kinn.geometry.types import Array


@dataclass
class FarFieldBlock:
    """What a cluster of targets sees of all that is far from it.

    Attributes:
        rows: Its rows.
        weights: What its skeleton's rows make of all its rows, (n, k).
        blocks: The columns of distant clusters with the rows of the skeleton, (k, columns) each.
    """

    rows: slice
    weights: Array
    blocks: list[tuple[slice, Array]] = field(default_factory=list)


@dataclass
class HMatrix:
    """A matrix (R, Q) of blocks; they have their rows and columns in the order of clusters, vectors their rows in that of nodes.

    Attributes:
        nodes: The nodes in the order of clusters.
        components: The number C of rows of a node.
        columns: The number Q of columns.
        near: Blocks in full: rows, columns, entries.
        far: The others.
        local: What is added to both.
    """

    nodes: Numbers
    components: int
    columns: int
    near: list[tuple[slice, slice, Array]] = field(default_factory=list)
    far: list[FarFieldBlock] = field(default_factory=list)
    local: sparse.csr_array = field(default_factory=lambda: sparse.csr_array((0, 0)))

    @property
    def rows(self) -> Numbers:
        """The rows in the order of clusters."""
        return np.asarray((self.nodes[:, None] * self.components + np.arange(self.components)).ravel())

    def times(self, x: Array) -> Array:
        """Return the product (R, p) with x (Q, p)."""
        out = np.asarray(self.local @ x)
        for rows, columns, block in self.near:
            out[rows] += block @ x[columns]
        for cluster in self.far:
            seen = np.zeros((cluster.weights.shape[1], x.shape[1]))
            for columns, block in cluster.blocks:
                seen += block @ x[columns]
            out[cluster.rows] += cluster.weights @ seen
        unordered = np.empty_like(out)
        unordered[self.rows] = out
        return unordered

    def adjoint(self, y: Array) -> Array:
        """Return the product (Q, p) of the transposed matrix with y (R, p)."""
        y = y[self.rows]
        out = self.local.T @ y
        for rows, columns, block in self.near:
            out[columns] += block.T @ y[rows]
        for cluster in self.far:
            seen = cluster.weights.T @ y[cluster.rows]
            for columns, block in cluster.blocks:
                out[columns] += block.T @ seen
        return np.asarray(out)

    @property
    def entries(self) -> int:
        """How many numbers are stored."""
        near = sum(block.size for _, _, block in self.near)
        return near + sum(c.weights.size + sum(block.size for _, block in c.blocks) for c in self.far)
