"""Smooth signed distances to closed curves, in arithmetic that jets carry.

Near the curve the distance is exact; farther away it is blended into an L^p distance field: with p = 2 it is
(pi / (2 W))^(1/2), W the integral of n . (y - x) / |y - x|^4 over the curve, next to a straight curve exactly the distance.
Source: A. Belyaev, P.-A. Fayolle and A. Pasko, "Signed L_p-distance fields", Computer-Aided Design 45 (2013).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate, product
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kinn.errors import InputError
from kinn.geometry.closed_curve import ClosedCurve
from kinn.geometry.distances.implicit import ImplicitFunction, Values, like, to_numpy
from kinn.geometry.types import Array, Mask

_ORDER = 5  # of the Taylor polynomials, and so of the derivatives that are right
_BLOCK = 2**20  # point-node pairs worked on at a time


def taylor_coefficients(points: Array, nodes: Array, weighted: Array) -> dict[tuple[int, int], Array]:
    """Taylor coefficients of W: by powers (i, j) of the offsets in x and y, each (N,).

    In complex numbers q = y - x the integrand is Re(n / q^2 conj(q)), so that powers of 1 / q give all derivatives.

    Args:
        points: The points, (N, 2).
        nodes: Points of the curve, (K, 2).
        weighted: Outward normals there times the lengths they stand for, (K, 2).
    """
    found = {(i, m - i): np.zeros(len(points)) for m in range(_ORDER + 1) for i in range(m + 1)}
    y, n = nodes @ [1, 1j], weighted @ [1, 1j]
    step = max(1, _BLOCK // len(nodes))
    for start in range(0, len(points), step):
        rows = slice(start, start + step)
        s = 1 / (y - (points[rows] @ [1, 1j])[:, None])
        powers = list(accumulate([s] * _ORDER, mul, initial=np.ones_like(s)))
        g = np.abs(s) ** 2 * np.conj(n * s) / 2
        for a in range(_ORDER + 1):
            for b in range(min(a, _ORDER - a) + 1):
                c = np.sum(powers[a] * np.conj(powers[b]) * ((b + 1) * g + (a + 1) * np.conj(g)), axis=1)
                # c u^a conj(u)^b and, where a > b, its conjugate, in powers of the real offsets
                for (i, j), factor in _expand_binomials(a, b).items():
                    found[i, j][rows] += (2 if a > b else 1) * np.real(c * factor)
    return found


def _expand_binomials(a: int, b: int) -> dict[tuple[int, int], complex]:
    """Coefficients of (x + i y)^a (x - i y)^b by powers of x and y."""
    terms: dict[tuple[int, int], complex] = defaultdict(complex)
    for k, m in product(range(a + 1), range(b + 1)):
        terms[a + b - k - m, k + m] += math.comb(a, k) * math.comb(b, m) * 1j**k * (-1j) ** m
    return terms


def taylor_polynomial(terms: dict[tuple[int, int], NDArray[Any]], offsets: Sequence[Values]) -> Values:
    """The polynomial with these coefficients at offsets that are zero but for their derivatives."""
    x, y = offsets
    rows = [_horner([like(terms[i, j], x) for i in range(_ORDER - j + 1)], x) for j in range(_ORDER + 1)]
    return _horner(rows, y)


def _horner(coefficients: Sequence[Values], x: Values) -> Values:
    """Value of the polynomial with these coefficients, the constant one first."""
    return reduce(lambda total, coefficient: total * x + coefficient, reversed(coefficients))


_TERMS = 7  # of Taylor series along the curve: derivatives of the distance are right up to the fifth
_WITHIN = 0.95  # the share of the curve's reach, found from its nodes, that is relied upon
_BLEND = 0.25  # the share of the range at which the exact distance begins to be blended into the field
_NODES_AWAY = 3.0  # nodes lie this much closer to each other than to where the field is used: errors below 1e-8
_FEWEST_NODES, _MOST_NODES = 128, 2**13


@dataclass(frozen=True)
class CurveProjection:
    """What is known of N points near a curve; those beyond its range are put on it, where nothing depends on them.

    Attributes:
        points: The points themselves, (N, 2).
        near: Which points lie within the range, (N,).
        level: Their signed distances, (N,), positive outside.
        parameter: The parameters of the nearest points, (N,).
        ahead: Zero, with the derivatives of the parameter.
        distance: The signed distance, positive inside.
    """

    points: Array
    near: Mask
    level: Array
    parameter: Array
    ahead: Values
    distance: Values


def smooth_range(loop: ClosedCurve) -> float:
    """Range within which distances from a curve are smooth."""
    return _WITHIN * loop.reach


def project_to_curve(loop: ClosedCurve, x: Sequence[Values]) -> CurveProjection:
    """Closest-point projection onto a curve, with its derivatives.

    The nearest point of each is found by number. Newton's method, started there and carried out in the arithmetic of
    the coordinates, then gives the derivatives of its parameter: each step doubles how many of them are right.
    """
    points = np.column_stack(np.broadcast_arrays(*(np.atleast_1d(to_numpy(c)) for c in x)))
    t, level = loop.nearest(points)
    near = np.abs(level) < smooth_range(loop)
    series = [loop(t, order) / math.factorial(order) for order in range(_TERMS)]
    x = [c * like(near, c) + like(np.where(near, 0.0, on), c) for c, on in zip(x, series[0].T, strict=True)]
    ahead: Values = 0.0
    for _ in range(3):
        place, tangent, bend = (_taylor(series, order, ahead, x[0]) for order in range(3))
        offset = [p - c for p, c in zip(place, x, strict=True)]
        slope = tangent[0] * tangent[0] + tangent[1] * tangent[1] + offset[0] * bend[0] + offset[1] * bend[1]
        ahead = ahead - (offset[0] * tangent[0] + offset[1] * tangent[1]) / slope
    place, tangent = (_taylor(series, order, ahead, x[0]) for order in range(2))
    across = (place[0] - x[0]) * tangent[1] - (place[1] - x[1]) * tangent[0]
    speed = (tangent[0] * tangent[0] + tangent[1] * tangent[1]) ** 0.5
    return CurveProjection(points, near, level, t, ahead, across * loop.orientation / speed)


def _taylor(series: list[Array], order: int, ahead: Values, kind: Values) -> list[Values]:
    """Both components of a derivative of the curve, `ahead` of where the Taylor series is taken."""
    terms = [math.perm(k, order) * series[k] for k in range(order, _TERMS)]
    return [_horner([like(term[:, axis], kind) for term in terms], ahead) for axis in range(2)]


@dataclass(frozen=True)
class ClosedCurveDistance(ImplicitFunction):
    """The signed distance to a curve, positive inside, blended into an L^p distance field away from it.

    The exact distance is smooth only within the curve's reach; the field is smooth everywhere off the curve, but costs
    a sum over nodes, which is accurate only some way off. Both are of the order of the distance, so the blend is.
    """

    loop: ClosedCurve

    def __call__(self, x: Sequence[Values]) -> Values:
        """The function, smooth to fourth order; InputError where the curve bends too sharply for its length."""
        found, scale = project_to_curve(self.loop, x), smooth_range(self.loop)
        nodes, weighted = self._nodes
        side = np.where(found.level > 0, -1.0, 1.0)
        share = np.abs(found.level) / scale
        blended, off = found.near & (share > _BLEND), share > _BLEND
        # the weight of the exact distance falls from 1 to 0 with four continuous derivatives
        z = (found.distance * like(side / scale, found.distance) - _BLEND) * (1 / (1 - _BLEND)) * like(blended, x[0])
        fall = z * z * z * z * z * (126.0 + z * (-420.0 + z * (540.0 + z * (-315.0 + z * 70.0))))
        weight = like(found.near, fall) - fall
        values = taylor_coefficients(found.points[off], nodes, weighted)
        terms = {power: np.full(len(off), 0.5 * math.pi if power == (0, 0) else 0.0) for power in values}
        for power, value in values.items():
            terms[power][off] = value * side[off]
        offsets = [c - like(at, c) for c, at in zip(x, found.points.T, strict=True)]
        field = (taylor_polynomial(terms, offsets) * (2 / math.pi)) ** -0.5
        return found.distance * weight + (1.0 - weight) * field * like(side, field)

    @property
    def _nodes(self) -> tuple[Array, Array]:
        """Points of the curve, (K, 2), and outward normals there times the lengths they stand for."""
        speeds = np.linalg.norm(self.loop(self.loop.nodes, 1), axis=1)
        count = math.ceil(_NODES_AWAY * float(np.max(speeds)) / (_BLEND * smooth_range(self.loop)))
        if count > _MOST_NODES:
            raise InputError(
                f"no smooth distance: the curve bends or nears itself within {self.loop.reach:.2g} "
                f"at a size of {self.loop.size:.2g}; enforce its conditions soft"
            )
        count = max(count, _FEWEST_NODES)
        t = np.arange(count) / count
        lengths = np.linalg.norm(self.loop(t, 1), axis=1) / len(t)
        return self.loop(t), self.loop.normals(t) * lengths[:, None]


@dataclass(frozen=True)
class CurveSegment(ImplicitFunction):
    """A function that is positive on a span of a curve and negative on the other.

    Attributes:
        loop: The curve.
        first: The parameter at which the span begins, between 0 and 1.
        last: The parameter at which it ends, above the first and less than 1 above it.
    """

    loop: ClosedCurve
    first: float
    last: float

    def __call__(self, x: Sequence[Values]) -> Values:
        """Formula cos(angle from the middle) - cos(angle of the ends), faded out off the curve."""
        found, scale = project_to_curve(self.loop, x), smooth_range(self.loop)
        angle = 2 * math.pi * (found.parameter - (self.first + self.last) / 2)
        # the Taylor series of the cosine; `ahead` is zero, so that only derivatives need it
        phases = [np.cos(angle + k * math.pi / 2) * (2 * math.pi) ** k / math.factorial(k) for k in range(_TERMS)]
        total = _horner([like(phase, found.ahead) for phase in phases], found.ahead)
        z = found.distance * (1 / scale)
        q = 1.0 - z * z
        weight = q * q * q * q * like(found.near, q)
        return (total - math.cos(math.pi * (self.last - self.first))) * weight * self.loop.radius
