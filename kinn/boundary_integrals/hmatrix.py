"""Hierarchical matrices of boundary integrals: near blocks in full, far blocks by skeletons of clusters of panels.

A far field is the same, inside a cluster, as that of sources on a circle around it. A few nodes of the cluster, its
skeleton, interpolate all fields of that circle to the other nodes (Martinsson and Rokhlin 2005, J. Comput. Phys. 205, 1);
a pivoted QR factorisation selects them. The memory grows like N log N with the number N of nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import scipy.linalg
from scipy import sparse

from kinn.boundary_integrals.boundary_panels import BoundaryPanels
from kinn.boundary_integrals.kernels import Kernel
from kinn.geometry.types import Array, Indices

#: The largest number of nodes of a leaf cluster.
LEAF = 256
#: The distance of far sources from the centre of a cluster and the radius of the circle, in radii of the cluster.
FAR, CIRCLE = 2.5, 2.25
#: The number of sources on the circle, and the relative accuracy of skeletons.
SOURCES, ACCURACY = 96, 1e-14
#: The largest distance of near panels, in lengths.
NEAR = 1.5


@dataclass(eq=False)
class Cluster:
    """A cluster of neighbouring panels.

    Attributes:
        panels: All panels.
        first: Its first panel, in the order of the tree.
        last: One past its last panel.
        numbers: The indices of its panels.
        children: The clusters of its two halves; none of a leaf.
    """

    panels: BoundaryPanels
    first: int
    last: int
    numbers: Indices
    children: tuple[Cluster, ...] = ()

    @property
    def nodes(self) -> slice:
        """Its nodes, in the order of the tree."""
        return slice(self.first * self.panels.nodes_per_panel, self.last * self.panels.nodes_per_panel)

    @cached_property
    def points(self) -> Array:
        """Its nodes, (n, d)."""
        return np.asarray(self.panels.points[self.numbers].reshape(-1, self.panels.points.shape[2]))

    @cached_property
    def centre(self) -> Array:
        """The centre of the bounding box of its nodes."""
        return np.asarray((self.points.min(axis=0) + self.points.max(axis=0)) / 2)

    @cached_property
    def radius(self) -> float:
        """The largest distance of its nodes from the centre."""
        return float(np.linalg.norm(self.points - self.centre, axis=1).max())

    @cached_property
    def longest(self) -> float:
        """The length of its longest panel."""
        return float(self.panels.lengths[self.numbers].max())

    def is_far_from(self, sources: Cluster) -> bool:
        """Whether sources are far from this cluster, and their panels far from each of its nodes."""
        gap = float(np.linalg.norm(self.centre - sources.centre)) - sources.radius
        return gap >= max(FAR * self.radius, self.radius + NEAR * sources.longest)

    def skeleton(self, kernel: Kernel) -> tuple[Indices, Array]:
        """Rows of the skeleton, k of the n C rows of nodes and components, and the interpolation (n C, k)."""
        angle = 2 * np.pi * np.arange(SOURCES) / SOURCES
        circle = self.centre + CIRCLE * self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        fields = kernel.single(circle - self.points[:, None])
        matrix = fields.transpose(0, 2, 1, 3).reshape(len(self.points) * kernel.components, -1)
        r, order = scipy.linalg.qr(matrix.T, mode="r", pivoting=True, check_finite=False)
        size = np.abs(np.diag(r))
        rank = max(1, int(np.sum(size > ACCURACY * size[0])))
        others = scipy.linalg.solve_triangular(r[:rank, :rank], r[:rank, rank:], check_finite=False)
        weights = np.empty((matrix.shape[0], rank))
        weights[order[:rank]] = np.eye(rank)
        weights[order[rank:]] = others.T
        return order[:rank], weights


def cluster_tree(panels: BoundaryPanels) -> tuple[Cluster, Indices]:
    """Root of the cluster tree, and the indices of the panels in its order."""
    centres = panels.points.mean(axis=1)
    order: list[Indices] = []

    def cluster(numbers: Indices, first: int) -> Cluster:
        if len(numbers) * panels.nodes_per_panel <= LEAF:
            order.append(numbers)
            return Cluster(panels, first, first + len(numbers), numbers)
        x = centres[numbers]
        along = np.argsort(x[:, int(np.argmax(np.ptp(x, axis=0)))], kind="stable")
        half = len(numbers) // 2
        children = cluster(numbers[along[:half]], first), cluster(numbers[along[half:]], first + half)
        return Cluster(
            panels, first, first + len(numbers), np.concatenate([child.numbers for child in children]), children
        )

    root = cluster(np.arange(len(panels)), 0)
    return root, np.concatenate(order)


def block_partition(targets: Cluster, sources: Cluster) -> Iterator[tuple[Cluster, Cluster, bool]]:
    """Pairs of clusters of all blocks, and whether the sources are far from the targets."""
    if targets.is_far_from(sources):
        yield targets, sources, True
    elif not targets.children and not sources.children:
        yield targets, sources, False
    elif targets.children and (targets.radius >= sources.radius or not sources.children):
        for child in targets.children:
            yield from block_partition(child, sources)
    else:
        for child in sources.children:
            yield from block_partition(targets, child)


@dataclass
class FarFieldBlock:
    """The rows of a cluster of targets in all columns far from it.

    Attributes:
        rows: Its rows.
        weights: The interpolation from the rows of its skeleton, (n, k).
        blocks: Slices of columns with the rows of the skeleton, (k, columns) each.
    """

    rows: slice
    weights: Array
    blocks: list[tuple[slice, Array]] = field(default_factory=list)


@dataclass
class HMatrix:
    """A hierarchical matrix (R, Q): blocks in the order of clusters, the rows of vectors in that of nodes.

    Attributes:
        nodes: The nodes in the order of clusters.
        components: The number C of rows per node.
        columns: The number Q of columns.
        near: Full blocks: rows, columns, entries.
        far: Compressed blocks.
        local: A sparse matrix added to both.
    """

    nodes: Indices
    components: int
    columns: int
    near: list[tuple[slice, slice, Array]] = field(default_factory=list)
    far: list[FarFieldBlock] = field(default_factory=list)
    local: sparse.csr_array = field(default_factory=lambda: sparse.csr_array((0, 0)))

    @property
    def rows(self) -> Indices:
        """The rows in the order of clusters."""
        return np.asarray((self.nodes[:, None] * self.components + np.arange(self.components)).ravel())

    def times(self, x: Array) -> Array:
        """Product (R, p) with x (Q, p)."""
        out = np.asarray(self.local @ x)
        for rows, columns, block in self.near:
            out[rows] += block @ x[columns]
        for cluster in self.far:
            at_skeleton = np.zeros((cluster.weights.shape[1], x.shape[1]))
            for columns, block in cluster.blocks:
                at_skeleton += block @ x[columns]
            out[cluster.rows] += cluster.weights @ at_skeleton
        unordered = np.empty_like(out)
        unordered[self.rows] = out
        return unordered

    def adjoint(self, y: Array) -> Array:
        """Product (Q, p) of the transpose with y (R, p)."""
        y = y[self.rows]
        out = self.local.T @ y
        for rows, columns, block in self.near:
            out[columns] += block.T @ y[rows]
        for cluster in self.far:
            at_skeleton = cluster.weights.T @ y[cluster.rows]
            for columns, block in cluster.blocks:
                out[columns] += block.T @ at_skeleton
        return np.asarray(out)

    @property
    def entries(self) -> int:
        """The number of stored entries."""
        near = sum(block.size for _, _, block in self.near)
        return near + sum(c.weights.size + sum(block.size for _, block in c.blocks) for c in self.far)
