"""Factors of reference cells with composite rules: simplices, circles, latitudes; Gauss-Jacobi rules on the line."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, permutations, product

import numpy as np
from numpy.random import Generator
from scipy.linalg import eigh_tridiagonal

from kinn.geometry.types import Array, Indices

_WITHIN = 0.7  # how far towards the ends of the interval a shift may push the outermost point


def gauss_count(order: int, shifted: bool) -> int:
    """Number of points of a rule of degree `order`; one degree is lost where the points are shifted."""
    return max(1, (order + 3) // 2 if shifted else order // 2 + 1)


@lru_cache(maxsize=512)
def gauss_jacobi(n: int, alpha: float, beta: float, shift: float = 0.0) -> tuple[Array, Array]:
    """The n points in (-1, 1) and weights of a rule for the weight function (1 - x)^alpha (1 + x)^beta.

    The points are the eigenvalues of the Jacobi matrix. With its last diagonal entry changed they are the zeros of
    p_n - delta p_(n-1), which make a rule of degree 2 n - 2 instead of 2 n - 1, weights still positive, points still
    inside as long as delta keeps to the values of p_n / p_(n-1) at the ends. Source: G. H. Golub and J. H. Welsch,
    "Calculation of Gauss quadrature rules", Mathematics of Computation 23 (1969); W. Gautschi, "Orthogonal
    polynomials" (2004), sections 1.4 and 3.1.

    Args:
        n: Number of points.
        alpha: Exponent at 1, greater than -1.
        beta: Exponent at -1.
        shift: Between -1 and 1: which of the rules next to Gauss's, which is 0.
    """
    k = np.arange(n, dtype=np.float64)
    both = 2 * k + alpha + beta
    with np.errstate(divide="ignore", invalid="ignore"):
        diagonal = (beta**2 - alpha**2) / (both * (both + 2))
        square = 4 * k * (k + alpha) * (k + beta) * (k + alpha + beta) / (both**2 * (both + 1) * (both - 1))
    diagonal[0] = (beta - alpha) / (alpha + beta + 2)
    if n > 1:  # the general formula is 0 / 0 where alpha + beta is -1
        square[1] = 4 * (1 + alpha) * (1 + beta) / ((2 + alpha + beta) ** 2 * (3 + alpha + beta))
    if shift:
        end = math.copysign(1.0, shift)
        ratio = end - diagonal[0]
        for j in range(1, n):
            ratio = end - diagonal[j] - square[j] / ratio
        diagonal[-1] += _WITHIN * abs(shift) * ratio
    points, vectors = eigh_tridiagonal(diagonal, np.sqrt(square[1:])) if n > 1 else (diagonal, np.ones((1, 1)))
    mass = 2 ** (alpha + beta + 1) * math.gamma(alpha + 1) * math.gamma(beta + 1) / math.gamma(alpha + beta + 2)
    weights = mass * vectors[0] ** 2
    points.flags.writeable = weights.flags.writeable = False  # they are shared by all that ask for them
    return points, weights


class Factor(ABC):
    """A set whose products are the reference cells."""

    dim: int = 1

    @property
    def center(self) -> Array:
        """The middle, (dim,)."""
        return np.zeros(self.dim)

    @property
    @abstractmethod
    def paths(self) -> Array:
        """Paths along which the factor is measured, (paths, steps, dim)."""

    @abstractmethod
    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        """Number of points of rules of a degree with the given numbers of cuts, (m,)."""

    @abstractmethod
    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        """Points (n, dim) and weights (n,).

        Args:
            order: The degree of polynomials that are integrated exactly.
            cuts: The number of cells along each axis, or the factor by which there are more points.
            rng: Where given, the points are elsewhere each time.
        """


@dataclass(frozen=True)
class Simplex(Factor):
    """The points with coordinates that are not negative, and whose sum is not above 1: a line, a triangle, ..."""

    dim: int = 1

    @property
    def center(self) -> Array:
        return np.full(self.dim, 1 / (self.dim + 1))

    @property
    def paths(self) -> Array:
        corners = np.vstack([np.zeros(self.dim), np.eye(self.dim)])
        along = np.linspace(0, 1, 5)[:, None]
        return np.array([(1 - along) * start + along * end for start, end in combinations(corners, 2)])

    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        return np.asarray((gauss_count(order, shifted) * cuts) ** self.dim)

    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        unit, weights = _conical(self.dim, order, rng)
        corners = _tiles(self.dim, cuts)
        spread = np.concatenate([1 - unit.sum(axis=1, keepdims=True), unit], axis=1)
        points = np.einsum("qk,tkd->tqd", spread, corners).reshape(-1, self.dim)
        return points, np.tile(weights / cuts**self.dim, len(corners))


def _conical(n: int, order: int, rng: Generator | None) -> tuple[Array, Array]:
    """Rule on the simplex with points inside and positive weights.

    The simplex is the cube with one coordinate after the other scaled by 1 less those before; the powers of that
    scale are the weights of Gauss-Jacobi rules. Source: A. H. Stroud, "Approximate calculation of multiple integrals"
    (1971), section 2.4.
    """
    count = gauss_count(order, rng is not None)
    points, weights, left = np.zeros((1, 0)), np.ones(1), np.ones(1)
    for power in range(n - 1, -1, -1):
        x, w = gauss_jacobi(count, float(power), 0.0, 0.0 if rng is None else rng.uniform(-1, 1))
        x, w = (x + 1) / 2, w / 2 ** (power + 1)
        points = np.column_stack([np.repeat(points, count, axis=0), np.outer(left, x).ravel()])
        weights, left = np.outer(weights, w).ravel(), np.outer(left, 1 - x).ravel()
    return points, weights


def _tiles(n: int, cuts: int) -> Array:
    """Corners, (cuts^n, n + 1, n), of simplices of equal volume that tile the simplex.

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
    def paths(self) -> Array:
        return np.linspace(0, 1, 33)[None, :, None]

    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        return np.maximum(order + 1, gauss_count(order, shifted) * cuts)

    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        count = int(self.size(order, np.array([cuts]), rng is not None)[0])
        start = 0.5 if rng is None else rng.random()
        return ((np.arange(count) + start) / count)[:, None], np.full(count, 1 / count)


