"""Panels of surfaces: parts of charts with products of Gauss nodes.

The surface on a panel is its polynomial through many nodes, with an error of rounding. Integrals are taken over the share of
the face's area, in which nothing is graded: the density of a traction is the traction times the area of the face.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.boundary_panels import BoundaryPanels, Closest, Numbers, Subpanels
from kinn.boundary_integrals.legendre import polynomials
from kinn.boundary_integrals.surfaces.faces import BoundaryFace
from kinn.boundary_integrals.surfaces.polar import near_pairs, parts
from kinn.boundary_integrals.surfaces.squares import combined, square_coefficients, square_polynomials, square_rule
from kinn.boundary_integrals.surfaces.surface_projection import closest
from kinn.geometry.types import Array

#: Nodes of a panel along each coordinate.
ORDER = 8


@dataclass(frozen=True, eq=False)
class SurfacePanels(BoundaryPanels):
    """M panels of n x n nodes.

    Attributes:
        faces: The parts of the surface.
        track: The number of each panel's face, (M,).
        coefficients: Legendre coefficients of x, y, z and of the vector product of the derivatives of the point, which
            points outwards, on each panel, (M, g^2, 6).
        order: The number n of nodes along each coordinate.
    """

    faces: tuple[BoundaryFace, ...]
    track: Numbers
    coefficients: Array
    order: int = ORDER

    @property
    def each(self) -> int:
        """The number of nodes of a panel."""
        return self.order**2

    @property
    def fine(self) -> int:
        """The number g of coefficients along each coordinate."""
        return math.isqrt(self.coefficients.shape[1])

    def at(self, panel: Numbers, uv: Array) -> tuple[Array, Array]:
        """Return points and vector products (m, ..., 3) of panels (m,) at points (m, ..., 2) of the square."""
        g, flat = self.fine, uv.reshape(len(uv), -1, 2)
        both = combined(polynomials(flat[..., 0], g), polynomials(flat[..., 1], g), self.coefficients[panel])
        both = both.reshape(*uv.shape[:-1], 6)
        return both[..., :3], both[..., 3:]

    @cached_property
    def located(self) -> tuple[Array, Array, Array]:
        """The nodes, the normals, and the area by the coordinates of the square there, (M, n^2, ...)."""
        uv, _ = square_rule(self.order)
        both = square_polynomials(uv, self.fine) @ self.coefficients
        area = np.linalg.norm(both[..., 3:], axis=2)
        return both[..., :3], both[..., 3:] / area[..., None], area

    @property
    def points(self) -> Array:
        """The nodes, (M, n^2, 3)."""
        return self.located[0]

    @property
    def normals(self) -> Array:
        """The outward unit normals there, (M, n^2, 3)."""
        return self.located[1]

    @cached_property
    def areas(self) -> Array:
        """The area of each panel, (M,)."""
        return np.asarray(self.located[2] @ square_rule(self.order)[1])

    @cached_property
    def measures(self) -> Array:
        """The area of each face, (F,)."""
        return np.bincount(self.track, self.areas, minlength=len(self.faces)).astype(np.float64)

    @property
    def measure(self) -> float:
        """The area of the surface."""
        return float(np.sum(self.areas))

    @property
    def weights(self) -> Array:
        """The weights of the nodes for integrals over the share of the face's area, (M, n^2)."""
        return np.asarray(self.located[2] * square_rule(self.order)[1] / self.measures[self.track, None])

    @property
    def rates(self) -> Array:
        """The area by that share: the area of the face, (M, n^2)."""
        return np.repeat(self.measures[self.track, None], self.each, axis=1)

    @cached_property
    def lengths(self) -> Array:
        """The greatest extent of each panel along a coordinate, (M,)."""
        ends = np.array(
            [[-1.0, 0], [0, 0], [1, 0], [0, -1], [0, 0], [0, 1], [-1, -1], [0, -1], [1, -1], [-1, 1], [0, 1], [1, 1]]
        )
        points = (square_polynomials(ends, self.fine) @ self.coefficients[..., :3]).reshape(len(self), 4, 3, 3)
        return np.asarray(np.linalg.norm(np.diff(points, axis=2), axis=3).sum(axis=2).max(axis=1))

    @property
    def volume(self) -> float:
        """The volume inside: the integral of x . n / 3."""
        centred = self.points - self.points.mean(axis=(0, 1))
        across = np.sum(centred * self.normals, axis=2) * self.located[2]
        return float(np.sum(across @ square_rule(self.order)[1])) / 3

    @property
    def gap(self) -> float:
        """How far the integral of the normal is from zero, relative to the area: 0 of a closed surface."""
        total = np.einsum("mj,mji,j->i", self.located[2], self.normals, square_rule(self.order)[1])
        return float(np.linalg.norm(total)) / self.measure

    @property
    def to_coefficients(self) -> Array:
        """The matrix from values at the nodes of a panel to coefficients of products of Legendre polynomials."""
        return square_coefficients(self.order)

    @cached_property
    def at_nodes(self) -> Array:
        """These products at the nodes."""
        return square_polynomials(square_rule(self.order)[0], self.order)

    def near_pairs(self, targets: Array) -> tuple[Numbers, Numbers]:
        """Return the numbers of targets and of panels that are too close for the nodes of the panel."""
        return near_pairs(self, targets)

    def parts(self, targets: Array, which: Numbers, panel: Numbers, own: Numbers) -> Iterator[Subpanels]:
        """Yield the parts that panels are cut into for targets."""
        return parts(self, targets, which, panel, own)

    def closest(self, targets: Array, which: Numbers, panel: Numbers) -> Closest:
        """Return the points closest to targets."""
        return closest(self, targets, which, panel)

    def of(self, tracks: Sequence[int], opposite: Sequence[bool]) -> SurfacePanels:
        """Return the panels of some of the faces, in their order, seen from the other side where `opposite`."""
        rows = np.concatenate([np.flatnonzero(self.track == number) for number in tracks])
        sign = np.ones(len(self.faces))
        sign[[number for number, other in zip(tracks, opposite, strict=True) if other]] = -1.0
        coefficients = self.coefficients[rows].copy()
        coefficients[..., 3:] *= sign[self.track[rows]][:, None, None]
        chosen = replace(self, track=self.track[rows], coefficients=coefficients)
        chosen.__dict__["measures"] = self.measures
        return chosen
