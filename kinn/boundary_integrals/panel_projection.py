"""The points of curves that are closest to targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinn.boundary_integrals.boundary_panels import ON, Closest, Numbers
from kinn.boundary_integrals.legendre import polynomials
from kinn.geometry.types import Array

if TYPE_CHECKING:
    from kinn.boundary_integrals.panels import Panels


def closest(panels: Panels, targets: Array, which: Numbers, panel: Numbers) -> Closest:
    """Return the points closest to targets; see `BoundaryPanels.closest`. Found on the panel with the closest node."""
    order = panels.order
    apart = np.min(np.linalg.norm(panels.points[panel] - targets[which, None], axis=2), axis=1)
    first = np.lexsort((apart, which))
    k, at = np.unique(which[first], return_index=True)
    m = panel[first][at]
    low, high = np.full(len(k), -1.0), np.full(len(k), 1.0)
    shares = np.linspace(0, 1, 17)
    for _ in range(14):
        x = low[:, None] + (high - low)[:, None] * shares
        located = polynomials(x, order) @ panels.coefficients[m]
        best = np.argmin(np.sum((located[..., :2] - targets[k, None]) ** 2, axis=2), axis=1)
        rows = np.arange(len(k))
        low, high = x[rows, np.maximum(best - 1, 0)], x[rows, np.minimum(best + 1, 16)]
    basis = polynomials((low + high) / 2, order)
    located = np.einsum("kl,klc->kc", basis, panels.coefficients[m])
    return Closest(k, m, basis, located[:, :2], _outwards(panels, located))


def _outwards(panels: Panels, located: Array) -> Array:
    """Return the directions (m, 2) out of the domain at points of the boundary (m, 4): at corners between both."""
    signs = (-1.0) ** np.arange(panels.order)
    ends = np.concatenate([np.einsum("l,mlc->mc", s, panels.coefficients) for s in (signs, signs**2)])
    there = np.linalg.norm(located[:, None, :2] - ends[:, :2], axis=2) < ON * panels.measure
    out = np.where(there.any(axis=1)[:, None], there @ ends[:, 2:4], located[:, 2:4])
    return np.asarray(out / np.linalg.norm(out, axis=1)[:, None])
