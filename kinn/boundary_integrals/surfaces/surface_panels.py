"""Panels of surfaces: polynomial patches of the faces of a solid with products of Gauss nodes.

Integrals are taken over the fraction of the face's area, ungraded: the density of a traction is the traction times the
area of the face.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import ON_BOUNDARY, BoundaryPanels, ClosestPoints, Subpanels
from kinn.boundary_integrals.legendre import square_coefficients, square_polynomials, square_rule
from kinn.boundary_integrals.surfaces.polynomial_patches import PolynomialPatches, project
from kinn.boundary_integrals.surfaces.sinh_quadrature import FAR, subdivide
from kinn.geometry.types import Array, Indices

#: Nodes per panel along each coordinate.
ORDER = 8
#: The largest distance of the closest node of the panels that are searched, relative to the length of the panel.
_SEARCH_DISTANCE = 0.4


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
        return self.patches.order**2

    @property
    def points(self) -> Array:
        return self.patches.nodes[0]

    @property
    def normals(self) -> Array:
        return self.patches.nodes[1]

    @cached_property
    def areas(self) -> Array:
        """The area of each panel, (M,)."""
        return np.asarray(self.patches.nodes[2] @ square_rule(self.patches.order)[1])

    @cached_property
    def measures(self) -> Array:
        return np.bincount(self.edge_index, self.areas, minlength=self.faces).astype(np.float64)

    @property
    def measure(self) -> float:
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
        return self.patches.lengths

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
        return square_polynomials(square_rule(self.patches.order)[0], self.patches.order)

    def near_pairs(self, targets: Array) -> tuple[Indices, Indices]:
        centres = self.patches.at(np.arange(len(self)), np.zeros((len(self), 1, 2)))[0][:, 0]
        squared = np.sum((targets[:, None] - centres) ** 2, axis=2)
        target, panel = np.nonzero(squared < (FAR * self.lengths) ** 2)
        return target, panel

    def subdivide(self, targets: Array, target: Indices, panel: Indices, node: Indices) -> Iterator[Subpanels]:
        return subdivide(self.patches, self.measures[self.edge_index], targets[target], panel, node)

    def closest_points(self, targets: Array, target: Indices, panel: Indices) -> ClosestPoints:
        # targets far from all nodes are left out
        distance = np.min(np.linalg.norm(self.points[panel] - targets[target, None], axis=2), axis=1)
        near = distance < _SEARCH_DISTANCE * self.lengths[panel]
        target, panel = target[near], panel[near]
        uv, distance = project(self.patches, targets[target], panel)
        located, cross = (a[:, 0] for a in self.patches.at(panel, uv[:, None]))
        normals = cross / np.linalg.norm(cross, axis=1, keepdims=True)
        sorted_pairs = np.lexsort((distance, target))
        k, first = np.unique(target[sorted_pairs], return_index=True)
        best = sorted_pairs[first]
        least = np.full(len(targets), np.inf)
        least[k] = distance[best]
        # panels that meet in the closest point each have their normal there
        meeting = distance < least[target] + ON_BOUNDARY * self.lengths[panel]
        out = np.zeros((len(targets), 3))
        np.add.at(out, target[meeting], normals[meeting])
        out = out[k] / np.linalg.norm(out[k], axis=1, keepdims=True)
        basis = square_polynomials(uv[best], self.patches.order)
        return ClosestPoints(k, panel[best], basis, located[best], out)

    def _take(self, rows: Indices, signs: Array) -> SurfacePanels:
        coefficients = self.patches.coefficients[rows].copy()
        coefficients[..., 3:] *= signs
        patches = replace(self.patches, coefficients=coefficients)
        selected = replace(self, edge_index=self.edge_index[rows], patches=patches)
        selected.__dict__["measures"] = self.measures
        return selected
