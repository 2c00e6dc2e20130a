"""Panels of surfaces: polynomial patches of the faces of a solid with products of Gauss nodes.

Integrals are taken over the fraction of the face's area, ungraded: the density of a traction is the traction times the
area of the face.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels, ClosestPoints, Subpanels
from kinn.boundary_integrals.legendre import square_coefficients, square_polynomials, square_rule
from kinn.boundary_integrals.surfaces import sinh_quadrature
from kinn.boundary_integrals.surfaces.polynomial_patches import PolynomialPatches, closest_points
from kinn.geometry.types import Array, Indices

#: Nodes per panel along each coordinate.
ORDER = 8


@dataclass(frozen=True, eq=False)
class SurfacePanels(BoundaryPanels):
    """M panels of n x n nodes.

    Attributes:
        faces: The number of faces of the surface.
        edge_index: The index of each panel's face, (M,).
        patches: The surface on each panel.
    """

    faces: int
    edge_index: Indices
    patches: PolynomialPatches

    @property
    def nodes_per_panel(self) -> int:
        """The number of nodes per panel."""
        return self.patches.order**2

    @property
    def points(self) -> Array:
        """The nodes, (M, n^2, 3)."""
        return self.patches.nodes[0]

    @property
    def normals(self) -> Array:
        """The outward unit normals at the nodes, (M, n^2, 3)."""
        return self.patches.nodes[1]

    @cached_property
    def areas(self) -> Array:
        """The area of each panel, (M,)."""
        return np.asarray(self.patches.nodes[2] @ square_rule(self.patches.order)[1])

    @cached_property
    def measures(self) -> Array:
        """The area of each face, (F,)."""
        return np.bincount(self.edge_index, self.areas, minlength=self.faces).astype(np.float64)

    @property
    def measure(self) -> float:
        """The area of the surface."""
        return float(np.sum(self.areas))

    @property
    def weights(self) -> Array:
        """The weights of the nodes for integrals over the fraction of the face's area, (M, n^2)."""
        weights = square_rule(self.patches.order)[1]
        return np.asarray(self.patches.nodes[2] * weights / self.measures[self.edge_index, None])

    @property
    def speed(self) -> Array:
        """The derivative of the area by that fraction: the area of the face, (M, n^2)."""
        return np.repeat(self.measures[self.edge_index, None], self.nodes_per_panel, axis=1)

    @property
    def lengths(self) -> Array:
        """The greatest extent of each panel along a coordinate, (M,)."""
        return self.patches.lengths

    @property
    def volume(self) -> float:
        """The enclosed volume: the integral of x . n / 3."""
        centred = self.points - self.points.mean(axis=(0, 1))
        density = np.sum(centred * self.normals, axis=2) * self.patches.nodes[2]
        return float(np.sum(density @ square_rule(self.patches.order)[1])) / 3

    @property
    def gap(self) -> float:
        """The norm of the integral of the normal, relative to the area: 0 of a closed surface."""
        total = np.einsum("mj,mji,j->i", self.patches.nodes[2], self.normals, square_rule(self.patches.order)[1])
        return float(np.linalg.norm(total)) / self.measure

    @property
    def to_coefficients(self) -> Array:
        """The matrix from values at the nodes of a panel to coefficients of products of Legendre polynomials."""
        return square_coefficients(self.patches.order)

    @cached_property
    def basis_at_nodes(self) -> Array:
        """The products of Legendre polynomials at the nodes."""
        return square_polynomials(square_rule(self.patches.order)[0], self.patches.order)

    def near_pairs(self, targets: Array) -> tuple[Indices, Indices]:
        """Return the indices of targets and panels that are too close for the Gauss rule of the panel."""
        return sinh_quadrature.near_pairs(self.patches, targets)

    def subdivide(self, targets: Array, target: Indices, panel: Indices, node: Indices) -> Iterator[Subpanels]:
        """Yield the quadrature rules of near pairs."""
        areas = self.measures[self.edge_index]
        return sinh_quadrature.subdivide(self.patches, areas, targets[target], panel, node)

    def closest_points(self, targets: Array, target: Indices, panel: Indices) -> ClosestPoints:
        """Return the closest-point projection of targets onto near panels."""
        return closest_points(self.patches, targets, target, panel)

    def select(self, edges: Sequence[int], opposite: Sequence[bool]) -> SurfacePanels:
        """Return the panels of some faces, in their order, with reversed normals where `opposite`."""
        rows = np.concatenate([np.flatnonzero(self.edge_index == number) for number in edges])
        sign = np.ones(self.faces)
        sign[[number for number, reverse in zip(edges, opposite, strict=True) if reverse]] = -1.0
        coefficients = self.patches.coefficients[rows].copy()
        coefficients[..., 3:] *= sign[self.edge_index[rows]][:, None, None]
        patches = replace(self.patches, coefficients=coefficients)
        selected = replace(self, edge_index=self.edge_index[rows], patches=patches)
        selected.__dict__["measures"] = self.measures
        return selected
