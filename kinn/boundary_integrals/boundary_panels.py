"""Interface of panelled boundaries: curves in the plane and surfaces in space.

A boundary is cut into M panels of n nodes each. Densities are the interpolation polynomials on the panels. Integrals are
taken over a parameter: t on curves, the fraction of a face's area on surfaces.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from kinn.geometry.types import Array, Indices

#: Points closer to the boundary than this, relative to its measure, lie on it.
ON_BOUNDARY = 1e-9


@dataclass(frozen=True)
class Subpanels:
    """Quadrature nodes of subdivided panels, each for one pair of target and panel.

    Attributes:
        pair: The number of the pair, (m,).
        basis: The polynomials of the panel at the nodes, (m, q, n); (1, q, n) where all have the same nodes.
        shifted_basis: These polynomials minus their values at the target, if that is a node of the panel itself.
        weights: The weights of the nodes for integrals over the parameter, (m, q) or (1, q).
        offset: The node minus the target, (m, q, d).
        normals: The normals at the nodes, (m, q, d) or (1, q, d).
        speed: The derivative of the measure by the parameter at the nodes, (m, q) or (1, q).
    """

    pair: Indices
    basis: Array
    shifted_basis: Array
    weights: Array
    offset: Array
    normals: Array
    speed: Array


@dataclass(frozen=True)
class ClosestPoints:
    """Closest points of a boundary to targets.

    Attributes:
        target: The indices of the targets, (k,), without repetition.
        panel: The indices of the panels, (k,).
        basis: The polynomials of the panel there, (k, n).
        points: The points, (k, d).
        outward: The directions out of the domain there, (k, d): at edges and corners between the normals.
    """

    target: Indices
    panel: Indices
    basis: Array
    points: Array
    outward: Array


class BoundaryPanels(ABC):
    """Panels of a boundary."""

    #: The index of each panel's edge or face, (M,).
    edge_index: Indices

    def __len__(self) -> int:
        return len(self.edge_index)

    @property
    @abstractmethod
    def nodes_per_panel(self) -> int:
        """The number n of nodes per panel."""

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self) * self.nodes_per_panel

    @property
    @abstractmethod
    def points(self) -> Array:
        """The nodes, (M, n, d)."""

    @property
    @abstractmethod
    def normals(self) -> Array:
        """The outward unit normals at the nodes, (M, n, d)."""

    @property
    @abstractmethod
    def weights(self) -> Array:
        """The weights of the nodes for integrals over the parameter, (M, n)."""

    @property
    @abstractmethod
    def speed(self) -> Array:
        """The derivative of the length or area by the parameter at the nodes, (M, n)."""

    @property
    @abstractmethod
    def lengths(self) -> Array:
        """The length of each panel, (M,); of surfaces the greatest extent."""

    @property
    @abstractmethod
    def measures(self) -> Array:
        """The length of each edge or the area of each face, those without panels included."""

    @property
    @abstractmethod
    def measure(self) -> float:
        """The length or area of the boundary."""

    @property
    @abstractmethod
    def to_coefficients(self) -> Array:
        """The matrix (n, n) from values at the nodes of a panel to coefficients of its polynomials."""

    @property
    @abstractmethod
    def basis_at_nodes(self) -> Array:
        """The polynomials at the nodes, (n, n): the inverse of `to_coefficients`."""

    def nodes_of(self, number: int) -> tuple[Array, Array, Array, Array]:
        """Points and normals (n, d) of the nodes of an edge or face, and their speed and weights (n,)."""
        rows, d = self.edge_index == number, self.points.shape[2]
        vectors = (a[rows].reshape(-1, d) for a in (self.points, self.normals))
        return (*vectors, *(a[rows].ravel() for a in (self.speed, self.weights)))

    @abstractmethod
    def near_pairs(self, targets: Array) -> tuple[Indices, Indices]:
        """Indices of targets (p,) and panels (p,) that are too close for the Gauss rule of the panel."""

    @abstractmethod
    def subdivide(self, targets: Array, target: Indices, panel: Indices, node: Indices) -> Iterator[Subpanels]:
        """Quadrature rules of panels that resolve the kernel at near targets.

        Args:
            targets: The targets, (K, d).
            target: The index of each pair's target, (p,).
            panel: The index of each pair's panel, (p,).
            node: The node of the panel that coincides with the target, (p,); negative if none does.
        """

    @abstractmethod
    def closest_points(self, targets: Array, target: Indices, panel: Indices) -> ClosestPoints:
        """Closest-point projection of targets onto near panels, of pairs as in `subdivide`."""

    def select(self, edges: Sequence[int], opposite: Sequence[bool]) -> Self:
        """Panels of some edges or faces, in their order, with reversed normals where `opposite`."""
        rows = [np.flatnonzero(self.edge_index == number) for number in edges]
        signs = np.repeat(np.where(opposite, -1.0, 1.0), [len(r) for r in rows])
        return self._take(np.concatenate(rows), signs[:, None, None])

    @abstractmethod
    def _take(self, rows: Indices, signs: Array) -> Self:
        """Some of the panels, (m,), with their normals times signs (m, 1, 1)."""
