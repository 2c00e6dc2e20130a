"""Clusters of panels in a binary tree, and skeletons of them: the few nodes that say all of what comes from afar.

A field from sources far from a cluster is the same, inside, as that of sources on a circle around it. What a few nodes of
the cluster, its skeleton, say of all fields from that circle, interpolates any of them to the other nodes (Martinsson and
Rokhlin 2005, J. Comput. Phys. 205, 1; the choice of nodes is a pivoted QR factorisation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg

from kinn.boundary_integrals.boundary_panels import BoundaryPanels, Numbers
from kinn.boundary_integrals.kernels import Kernel
from kinn.geometry.types import Array

#: Nodes of a cluster that is not parted any more.
LEAF = 256
#: Sources are far beyond this many radii from the centre of a cluster; the circle is a little closer.
FAR, CIRCLE = 2.5, 2.25
#: Sources on the circle, and the accuracy of skeletons.
SOURCES, ACCURACY = 96, 1e-14
#: Panels are near within so many of their lengths at most.
NEAR = 1.5


@dataclass(eq=False)
class Cluster:
    """Panels that lie close to each other.

    Attributes:
        panels: All panels.
        first: The first of its panels, in the order of the tree.
        last: The one after its last.
        numbers: The numbers of its panels.
        children: The clusters that it is parted into.
    """

    panels: BoundaryPanels
    first: int
    last: int
    numbers: Numbers
    children: tuple[Cluster, ...] = ()

    @property
    def nodes(self) -> slice:
        """Its nodes, in the order of the tree."""
        return slice(self.first * self.panels.each, self.last * self.panels.each)

    @cached_property
    def points(self) -> Array:
        """Its nodes, (n, d)."""
        return np.asarray(self.panels.points[self.numbers].reshape(-1, self.panels.points.shape[2]))

    @cached_property
    def centre(self) -> Array:
        """The middle of its nodes."""
        return np.asarray((self.points.min(axis=0) + self.points.max(axis=0)) / 2)

    @cached_property
    def radius(self) -> float:
        """How far its nodes are from there at most."""
        return float(np.linalg.norm(self.points - self.centre, axis=1).max())

    @cached_property
    def longest(self) -> float:
        """The length of its longest panel."""
        return float(self.panels.lengths[self.numbers].max())

    def sees_from_afar(self, other: Cluster) -> bool:
        """Whether another cluster is far from this one, and its panels far from every node of it."""
        gap = float(np.linalg.norm(self.centre - other.centre)) - other.radius
        return gap >= max(FAR * self.radius, self.radius + NEAR * other.longest)

    def skeleton(self, kernel: Kernel) -> tuple[Numbers, Array]:
        """Return rows, node by node and component by component, that determine all the others, (k,), and how, (n C, k)."""
        angle = 2 * np.pi * np.arange(SOURCES) / SOURCES
        circle = self.centre + CIRCLE * self.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        seen = kernel.single(circle - self.points[:, None])
        matrix = seen.transpose(0, 2, 1, 3).reshape(len(self.points) * kernel.components, -1)
        r, order = scipy.linalg.qr(matrix.T, mode="r", pivoting=True, check_finite=False)
        size = np.abs(np.diag(r))
        rank = max(1, int(np.sum(size > ACCURACY * size[0])))
        others = scipy.linalg.solve_triangular(r[:rank, :rank], r[:rank, rank:], check_finite=False)
        weights = np.empty((matrix.shape[0], rank))
        weights[order[:rank]] = np.eye(rank)
        weights[order[rank:]] = others.T
        return order[:rank], weights


def tree(panels: BoundaryPanels) -> tuple[Cluster, Numbers]:
    """Return the tree of all panels, and their numbers in its order."""
    centres = panels.points.mean(axis=1)
    order: list[Numbers] = []

    def parted(numbers: Numbers, first: int) -> Cluster:
        if len(numbers) * panels.each <= LEAF:
            order.append(numbers)
            return Cluster(panels, first, first + len(numbers), numbers)
        own = centres[numbers]
        along = np.argsort(own[:, int(np.argmax(np.ptp(own, axis=0)))], kind="stable")
        half = len(numbers) // 2
        children = parted(numbers[along[:half]], first), parted(numbers[along[half:]], first + half)
        whole = np.concatenate([child.numbers for child in children])
        return Cluster(panels, first, first + len(numbers), whole, children)

    root = parted(np.arange(len(panels)), 0)
    return root, np.concatenate(order)


def pairs(targets: Cluster, sources: Cluster) -> Iterator[tuple[Cluster, Cluster, bool]]:
    """Yield the pairs of clusters that all pairs of nodes fall into, and whether the sources are far from the targets."""
    if targets.sees_from_afar(sources):
        yield targets, sources, True
    elif not targets.children and not sources.children:
        yield targets, sources, False
    elif targets.children and (targets.radius >= sources.radius or not sources.children):
        for child in targets.children:
            yield from pairs(child, sources)
    else:
        for child in sources.children:
            yield from pairs(targets, child)
