"""The points of panels that are nearest to targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kinn.boundary_integrals.boundary_panels import ON, Closest, Numbers
from kinn.boundary_integrals.surfaces.squares import square_polynomials, square_rule, tangents
from kinn.geometry.types import Array

if TYPE_CHECKING:
    from kinn.boundary_integrals.surfaces.surface_panels import SurfacePanels

_STEPS = 30

#: Points are looked for on panels with a node this near to the target, relative to the panel.
_WITHIN = 0.4


def closest(panels: SurfacePanels, targets: Array, which: Numbers, panel: Numbers) -> Closest:
    """Return the points closest to targets; see `BoundaryPanels.closest`. Targets far from all nodes are left out."""
    apart = np.min(np.linalg.norm(panels.points[panel] - targets[which, None], axis=2), axis=1)
    near = apart < _WITHIN * panels.lengths[panel]
    which, panel = which[near], panel[near]
    uv, distance = nearest(panels, targets[which], panel)
    located, across = (a[:, 0] for a in panels.at(panel, uv[:, None]))
    normals = across / np.linalg.norm(across, axis=1, keepdims=True)
    first = np.lexsort((distance, which))
    k, at = np.unique(which[first], return_index=True)
    best = first[at]
    least = np.full(len(targets), np.inf)
    least[k] = distance[best]
    # panels that meet in the closest point each have their normal there
    meeting = distance < least[which] + ON * panels.lengths[panel]
    out = np.zeros((len(targets), 3))
    np.add.at(out, which[meeting], normals[meeting])
    out = out[k] / np.linalg.norm(out[k], axis=1, keepdims=True)
    return Closest(k, panel[best], square_polynomials(uv[best], panels.order), located[best], out)


def nearest(panels: SurfacePanels, targets: Array, panel: Numbers) -> tuple[Array, Array]:
    """Return the points (p, 2) of the square at which panels (p,) are nearest to targets (p, 3), and how far they are.

    Gauss and Newton's method from the nearest node; each step is the best one of its quadratic model on the square.
    """
    start, _ = square_rule(panels.order)
    uv = start[np.argmin(np.sum((panels.points[panel] - targets[:, None]) ** 2, axis=2), axis=1)]
    apart = panels.at(panel, uv)[0] - targets
    best, distance, moving = uv, np.linalg.norm(apart, axis=1), np.arange(len(uv))
    for _ in range(_STEPS):
        if not len(moving):
            break
        first, second = (a[:, 0] for a in tangents(uv[:, None], panels.coefficients[panel[moving], :, :3]))
        step = _step(
            uv,
            *(
                np.sum(x * y, axis=1)
                for x, y in ((first, first), (first, second), (second, second), (first, apart), (second, apart))
            ),
        )
        uv = uv + step
        apart = panels.at(panel[moving], uv)[0] - targets[moving]
        now = np.linalg.norm(apart, axis=1)
        best[moving] = np.where((now < distance[moving])[:, None], uv, best[moving])
        distance[moving] = np.minimum(now, distance[moving])
        on = np.abs(step).max(axis=1) >= 1e-15
        moving, uv, apart = moving[on], uv[on], apart[on]
    return best, distance


def _step(uv: Array, a: Array, b: Array, c: Array, f: Array, g: Array) -> Array:
    """Return the s (p, 2) that makes s . ((a, b), (b, c)) s / 2 + (f, g) . s least, uv + s in the square.

    It is the free one if that is in the square, and else on one of its sides.
    """
    low, high = -1 - uv, 1 - uv
    determinant = np.maximum(a * c - b * b, 1e-300)
    free = np.stack([b * g - c * f, b * f - a * g], axis=1) / determinant[:, None]
    inside = ((free >= low) & (free <= high)).all(axis=1)
    tried = [free]
    for side in (low, high):
        s, t = side.T
        tried.append(np.stack([s, np.clip(-(g + b * s) / c, low[:, 1], high[:, 1])], axis=1))
        tried.append(np.stack([np.clip(-(f + b * t) / a, low[:, 0], high[:, 0]), t], axis=1))
    steps = np.stack(tried)
    s, t = steps[..., 0], steps[..., 1]
    values = (a * s * s + 2 * b * s * t + c * t * t) / 2 + f * s + g * t
    values[0] = np.where(inside, -np.inf, np.inf)
    return np.asarray(steps[np.argmin(values, axis=0), np.arange(len(uv))])