@dataclass(frozen=True)
class Latitude(Factor):
    """The height -1 <= u <= 1 on the unit sphere of n dimensions, weighted by (1 - u^2)^((n - 3) / 2)."""

    n: int

    @property
    def paths(self) -> Array:
        return -np.cos(np.linspace(0, np.pi, 33))[None, :, None]

    def size(self, order: int, cuts: Indices, shifted: bool) -> Indices:
        return np.asarray(gauss_count(order, shifted) * cuts)

    def rule(self, order: int, cuts: int, rng: Generator | None) -> tuple[Array, Array]:
        """Single Gauss rule, whose points are spread evenly from pole to pole."""
        power = (self.n - 3) / 2
        count = gauss_count(order, rng is not None) * cuts
        points, weights = gauss_jacobi(count, power, power, 0.0 if rng is None else rng.uniform(-1, 1))
        return points[:, None], weights


LINE = Simplex(1)


def tensor_rule(
    factors: Sequence[Factor], orders: Sequence[int], cuts: Sequence[int], rng: Generator | None = None
) -> tuple[Array, Array]:
    """Product of the rules of factors, each with its degree and its number of cuts."""
    unit, weights = np.zeros((1, 0)), np.ones(1)
    for factor, order, cut in zip(factors, orders, cuts, strict=True):
        points, shares = factor.rule(order, cut, rng)
        unit = np.concatenate([np.repeat(unit, len(points), axis=0), np.tile(points, (len(unit), 1))], axis=1)
        weights = (weights[:, None] * shares).ravel()
    return unit, weights


def unit_ball_volume(dim: int) -> float:
    """Volume of the ball of radius 1."""
    return float(math.pi ** (dim / 2) / math.gamma(dim / 2 + 1))
