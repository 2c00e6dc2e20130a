"""Factors of reference cells, each with its composite rules: simplices (a line, a triangle, ...), circles, latitudes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations, product

import numpy as np
from numpy.random import Generator

from kinn.geometry.quadrature.gauss import Array, Indices, gauss_jacobi, nodes_for


class Factor(ABC):
    """A set whose products are the reference cells."""

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return 1

    @property
    @abstractmethod
    def center(self) -> Array:
        """The middle, (dim,)."""

    @property
    @abstractmethod
    def paths(self) -> Array:
        """Paths along which the factor is measured, (paths, steps, dim)."""

    @abstractmethod
    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        """Return the number of points of rules of a degree with the given numbers of cuts, (m,)."""

    @abstractmethod
    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        """Return points (n, dim) and weights (n,).

        Args:
            order: The degree of polynomials that are integrated exactly.
            cuts: Along each axis the factor is cut into so many, or has so many times the points.
            rng: Where given, the points are elsewhere each time.
        """


@dataclass(frozen=True)
class Simplex(Factor):
    """The points with coordinates that are not negative, and whose sum is not above 1: a line, a triangle, ..."""

    n: int = 1

    @property
    def dim(self) -> int:
        """Number of coordinates."""
        return self.n

    @property
    def center(self) -> Array:
        """The centroid."""
        return np.full(self.n, 1 / (self.n + 1))

    @property
    def paths(self) -> Array:
        """The edges."""
        corners = np.vstack([np.zeros(self.n), np.eye(self.n)])
        along = np.linspace(0, 1, 5)[:, None]
        return np.array([(1 - along) * corners[i] + along * corners[j] for i, j in combinations(range(self.n + 1), 2)])

    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        """Return those of conical products in cuts^n simplices."""
        return np.asarray((nodes_for(order, shifted) * cuts) ** self.n)

    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        """Return a conical product in each of cuts^n simplices."""
        unit, weights = _conical(self.n, order, rng)
        corners = _tiles(self.n, cuts)
        spread = np.concatenate([1 - unit.sum(axis=1, keepdims=True), unit], axis=1)
        points = np.einsum("qk,tkd->tqd", spread, corners).reshape(-1, self.n)
        return points, np.tile(weights / cuts**self.n, len(corners))


def _conical(n: int, order: int, rng: Generator | None) -> tuple[Array, Array]:
    """Return a rule on the simplex with points inside and positive weights.

    The simplex is the cube with one coordinate after the other scaled by 1 less those before; the powers of that
    scale are the weights of Gauss-Jacobi rules. Source: A. H. Stroud, "Approximate calculation of multiple integrals"
    (1971), section 2.4.
    """
    count = nodes_for(order, rng is not None)
    axes = []
    for power in range(n - 1, -1, -1):
        x, w = gauss_jacobi(count, float(power), 0.0, 0.0 if rng is None else rng.uniform(-1, 1))
        axes.append(((x + 1) / 2, w / 2 ** (power + 1)))
    left, columns, weights = np.ones((count,) * n), [], np.ones((count,) * n)
    for axis, (x, w) in enumerate(axes):
        shape = [1] * n
        shape[axis] = count
        columns.append(left * x.reshape(shape))
        left, weights = left * (1 - x.reshape(shape)), weights * w.reshape(shape)
    return np.stack([np.broadcast_to(c, (count,) * n) for c in columns], axis=-1).reshape(-1, n), weights.ravel()


def _tiles(n: int, cuts: int) -> Array:
    """Return the corners, (cuts^n, n + 1, n), of simplices of equal volume that tile the simplex.

    In the coordinates 1 >= z_1 >= ... >= z_n >= 0 they are the simplices of Kuhn's triangulation of the grid.
    """
    tiles = []
    for order in permutations(range(n)):
        steps = np.vstack([np.zeros(n), np.cumsum(np.eye(n)[list(order)], axis=0)])
        for cell in product(range(cuts), repeat=n):
            if list(cell) == sorted(cell, reverse=True):  # others lie outside
                corners = steps + cell
                if np.all(corners[:, :-1] >= corners[:, 1:]):
                    tiles.append(corners / cuts)
    z = np.array(tiles)
    return np.asarray(z - np.concatenate([z[:, :, 1:], np.zeros_like(z[:, :, :1])], axis=2))


@dataclass(frozen=True)
class Circle(Factor):
    """The circle as [0, 1), on which equal weights at equal distances are exact for trigonometric polynomials."""

    @property
    def center(self) -> Array:
        """Any point."""
        return np.zeros(1)

    @property
    def paths(self) -> Array:
        """Once round."""
        return np.linspace(0, 1, 33)[None, :, None]

    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        """Return as many as a line would have, and more than the degree."""
        return np.maximum(order + 1, nodes_for(order, shifted) * cuts)

    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        """Return points at equal distances."""
        count = int(self.size(order, np.array([cuts]), rng is not None)[0])
        start = 0.5 if rng is None else rng.random()
        return ((np.arange(count) + start) / count)[:, None], np.full(count, 1 / count)


@dataclass(frozen=True)
class Latitude(Factor):
    """The height -1 <= u <= 1 on the unit sphere of n dimensions, weighted by (1 - u^2)^((n - 3) / 2)."""

    n: int

    @property
    def center(self) -> Array:
        """The equator."""
        return np.zeros(1)

    @property
    def paths(self) -> Array:
        """From pole to pole."""
        return -np.cos(np.linspace(0, np.pi, 33))[None, :, None]

    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        """Return as many as a line would have."""
        return np.asarray(nodes_for(order, shifted) * cuts)

    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        """Return a single Gauss rule, whose points are spread evenly from pole to pole."""
        power = (self.n - 3) / 2
        count = nodes_for(order, rng is not None) * cuts
        points, weights = gauss_jacobi(count, power, power, 0.0 if rng is None else rng.uniform(-1, 1))
        return points[:, None], weights


LINE = Simplex(1)


def tensor(
    factors: Sequence[Factor], orders: Sequence[int], cuts: Sequence[int], rng: Generator | None = None
) -> tuple[Array, Array]:
    """Return the product of the rules of factors, each with its degree and its number of cuts."""
    unit, weights = np.zeros((1, 0)), np.ones(1)
    for factor, order, cut in zip(factors, orders, cuts, strict=True):
        points, shares = factor.rule(order, cut, rng)
        unit = np.concatenate([np.repeat(unit, len(points), axis=0), np.tile(points, (len(unit), 1))], axis=1)
        weights = (weights[:, None] * shares).ravel()
    return unit, weights
