"""Scattered points: what clouds of points, and geometries of other libraries, are sampled from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kinn.geometry.boundary.patch import Array, BoundaryPatch, BoundaryPoints
from kinn.geometry.quadrature.cells import Cells, WeightedPoints
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.sampling import apportion

_NEIGHBOURS = {1: 6, 2: 6, 3: 12}  # in a regular arrangement, by dimension


def cell_sizes(points: Array, dim: int) -> Array:
    """Return an estimate of the length, area or volume that each point stands for, (N,).

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
    ball = math.pi ** (dim / 2) / math.gamma(dim / 2 + 1)
    return np.asarray(ball * radius**dim / k)


def picks(n: int, sizes: Array, method: str, seed: int, stream: int = 0) -> NDArray[np.intp]:
    """Return n indices, each as often as its size asks to within one; in the order given for "uniform", else random."""
    order = np.arange(len(sizes))
    if method != "uniform":
        order = np.random.default_rng([seed, stream]).permutation(order)
    return np.repeat(order, apportion(n, sizes[order].tolist()))


@dataclass(frozen=True, eq=False)
class Scattered(BoundaryPatch):
    """Points of a boundary that are known one by one, drawn in proportion to what each stands for.

    Attributes:
        located: The points, (N, d), with their normals.
        sizes: The length or area that each stands for, (N,).
    """

    located: BoundaryPoints
    sizes: Array

    @property
    def dim(self) -> int:
        """One less than that of the points."""
        return int(self.located.points.shape[1]) - 1

    @property
    def measure(self) -> float:
        """The sum of what all points stand for."""
        return float(np.sum(self.sizes))

    @cached_property
    def _ends(self) -> Array:
        return np.asarray(np.cumsum(self.sizes) / np.sum(self.sizes))

    def at(self, unit: Array) -> BoundaryPoints:
        """Return points picked by the first parameter."""
        first = unit[:, 0] if self.dim else np.linspace(0, 1, len(unit), endpoint=False)
        return self.located[np.minimum(np.searchsorted(self._ends, first, side="right"), len(self.located) - 1)]

    @property
    def smooth(self) -> bool:
        """False: points."""
        return False

    def cells(self, wanted: QuadratureSpec) -> tuple[Cells, ...]:
        """Return the points themselves, each for what it stands for."""
        return (WeightedPoints(self.located.points, self.sizes, self.located.normals),)

    def draw(self, m: int, method: str, seed: int, stream: int) -> BoundaryPoints:
        """Return m points, which repeat where m is larger than their number."""
        return self.located[picks(m, self.sizes, method, seed, stream)]
