"""Polynomial patches of a surface, and projection onto them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kinn.boundary_integrals.legendre import square_derivatives, square_polynomials, square_rule, square_values
from kinn.geometry.types import Array, Indices

#: The largest number of Gauss-Newton steps of a projection.
_MAX_STEPS = 30


@dataclass(frozen=True, eq=False)
class PolynomialPatches:
    """M patches of a surface, each a polynomial of the square [-1, 1]^2, with n x n Gauss nodes.

    Attributes:
        coefficients: Legendre coefficients of x, y, z and of the cross product of the derivatives of the point, which
            points outwards, (M, g^2, 6).
        order: The number n of nodes along each coordinate.
    """

    coefficients: Array
    order: int

    def __len__(self) -> int:
        return len(self.coefficients)

    @property
    def resolution(self) -> int:
        """The number g of coefficients along each coordinate."""
        return math.isqrt(self.coefficients.shape[1])

    def at(self, patch: Indices, uv: Array) -> tuple[Array, Array]:
        """Points and cross products (m, ..., 3) of patches (m,) at points (m, ..., 2) of the square."""
        both = square_values(uv.reshape(len(uv), -1, 2), self.coefficients[patch]).reshape(*uv.shape[:-1], 6)
        return both[..., :3], both[..., 3:]

    def tangents(self, patch: Indices, uv: Array) -> tuple[Array, Array]:
        """Derivatives (m, 3) of the point by both coordinates, of patches (m,) at points (m, 2)."""
        first, second = square_derivatives(uv[:, None], self.coefficients[patch, :, :3])
        return first[:, 0], second[:, 0]

    @cached_property
    def nodes(self) -> tuple[Array, Array, Array]:
        """The nodes, their normals, and the area element of the square there, (M, n^2, ...)."""
        uv, _ = square_rule(self.order)
        both = square_polynomials(uv, self.resolution) @ self.coefficients
        area = np.linalg.norm(both[..., 3:], axis=2)
        return both[..., :3], both[..., 3:] / area[..., None], area

    @cached_property
    def lengths(self) -> Array:
        """The greatest extent of each patch along a coordinate, (M,)."""
        ends = np.array(
            [[-1.0, 0], [0, 0], [1, 0], [0, -1], [0, 0], [0, 1], [-1, -1], [0, -1], [1, -1], [-1, 1], [0, 1], [1, 1]]
        )
        points = (square_polynomials(ends, self.resolution) @ self.coefficients[..., :3]).reshape(len(self), 4, 3, 3)
        return np.asarray(np.linalg.norm(np.diff(points, axis=2), axis=3).sum(axis=2).max(axis=1))


def project(patches: PolynomialPatches, targets: Array, panel: Indices) -> tuple[Array, Array]:
    """Points (p, 2) of the square at which patches (p,) are closest to targets (p, 3), and the distances.

    Gauss-Newton iteration from the closest node; each step minimises its quadratic model on the square.
    """
    start, _ = square_rule(patches.order)
    uv = start[np.argmin(np.sum((patches.nodes[0][panel] - targets[:, None]) ** 2, axis=2), axis=1)]
    offset = patches.at(panel, uv)[0] - targets
    best, distance, moving = uv, np.linalg.norm(offset, axis=1), np.arange(len(uv))
    for _ in range(_MAX_STEPS):
        if not len(moving):
            break
        first, second = patches.tangents(panel[moving], uv)
        factors = (first, first), (first, second), (second, second), (first, offset), (second, offset)
        step = _constrained_step(uv, *(np.sum(x * y, axis=1) for x, y in factors))
        uv = uv + step
        offset = patches.at(panel[moving], uv)[0] - targets[moving]
        new_distance = np.linalg.norm(offset, axis=1)
        best[moving] = np.where((new_distance < distance[moving])[:, None], uv, best[moving])
        distance[moving] = np.minimum(new_distance, distance[moving])
        unconverged = np.abs(step).max(axis=1) >= 1e-15
        moving, uv, offset = moving[unconverged], uv[unconverged], offset[unconverged]
    return best, distance


def _constrained_step(uv: Array, a: Array, b: Array, c: Array, f: Array, g: Array) -> Array:
    """Minimiser s (p, 2) of s . ((a, b), (b, c)) s / 2 + (f, g) . s with uv + s in the square.

    It is the unconstrained one if that is in the square, and else on one of its sides.
    """
    low, high = -1 - uv, 1 - uv
    determinant = np.maximum(a * c - b * b, 1e-300)
    unconstrained = np.stack([b * g - c * f, b * f - a * g], axis=1) / determinant[:, None]
    inside = ((unconstrained >= low) & (unconstrained <= high)).all(axis=1)
    candidates = [unconstrained]
    for side in (low, high):
        s, t = side.T
        candidates.append(np.stack([s, np.clip(-(g + b * s) / c, low[:, 1], high[:, 1])], axis=1))
        candidates.append(np.stack([np.clip(-(f + b * t) / a, low[:, 0], high[:, 0]), t], axis=1))
    steps = np.stack(candidates)
    s, t = steps[..., 0], steps[..., 1]
    values = (a * s * s + 2 * b * s * t + c * t * t) / 2 + f * s + g * t
    values[0] = np.where(inside, -np.inf, np.inf)
    return np.asarray(steps[np.argmin(values, axis=0), np.arange(len(uv))])
