"""Patches of scattered boundary points: known one by one, or found on the zero set of a level function."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from kinn.errors import InputError
from kinn.geometry.boundary.patch import BoundaryPatch, BoundaryPoints
from kinn.geometry.quadrature.cells import Cells, WeightedPoints
from kinn.geometry.quadrature.cut import Level, zeros_on_lines
from kinn.geometry.quadrature.reference_cells import unit_ball_volume
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.sampling import apportion, unit_cube
from kinn.geometry.types import Array, Indices

_STEP = 1e-6  # of differences for normals, relative to the size
_SIDE_POINTS = 256  # on each side of the bounds, where a level must not be negative
_NEIGHBOURS = {1: 6, 2: 6, 3: 12}  # in a regular arrangement, by dimension


def point_measures(points: Array, dim: int) -> Array:
    """Estimate of the length, area or volume that each point stands for, (N,).

    Args:
        points: Points (N, d) spread over a set.
        dim: Dimension of the set: 1 for curves, 2 for surfaces.

    Returns:
        The volume of the ball that reaches to the k-th neighbour over k, which is right on average for random points:
        the sum estimates the measure of the set to some 10 to 20 %.
    """
    if dim == 0 or len(points) == 1:
        return np.ones(len(points))
    k = min(_NEIGHBOURS.get(dim, 2 * dim), len(points) - 1)
    radius = cKDTree(points).query(points, k + 1)[0][:, -1]
    return np.asarray(unit_ball_volume(dim) * radius**dim / k)


def proportional_indices(n: int, sizes: Array, method: str, seed: int, stream: int = 0) -> Indices:
    """Indices, n of them, each as often as its size asks to within one; in the order given for "uniform", else random."""
    order = np.arange(len(sizes))
    if method != "uniform":
        order = np.random.default_rng([seed, stream]).permutation(order)
    return np.repeat(order, apportion(n, sizes[order].tolist()))


@dataclass(frozen=True, eq=False)
class ScatteredPatch(BoundaryPatch):
    """Points of a boundary that are known one by one, drawn in proportion to what each stands for.

    Attributes:
        samples: The points, (N, d), with their normals.
        sizes: The length or area that each stands for, (N,).
    """

    samples: BoundaryPoints
    sizes: Array

    @property
    def dim(self) -> int:
        return int(self.samples.points.shape[1]) - 1

    @property
    def measure(self) -> float:
        return float(np.sum(self.sizes))

    @cached_property
    def _ends(self) -> Array:
        return np.asarray(np.cumsum(self.sizes) / np.sum(self.sizes))

    def at(self, unit: Array) -> BoundaryPoints:
        first = unit[:, 0] if self.dim else np.linspace(0, 1, len(unit), endpoint=False)
        return self.samples[np.minimum(np.searchsorted(self._ends, first, side="right"), len(self.samples) - 1)]

    smooth = False

    def cells(self, spec: QuadratureSpec) -> tuple[Cells, ...]:
        return (WeightedPoints(self.samples.points, self.sizes, self.samples.normals),)

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        return self.samples[proportional_indices(m, self.sizes, method, seed, stream)]


def scattered_patches(samples: BoundaryPoints, sizes: Array) -> list[ScatteredPatch]:
    """Points as one patch; in one dimension each point by itself."""
    if samples.points.shape[1] > 1:
        return [ScatteredPatch(samples, sizes)]
    return [ScatteredPatch(samples[k : k + 1], sizes[k : k + 1]) for k in range(len(samples))]


def level_set_patches(level: Level, bounds: tuple[Array, Array]) -> list[ScatteredPatch]:
    """Zero set of a level function as scattered points.

    Lines along each axis hit a surface in proportion to the component of its normal along them: a point on lines with
    the cross-section A stands for the area A / (|n_1| + ... + |n_d|), whichever lines it is on.

    Args:
        level: Negative inside.
        bounds: The bounding box.

    Raises:
        InputError: If the level has no zero in the box, or is negative on its sides: the box cuts the shape off.
    """
    lower, upper = bounds
    points, sections = zeros_on_lines(level, lower, upper)
    if not len(points):
        raise InputError(
            "a level has no zero in its bounds: it is negative inside, zero on the boundary, positive outside"
        )
    for axis, corner in product(range(len(lower)), bounds):
        side = lower + unit_cube(_SIDE_POINTS, len(lower), "halton") * (upper - lower)
        side[:, axis] = corner[axis]
        if np.min(level(side)) < -1e-9 * np.max(upper - lower):
            raise InputError(f"a level is negative on the side of its bounds at {corner[axis]:g} along axis {axis}")
    steps = _STEP * np.max(upper - lower) * np.eye(len(lower))
    slopes = np.stack([level(points + step) - level(points - step) for step in steps], axis=1)
    normals = slopes / np.linalg.norm(slopes, axis=1)[:, None]
    return scattered_patches(BoundaryPoints(points, normals), sections / np.sum(np.abs(normals), axis=1))
