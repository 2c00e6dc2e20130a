"""Smooth closed curves as piecewise polynomials: fit, evaluation, nearest points, reach."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from scipy.interpolate import CubicSpline, PPoly

from kinn.errors import InputError
from kinn.geometry.triangulation import cross, signed_area, touching_edges
from kinn.geometry.types import Array

DEGREE = 9
_NODES = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))  # of Chebyshev interpolation on [-1, 1]
_CLOSE = 1e-13  # what the last coefficients may be, relative to the size
_MOST_PANELS = 2**9


def fit(curve: Callable[[Array], Any], start: float, end: float) -> PPoly:
    """Curve r(t), start <= t <= end, as a piecewise polynomial on [0, 1], accurate to rounding.

    Args:
        curve: Gives x and y at parameters (m,): a pair of arrays, or one array (m, 2) or (2, m).
        start: The first parameter.
        end: The last parameter.

    Raises:
        InputError: It gives something else or is not finite, or some 500 polynomials do not resolve it: a corner.
    """
    lower, upper = np.linspace(0, 1, 9)[:-1], np.linspace(0, 1, 9)[1:]
    done: list[tuple[Any, Any]] = []
    size = float(np.max(np.ptp(_values(curve, np.linspace(start, end, 65)), axis=0)))
    if size == 0:
        raise InputError("a curve must bound an area, and this one is a single point")
    while len(lower):
        middle, half = (lower + upper) / 2, (upper - lower) / 2
        t = middle + half * _NODES[:, None]
        values = _values(curve, (start + (end - start) * t).ravel()).reshape(len(_NODES), -1)
        coefficients = np.linalg.solve(chebyshev.chebvander(_NODES, DEGREE), values).reshape(len(_NODES), -1, 2)
        good = np.max(np.abs(coefficients[-2:]), axis=(0, 2)) <= _CLOSE * size
        done.append((lower[good], coefficients[:, good]))
        if np.min(upper - lower) < 1e-9 or len(lower) > _MOST_PANELS:
            where = start + (end - start) * float(middle[~good][0])
            raise InputError(
                f"a curve must be smooth, and this one has a corner near t = {where:.6g}: use an arc polygon"
            )
        lower, upper = np.concatenate([lower[~good], middle[~good]]), np.concatenate([middle[~good], upper[~good]])
    starts = np.concatenate([part[0] for part in done])
    order = np.argsort(starts)
    breaks = np.append(starts[order], 1.0)
    chebyshevs = np.concatenate([part[1] for part in done], axis=1)[:, order]
    # from polynomials in u on [-1, 1] to powers of t - t_left, highest first, which PPoly takes
    powers = np.zeros_like(chebyshevs)
    shifted = np.polynomial.Polynomial([-1.0, 2.0])
    for k in range(DEGREE + 1):
        basis = chebyshev.Chebyshev.basis(k).convert(kind=np.polynomial.Polynomial)(shifted).coef
        powers[: len(basis)] += basis[:, None, None] * chebyshevs[k]
    powers /= np.diff(breaks)[:, None] ** np.arange(DEGREE + 1)[:, None, None]
    return PPoly(powers[::-1], breaks)


def spline(points: Array) -> PPoly:
    """Periodic cubic spline through points, (n, 2), parametrised by the chords between them, on [0, 1]."""
    closed = np.concatenate([points, points[:1]])
    chords = np.linalg.norm(np.diff(closed, axis=0), axis=1)
    if np.min(chords) == 0:
        raise InputError(f"a curve may not repeat a point, and points {int(np.argmin(chords))} and the next are equal")
    joints = np.concatenate([[0.0], np.cumsum(chords)]) / np.sum(chords)
    joints[-1] = 1.0
    return CubicSpline(joints, closed, bc_type="periodic")


def _values(curve: Callable[[Array], Any], t: Array) -> Array:
    """Values of a curve as an (m, 2) array."""
    try:
        values = np.asarray(curve(t), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"a curve must map parameters (m,) to x and y: {error}") from None
    if values.shape == (2, len(t)):
        values = values.T
    if values.shape != (len(t), 2):
        raise InputError(f"a curve must map {len(t)} parameters to x and y, two columns, got shape {values.shape}")
    if not np.isfinite(values).all():
        raise InputError("a curve must be finite everywhere")
    return values


_NODES_AT_LEAST = 512
_PAIRS = 2048  # nodes among which the reach is sought
_BLOCK = 2**22  # point-node pairs worked on at a time


class ClosedCurve:
    """A closed curve r(t), 0 <= t < 1, with a continuous tangent, that does not cross itself.

    Args:
        polynomial: The curve as a piecewise polynomial on [0, 1] with values (2,).

    Raises:
        InputError: The curve is not closed, has a corner, stands still, or crosses itself.
    """

    def __init__(self, polynomial: PPoly) -> None:
        self._derivatives = [polynomial]
        for _ in range(DEGREE):
            self._derivatives.append(self._derivatives[-1].derivative())
        inner = np.linspace(0, 1, max(2, -(-_NODES_AT_LEAST // (len(polynomial.x) - 1))), endpoint=False)
        spans = np.diff(polynomial.x)
        self.nodes = (polynomial.x[:-1, None] + spans[:, None] * inner).ravel()
        self.points = self(self.nodes)
        self._check()
        self.orientation = 1.0 if signed_area(self.points) > 0 else -1.0

    @property
    def breaks(self) -> list[float]:
        """Parameters between which the curve is a polynomial."""
        return [float(t) for t in self._derivatives[0].x]

    @cached_property
    def bounds(self) -> tuple[Array, Array]:
        """The tightest rectangle."""
        turns = np.concatenate([np.asarray(roots) for roots in self._derivatives[1].roots(extrapolate=False)])
        found = self(np.concatenate([turns[np.isfinite(turns)], self.breaks]))
        return found.min(axis=0), found.max(axis=0)

    @cached_property
    def radius(self) -> float:
        """Perimeter of the nodes by 2 pi: of a circle its radius."""
        return float(np.sum(np.linalg.norm(self.points - np.roll(self.points, 1, axis=0), axis=1))) / (2 * np.pi)

    @cached_property
    def area(self) -> float:
        """The area inside: the integral of r x r' / 2, exact for polynomials."""
        u, weights = np.polynomial.legendre.leggauss(DEGREE + 1)
        lower, upper = np.array(self.breaks[:-1]), np.array(self.breaks[1:])
        t = ((lower + upper) / 2 + (upper - lower) / 2 * u[:, None]).ravel()
        density = (weights[:, None] * (upper - lower) / 2).ravel()
        return abs(float(density @ cross(self(t), self(t, 1)))) / 2

    def __call__(self, t: Array, order: int = 0) -> Array:
        """Derivative of r, (m, 2), at parameters (m,) of any size."""
        return np.asarray(self._derivatives[order](np.asarray(t) % 1.0))

    @property
    def size(self) -> float:
        """The larger extent."""
        return float(np.max(np.ptp(self.points, axis=0)))

    def _check(self) -> None:
        ends = np.array([0.0, 1.0])
        start, end = self._derivatives[0](ends)
        if np.linalg.norm(end - start) > 1e-8 * self.size:
            raise InputError(
                f"a curve must be closed, and this one begins at ({start[0]:g}, {start[1]:g}) "
                f"and ends at ({end[0]:g}, {end[1]:g})"
            )
        speeds = np.linalg.norm(self(self.nodes, 1), axis=1)
        if np.min(speeds) <= 1e-6 * np.max(speeds):
            raise InputError(
                f"a curve may not stand still, and this one does near t = {self.nodes[np.argmin(speeds)]:g}"
            )
        breaks = np.array(self.breaks[:-1])
        ahead = self._derivatives[1](breaks)
        behind = self._derivatives[1](np.nextafter(np.where(breaks == 0, 1.0, breaks), 0))
        turn = np.linalg.norm(_directions(ahead) - _directions(behind), axis=1)
        if np.max(turn) > 1e-5:
            raise InputError(f"a curve must be smooth, and this one has a corner near t = {breaks[np.argmax(turn)]:g}")
        touching = touching_edges(self.points)
        if touching is not None:
            first, second = self.nodes[list(touching)]
            raise InputError(f"a curve may not cross itself, and this one does near t = {first:.3g} and {second:.3g}")

    def normals(self, t: Array) -> Array:
        """Outward unit normals, (m, 2)."""
        tangents = self(t, 1)
        return _directions(np.column_stack([tangents[:, 1], -tangents[:, 0]]) * self.orientation)

    def nearest(self, points: Array) -> tuple[Array, Array]:
        """Parameters of the nearest points, (N,), and the signed distances, (N,), positive outside."""
        step = max(1, _BLOCK // len(self.nodes))
        blocks = [self._nearest(points[start : start + step]) for start in range(0, len(points), step)]
        if not blocks:
            return np.zeros(0), np.zeros(0)
        t, distance = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        return t, distance

    def _nearest(self, points: Array) -> tuple[Array, Array]:
        x, y = self.points.T
        square = (points[:, :1] - x) ** 2 + (points[:, 1:] - y) ** 2
        # Each local minimum over the nodes that may hold the nearest point: a node is at most a chord from it.
        valley = (square <= np.roll(square, 1, axis=1)) & (square < np.roll(square, -1, axis=1))
        valley[np.arange(len(points)), np.argmin(square, axis=1)] = True
        bound = np.sqrt(np.min(square, axis=1)) + self._chord
        valley &= square <= (bound**2)[:, None]
        which, node = np.nonzero(valley)
        t = self._refined(points[which], node)
        distance = np.linalg.norm(points[which] - self(t), axis=1)
        order = np.lexsort((-distance, which))  # the nearest of each point comes last and stays
        best = np.zeros(len(points), dtype=int)
        best[which[order]] = order
        t, distance = t[best], distance[best]
        outside = np.sum((points - self(t)) * self.normals(t), axis=1) > 0
        return t, np.where(outside, distance, -distance)

    @cached_property
    def _chord(self) -> float:
        """The longest chord between neighbouring nodes."""
        return float(np.max(np.linalg.norm(self.points - np.roll(self.points, 1, axis=0), axis=1)))

    def _refined(self, points: Array, node: Any) -> Array:
        """Where the distance is smallest between the neighbours of nodes: bisection kept, Newton taken."""
        low = self.nodes[node - 1] - (node == 0)
        high = self.nodes[(node + 1) % len(self.nodes)] + (node + 1 == len(self.nodes))
        t = self.nodes[node].copy()
        for _ in range(60):
            offset, tangent = self(t) - points, self(t, 1)
            slope = np.sum(offset * tangent, axis=1)
            low, high = np.where(slope < 0, t, low), np.where(slope < 0, high, t)
            bend = np.sum(tangent * tangent + offset * self(t, 2), axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = t - slope / bend
            moved = np.where((bend > 0) & (newton >= low) & (newton <= high), newton, (low + high) / 2)
            done = np.max(np.abs(moved - t), initial=0.0) < 1e-14
            t = moved
            if done:
                break
        return np.asarray(t % 1.0)

    @cached_property
    def reach(self) -> float:
        """The distance up to which every point has one nearest point on the curve.

        It is the smallest |q - p|^2 / (2 |(q - p) . n_p|) over pairs of points. Source: H. Federer, "Curvature
        measures", Transactions of the AMS 93 (1959), theorem 4.18.
        """
        some = self.nodes[:: -(-len(self.nodes) // _PAIRS)]
        p, n = self(some), self.normals(some)
        offsets = p[None] - p[:, None]
        across = np.abs(np.einsum("ijk,ik->ij", offsets, n))
        square = np.sum(offsets**2, axis=2)
        with np.errstate(divide="ignore", invalid="ignore"):
            pairs = np.where(across > 1e-14 * self.size, square / (2 * across), np.inf)
        tangent, bend = self(self.nodes, 1), self(self.nodes, 2)
        curvature = np.abs(tangent[:, 0] * bend[:, 1] - tangent[:, 1] * bend[:, 0]) / np.sum(tangent**2, axis=1) ** 1.5
        return float(min(np.min(pairs), 1 / max(float(np.max(curvature)), 1e-12)))


def _directions(vectors: Array) -> Array:
    """Vectors, (m, 2), scaled to length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1)[:, None])
