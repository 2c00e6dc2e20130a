"""Points and weights for integrals over a domain or a boundary.

Boxes and boundary curves are integrated by Gauss and Legendre's rule in their parameters, which are proportional to
length and volume; other shapes by a Sobol sequence, to about 1 / N.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinn.conditions import Integral
from kinn.geometry import Box, Geometry, SpaceTime
from kinn.geometry.pieces.base import Array, Piece

#: Gauss points along each axis, by the dimension of what is integrated over.
GAUSS = {1: 64, 2: 24, 3: 12}

#: Points of the sequence where there is no rule.
SCATTERED = 4096


@dataclass(frozen=True)
class Rule:
    """A quadrature.

    Attributes:
        points: The points (N, d).
        weights: Their weights (N,), whose sum is the measure.
        normals: The outward unit normals there (N, d), on boundaries.
    """

    points: Array
    weights: Array
    normals: Array | None = None


def rules_of(condition: Integral, geometry: Geometry, seed: int) -> list[Rule]:
    """Return the rules of an integral condition in a subdomain: one, or one an instant in space and time."""
    over = condition.over
    if not isinstance(geometry, SpaceTime):
        return [over_domain(geometry) if over is None else over_boundary(geometry, over)]
    (t0,), (t1,) = geometry.time.bounds
    if over in ("initial", "final"):
        return [_at(over_domain(geometry.space), t0 if over == "initial" else t1)]
    rule = over_domain(geometry.space) if over is None else over_boundary(geometry.space, over)
    # spread evenly, and elsewhere for another seed
    shift = np.random.default_rng(seed).random()
    return [_at(rule, t0 + (t1 - t0) * (n + shift) / condition.instants) for n in range(condition.instants)]


def _at(rule: Rule, t: float) -> Rule:
    """Return a rule in space at an instant."""
    points = np.column_stack([rule.points, np.full(len(rule.points), t)])
    normals = None if rule.normals is None else np.column_stack([rule.normals, np.zeros(len(points))])
    return Rule(points, rule.weights, normals)


def over_domain(geometry: Geometry) -> Rule:
    """Return a rule for the integral over a domain."""
    if isinstance(geometry, Box) and geometry.dim in GAUSS:
        unit, weights = _gauss(geometry.dim)
        return Rule(geometry.from_unit(unit), weights * geometry.measure)
    points = geometry.sample(SCATTERED)
    return Rule(points, np.full(len(points), geometry.measure / len(points)))


def over_boundary(geometry: Geometry, name: str) -> Rule:
    """Return a rule for the integral over a named boundary."""
    rules = [_over_piece(part.piece) for part in geometry.boundary(name).parts]
    return Rule(
        np.concatenate([rule.points for rule in rules]),
        np.concatenate([rule.weights for rule in rules]),
        np.concatenate([rule.normals for rule in rules if rule.normals is not None]),
    )


def _over_piece(piece: Piece) -> Rule:
    if piece.dim == 0:
        located = piece.at(np.zeros((1, 0)))
        return Rule(located.points, np.ones(1), located.normals)
    if piece.dim == 1:
        curve, spans = piece.stretches
        unit, weights = _gauss(1)
        along = np.concatenate([a + (b - a) * unit for a, b in spans])
        located = curve.at(along)
        shares = np.concatenate([(b - a) * weights for a, b in spans])
        return Rule(located.points, shares * (piece.measure / shares.sum()), located.normals)
    if piece.dim in GAUSS and not piece.rejects:
        unit, weights = _gauss(piece.dim)
        located = piece.at(unit)
        return Rule(located.points, weights * piece.measure, located.normals)
    located = piece.sample(SCATTERED)
    return Rule(located.points, np.full(SCATTERED, piece.measure / SCATTERED), located.normals)


def _gauss(dim: int) -> tuple[Array, Array]:
    """Return the tensor product rule on the unit cube: points (n, dim) and weights (n,)."""
    x, w = np.polynomial.legendre.leggauss(GAUSS[dim])
    axes = np.meshgrid(*[(x + 1) / 2] * dim, indexing="ij")
    weights = np.meshgrid(*[w / 2] * dim, indexing="ij")
    return np.stack(axes, axis=-1).reshape(-1, dim), np.prod(np.stack(weights, axis=-1), axis=-1).ravel()
