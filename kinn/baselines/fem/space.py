"""The finite-element functions of one subdomain: their degrees of freedom, and their values at any point of it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from kinn.baselines.fem.meshing import meshed
from kinn.geometry import Geometry
from kinn.geometry.types import Indices
from kinn.problem import Array

#: Among so many elements, those whose middles are nearest, the element of a point is looked for.
_NEAREST = 16

#: Steps of Newton's method for the reference coordinates in a curved element.
_STEPS = 8


class Space:
    """Continuous piecewise polynomials on a mesh of a subdomain; every field has a coefficient for each of their nodes.

    Args:
        geometry: The subdomain.
        size: The length of edges, about.
        degree: 1 or 2.
    """

    def __init__(self, geometry: Geometry, size: float, degree: int) -> None:
        import skfem

        self.geometry, self.degree = geometry, degree
        self.mesh, self.facets = meshed(geometry, size, degree)
        named = {
            1: ("ElementLineP1", "ElementLineP2"),
            2: ("ElementTriP1", "ElementTriP2"),
            3: ("ElementTetP1", "ElementTetP2"),
        }
        self.element = getattr(skfem, named[geometry.dim][degree - 1])()
        self.order = 2 * degree + 1
        self.inside = skfem.Basis(self.mesh, self.element, intorder=self.order)

    @property
    def count(self) -> int:
        """The number of nodes."""
        return int(self.inside.N)

    @property
    def nodes(self) -> Array:
        """Where they are, (n, d)."""
        return np.asarray(self.inside.doflocs.T)

    @property
    def elements(self) -> int:
        """The number of elements."""
        return int(self.mesh.t.shape[1])

    def on(self, boundary: str) -> Indices:
        """Return the facets on a boundary."""
        parts = dict.fromkeys(part.name for part in self.geometry.boundary(boundary).parts)
        return np.unique(np.concatenate([self.facets[name] for name in parts]))

    def nodes_on(self, boundary: str) -> Indices:
        """Return the numbers of the nodes on a boundary."""
        return np.asarray(self.inside.get_dofs(self.on(boundary)).all())

    def along(self, boundary: str) -> Any:
        """Return the basis for integrals over a boundary."""
        import skfem

        return skfem.FacetBasis(self.mesh, self.element, facets=self.on(boundary), intorder=self.order)

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.mesh.p[:, self.mesh.t].mean(axis=1).T)

    def table(self, points: Array) -> tuple[Indices, Array]:
        """Return what gives values and gradients at points (N, d); where these are outside, those of the nearest element go on.

        Returns:
            For each of its n functions that are not zero there the number, (N, n), and its value and first derivatives,
            (1 + d, N, n).
        """
        which = self._elements(points)
        unit = self._unit(points, which)
        found = []
        for k in range(self.inside.Nbfun):
            (function,) = self.element.gbasis(self.inside.mapping, unit.T[:, :, None], k, tind=which)
            shape = (len(points), 1)
            found.append([np.broadcast_to(part, shape)[:, 0] for part in (np.asarray(function), *function.grad)])
        return np.asarray(self.inside.element_dofs[:, which].T), np.moveaxis(np.array(found), 0, 2)

    def _elements(self, points: Array) -> Indices:
        """Return the element of each point: of those nearby the one in whose straight shape it is deepest."""
        near = self._tree.query(points, min(_NEAREST, self.elements))[1].reshape(len(points), -1)
        corners = self.mesh.p[:, self.mesh.t[:, near]]  # (d, d + 1, N, k)
        edges = np.moveaxis(corners[:, 1:] - corners[:, :1], (0, 1), (2, 3))
        away = points[:, None, :] - np.moveaxis(corners[:, 0], 0, 2)
        unit = np.linalg.solve(edges, away[..., None])[..., 0]
        depth = np.minimum(unit.min(axis=2), 1 - unit.sum(axis=2))
        return np.asarray(near[np.arange(len(points)), depth.argmax(axis=1)])

    def _unit(self, points: Array, which: Indices) -> Array:
        """Return the reference coordinates (N, d) of points in their elements."""
        mapping, d = self.inside.mapping, points.shape[1]
        unit = np.full((d, len(points), 1), 1 / (d + 1))
        for _ in range(_STEPS if self.degree > 1 else 1):
            gap = points.T[:, :, None] - mapping.F(unit, which)
            unit = unit + np.einsum("ijkl,jkl->ikl", mapping.invDF(unit, which), gap)
        return np.asarray(unit[:, :, 0].T)
