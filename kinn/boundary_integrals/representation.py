"""Representation formula: a solution inside its domain from its boundary values and tractions (Green, Somigliana).

Next to the boundary the value u* at the closest boundary point is subtracted: u = u* + S t - T (u - u*). The integrand
of the solution is then bounded and that of its gradient integrable, at any distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import ON_BOUNDARY, BoundaryPanels
from kinn.boundary_integrals.kernels import Kernel
from kinn.boundary_integrals.kernels.kernel import tensor
from kinn.geometry.types import Array, Indices

_Single: TypeAlias = Callable[[Array], Array]
_Double: TypeAlias = Callable[[Array, Array], Array]

#: Points per block, and pairs of points and nodes, so that a block fits into the cache.
POINTS, PAIRS = 2048, 32_768


@dataclass(frozen=True, eq=False)
class Representation:
    """A solution in a domain.

    Attributes:
        kernel: The kernel of its equation, or of a derived field.
        panels: The boundary, M panels of n nodes.
        values: The solution at the nodes, (M n, C).
        densities: Its traction times ds/dt, (M n, C).
        exterior: Whether the domain is the unbounded exterior of the curves.
    """

    kernel: Kernel
    panels: BoundaryPanels
    values: Array
    densities: Array
    exterior: bool = False

    def __call__(self, points: Array, *, gradient: bool = False) -> tuple[Array, Array | None]:
        """Solution (K, C) at points (K, d) of the domain, and its gradient (K, C, d) if requested."""
        c, d = self.kernel.rows, points.shape[1]
        u, slopes = np.empty((len(points), c)), np.empty((len(points), c, d))
        for first in range(0, len(points), POINTS):
            rows = slice(first, first + POINTS)
            u[rows], block_slopes = self._at(np.asarray(points[rows], dtype=np.float64), gradient)
            if block_slopes is not None:
                slopes[rows] = block_slopes
        return u, slopes if gradient else None

    def _at(self, points: Array, gradient: bool) -> tuple[Array, Array | None]:
        target, panel = self.panels.near_pairs(points)
        closest, on_boundary, inner = self._closest_values(points, target, panel)
        far = np.ones((len(points), len(self.panels)), dtype=bool)
        far[target, panel] = False
        u, slopes = self._far_field(inner, closest, far, gradient)
        self._add_near_field(inner, closest, target, panel, u, slopes)
        if not self.kernel.derived:
            if not self.exterior:
                u += closest
            u[on_boundary] = closest[on_boundary]
        return u, slopes

    def _far_field(
        self, points: Array, closest: Array, far: NDArray[np.bool_], gradient: bool
    ) -> tuple[Array, Array | None]:
        """Contribution of the panels `far` (K, M) from each point, by their Gauss rule."""
        u = np.empty((len(points), self.kernel.rows))
        slopes = np.empty((*u.shape, points.shape[1])) if gradient else None
        step = max(1, PAIRS // self.panels.nodes)
        for first in range(0, len(points), step):
            rows = slice(first, first + step)
            u[rows], block_slopes = self._far_block(points[rows], closest[rows], far[rows], gradient)
            if slopes is not None:
                slopes[rows] = block_slopes
        return u, slopes

    def _far_block(
        self, points: Array, closest: Array, far: NDArray[np.bool_], gradient: bool
    ) -> tuple[Array, Array | None]:
        panels, d = self.panels, points.shape[1]
        far = np.repeat(far, panels.nodes_per_panel, axis=1)
        nodes = panels.points.reshape(-1, d)
        offset = tensor([np.where(far, nodes[:, l] - points[:, None, l], 1.0) for l in range(d)], 1)
        weights = far * panels.weights.ravel()
        lengths = weights * panels.speed.ravel()
        components = range(self.kernel.components)
        density = tensor([weights * self.densities[:, c] for c in components], 1)
        jump = tensor([lengths * (self.values[:, c] - closest[:, None, c]) for c in components], 1)
        constant = tensor([lengths * closest[:, None, c] for c in components], 1)
        return self._potentials(offset, panels.normals.reshape(-1, d), density, jump, constant, gradient)

    def _potentials(
        self, offset: Array, normals: Array, density: Array, jump: Array, constant: Array, gradient: bool
    ) -> tuple[Array, Array | None]:
        """Single layer of densities minus the double layer of jumps, and their gradients if requested."""
        kernel = self.kernel

        def potential(single: _Single, double: _Double, static_part: _Double) -> Array:
            # the double layer is that of u - u*, plus the dynamic part of that of u*
            t = double(offset, normals)
            out = _sum(t, jump) if kernel.static else _sum(t, jump) + _sum(t - static_part(offset, normals), constant)
            return _sum(single(offset), density) - out

        u = potential(kernel.single, kernel.double, kernel.static_part)
        if not gradient:
            return u, None
        return u, potential(kernel.single_gradient, kernel.double_gradient, kernel.static_part_gradient)

    def _add_near_field(
        self, points: Array, closest: Array, target: Indices, panel: Indices, u: Array, slopes: Array | None
    ) -> None:
        """Add the contribution of the near panels, by subdivision."""
        shape = (len(self.panels), self.panels.nodes_per_panel, self.kernel.components)
        values, densities = (self.panels.to_coefficients @ a.reshape(shape) for a in (self.values, self.densities))
        for part in self.panels.subdivide(points, target, panel, np.full(len(target), -1)):
            k, m = target[part.pair], panel[part.pair]
            density = part.basis @ densities[m] * part.weights[..., None]
            lengths = (part.weights * part.speed)[..., None]
            jump = (part.basis @ values[m] - closest[k][:, None]) * lengths
            constant = closest[k][:, None] * lengths
            near, near_slopes = self._potentials(part.offset, part.normals, density, jump, constant, slopes is not None)
            np.add.at(u, k, near)
            if slopes is not None and near_slopes is not None:
                np.add.at(slopes, k, near_slopes)

    def _closest_values(self, points: Array, target: Indices, panel: Indices) -> tuple[Array, NDArray[np.bool_], Array]:
        """Solution at the closest boundary point, which points lie on the boundary, and points moved off it.

        The value of points without near panels is 0.
        """
        panels, c = self.panels, self.kernel.components
        closest, on_boundary, inner = np.zeros((len(points), c)), np.zeros(len(points), dtype=bool), points
        if not len(target):
            return closest, on_boundary, inner
        found = panels.closest_points(points, target, panel)
        values = self.values.reshape(len(panels), panels.nodes_per_panel, c)[found.panel]
        closest[found.target] = np.einsum("kl,lj,kjc->kc", found.basis, panels.to_coefficients, values, optimize=True)
        distance = ON_BOUNDARY * panels.measure
        touching = np.linalg.norm(found.points - points[found.target], axis=1) < distance
        on_boundary[found.target[touching]] = True
        inner = points.copy()
        inner[found.target[touching]] = (found.points - distance * found.outward)[touching]
        return closest, on_boundary, inner


def _sum(kernel: Array, density: Array) -> Array:
    """Sum over nodes of a kernel (K, N, R, C, ...) times densities (K, N, C), an array (K, R, ...)."""
    out = np.zeros((len(kernel), kernel.shape[2], *kernel.shape[4:]))
    for row, component, *axes in np.ndindex(kernel.shape[2:]):
        entry = kernel[(..., row, component, *axes)]
        out[(slice(None), row, *axes)] += np.einsum("kn,kn->k", entry, density[..., component])
    return out
