"""A solution inside its domain, from its values and tractions on the boundary: Green's and Somigliana's identities.

Next to the boundary the value u* at the nearest point of it is taken off: u = u* + S t - T (u - u*), which keeps what is
integrated bounded for the solution and integrable for its gradient, however close the point is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kinn.boundary_integrals.boundary_panels import ON, BoundaryPanels, Numbers
from kinn.boundary_integrals.kernels import Kernel
from kinn.boundary_integrals.kernels.kernel import tensor
from kinn.geometry.types import Array

#: Points worked on at a time, and pairs of points and nodes: so many numbers stay close to the processor.
POINTS, PAIRS = 2048, 32_768


@dataclass(frozen=True, eq=False)
class Representation:
    """A solution in a domain.

    Attributes:
        kernel: The kernel of its equation, or of a field that follows from the same data.
        panels: The boundary, M panels of n nodes.
        values: The solution on it, (M n, C).
        densities: Its traction times ds/dt, (M n, C).
        exterior: Whether the domain is the outside of the curves.
    """

    kernel: Kernel
    panels: BoundaryPanels
    values: Array
    densities: Array
    exterior: bool = False

    def __call__(self, points: Array, *, gradient: bool = False) -> tuple[Array, Array | None]:
        """Return the solution (K, C) at points (K, d) of the domain, and its gradient (K, C, d) if asked for."""
        c, d = self.kernel.rows, points.shape[1]
        u, slopes = np.empty((len(points), c)), np.empty((len(points), c, d))
        for first in range(0, len(points), POINTS):
            rows = slice(first, first + POINTS)
            u[rows], own = self._at(np.asarray(points[rows], dtype=np.float64), gradient)
            if own is not None:
                slopes[rows] = own
        return u, slopes if gradient else None

    def _at(self, points: Array, gradient: bool) -> tuple[Array, Array | None]:
        which, panel = self.panels.near_pairs(points)
        nearest, on, inner = self._nearest(points, which, panel)
        u, slopes = self._far(inner, nearest, self._apart(len(points), which, panel), gradient)
        self._add_near(inner, nearest, which, panel, u, slopes)
        if not self.kernel.companion:
            if not self.exterior:
                u += nearest
            u[on] = nearest[on]
        return u, slopes

    def _apart(self, count: int, which: Numbers, panel: Numbers) -> NDArray[np.bool_]:
        """Return which panels are not near each point, (count, M)."""
        there = np.ones((count, len(self.panels)), dtype=bool)
        there[which, panel] = False
        return there

    def _far(
        self, points: Array, nearest: Array, apart: NDArray[np.bool_], gradient: bool
    ) -> tuple[Array, Array | None]:
        """Return what the panels that are not near contribute."""
        kernel, d = self.kernel, points.shape[1]
        u = np.empty((len(points), kernel.rows))
        slopes = np.empty((*u.shape, d)) if gradient else None
        step = max(1, PAIRS // self.panels.nodes)
        for first in range(0, len(points), step):
            rows = slice(first, first + step)
            u[rows], own = self._far_block(points[rows], nearest[rows], apart[rows], gradient)
            if slopes is not None:
                slopes[rows] = own
        return u, slopes

    def _far_block(
        self, points: Array, nearest: Array, there: NDArray[np.bool_], gradient: bool
    ) -> tuple[Array, Array | None]:
        panels, kernel, d = self.panels, self.kernel, points.shape[1]
        there = np.repeat(there, panels.each, axis=1)
        nodes = panels.points.reshape(-1, d)
        apart = tensor([np.where(there, nodes[:, l] - points[:, None, l], 1.0) for l in range(d)], 1)
        weights = there * panels.weights.ravel()
        lengths = weights * panels.rates.ravel()
        components = range(kernel.components)
        density = tensor([weights * self.densities[:, c] for c in components], 1)
        jump = tensor([lengths * (self.values[:, c] - nearest[:, None, c]) for c in components], 1)
        still = tensor([lengths * nearest[:, None, c] for c in components], 1)
        return self._layers(apart, panels.normals.reshape(-1, d), density, jump, still, gradient)

    def _layers(
        self, apart: Array, normals: Array, density: Array, jump: Array, still: Array, gradient: bool
    ) -> tuple[Array, Array | None]:
        """Return the single layer of densities less the double layer of jumps, and their gradients if asked for."""
        kernel = self.kernel
        u = _sum(kernel.single(apart), density) - self._doubled(
            kernel.double, kernel.frozen, apart, normals, jump, still
        )
        if not gradient:
            return u, None
        return u, _sum(kernel.single_gradient(apart), density) - self._doubled(
            kernel.double_gradient, kernel.frozen_gradient, apart, normals, jump, still
        )

    def _doubled(
        self,
        whole: Callable[[Array, Array], Array],
        frozen: Callable[[Array, Array], Array],
        apart: Array,
        normals: Array,
        jump: Array,
        still: Array,
    ) -> Array:
        """Return the double layer of u - u*, and what T has beyond its static part of u*."""
        t = whole(apart, normals)
        out = _sum(t, jump)
        return out if self.kernel.static else out + _sum(t - frozen(apart, normals), still)

    def _add_near(
        self, points: Array, nearest: Array, which: Numbers, panel: Numbers, u: Array, slopes: Array | None
    ) -> None:
        """Add what the near panels contribute."""
        shape = (len(self.panels), self.panels.each, self.kernel.components)
        values, densities = (
            self.panels.to_coefficients @ data.reshape(shape) for data in (self.values, self.densities)
        )
        for part in self.panels.parts(points, which, panel, np.full(len(which), -1)):
            k, m = which[part.pair], panel[part.pair]
            density = part.basis @ densities[m] * part.weights[..., None]
            lengths = (part.weights * part.rates)[..., None]
            jump = (part.basis @ values[m] - nearest[k][:, None]) * lengths
            still = nearest[k][:, None] * lengths
            own, own_slopes = self._layers(part.apart, part.normals, density, jump, still, slopes is not None)
            np.add.at(u, k, own)
            if slopes is not None and own_slopes is not None:
                np.add.at(slopes, k, own_slopes)

    def _nearest(self, points: Array, which: Numbers, panel: Numbers) -> tuple[Array, NDArray[np.bool_], Array]:
        """Return the solution at the nearest point of the boundary, whether points lie on it, and points moved off it.

        Points that are near no panel get 0.
        """
        panels = self.panels
        c = self.kernel.components
        nearest, on, inner = np.zeros((len(points), c)), np.zeros(len(points), dtype=bool), points
        if not len(which):
            return nearest, on, inner
        found = panels.closest(points, which, panel)
        values = self.values.reshape(len(panels), panels.each, c)[found.panel]
        nearest[found.target] = np.einsum("kl,lj,kjc->kc", found.basis, panels.to_coefficients, values, optimize=True)
        distance = ON * panels.measure
        touching = np.linalg.norm(found.points - points[found.target], axis=1) < distance
        on[found.target[touching]] = True
        inner = points.copy()
        inner[found.target[touching]] = (found.points - distance * found.outwards)[touching]
        return nearest, on, inner


def _sum(kernel: Array, density: Array) -> Array:
    """Return the sum over nodes of a kernel (K, N, R, C, ...) times densities (K, N, C), an array (K, R, ...)."""
    out = np.zeros((len(kernel), kernel.shape[2], *kernel.shape[4:]))
    for row, component, *rest in np.ndindex(kernel.shape[2:]):
        entry = kernel[(..., row, component, *rest)]
        out[(slice(None), row, *rest)] += np.einsum("kn,kn->k", entry, density[..., component])
    return out
