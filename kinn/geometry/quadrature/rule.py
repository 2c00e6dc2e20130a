"""Rules: points with weights, put together from rules on cells that are cut to the size asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from kinn.errors import InputError
from kinn.geometry import arguments
from kinn.geometry.quadrature.cells import Cells
from kinn.geometry.quadrature.reference_cells import tensor_rule
from kinn.geometry.types import Array, Indices

#: Points of a sequence where there is no rule.
SEQUENCE_POINTS = 4096

#: The highest degree a rule is made for.
MAX_ORDER = 60

_HALVINGS = 60  # of the interval in which the spacing is sought


@dataclass(frozen=True)
class Rule:
    """A quadrature: the integral of f is about the sum of `weights * f(points)`.

    Attributes:
        points: The points (N, d), all inside, or on the boundary.
        weights: Their weights (N,), all positive, whose sum is the measure.
        normals: The outward unit normals there (N, d), on boundaries.
    """

    points: Array
    weights: Array
    normals: Array | None = None

    def __len__(self) -> int:
        return len(self.points)

    @property
    def measure(self) -> float:
        """The sum of the weights: length, area or volume."""
        return float(np.sum(self.weights))


@dataclass(frozen=True)
class QuadratureSpec:
    """What a rule should be like.

    Attributes:
        order: The degree of polynomials in the reference coordinates of each cell that are integrated exactly.
        points: The least number of points: cells are cut to about equal lengths, as long as that allows.
        seed: Where given, a rule of the same kind with points elsewhere.
    """

    order: int
    points: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        order = arguments.integer(self.order, "the order of a quadrature", 0)
        if order > MAX_ORDER:
            raise InputError(
                f"a quadrature has an order of {MAX_ORDER} at most, got {order}: ask for more points instead"
            )
        if self.points is not None:
            arguments.integer(self.points, "the number of quadrature points", 1)
        if self.seed is not None:
            arguments.integer(self.seed, "the seed", 0)

    def scaled(self, share: float = 1.0, power: float = 1.0) -> QuadratureSpec:
        """Specification for a share of the points, or a power of their number."""
        points = None if self.points is None else max(1, math.ceil(share * self.points**power))
        return replace(self, points=points)


def composite_rule(groups: Sequence[Cells], spec: QuadratureSpec) -> Rule:
    """Rule on all cells; normals only where all cells have them."""
    spacing = _spacing(groups, spec)
    rng = None if spec.seed is None else np.random.default_rng(spec.seed)
    rules = [
        _rule_on_cells(cells, rows, cuts.tolist(), spec.order, rng)
        for cells in groups
        for cuts, rows in _group_equal_rows(_cuts(cells, spacing))
    ]
    points, weights = (np.concatenate([getattr(rule, name) for rule in rules]) for name in ("points", "weights"))
    normals = [rule.normals for rule in rules if rule.normals is not None]
    return Rule(points, weights, np.concatenate(normals) if len(normals) == len(rules) else None)


def _cuts(cells: Cells, spacing: float) -> Indices:
    """Numbers of parts of each cell along each factor, (C, F), of which none is longer than the spacing."""
    return np.maximum(1, np.ceil(cells.extents / spacing * (1 - 1e-12))).astype(np.intp)


def _group_equal_rows(cuts: Indices) -> list[tuple[Indices, Indices]]:
    """Each different row with the cells that have it."""
    rows, which = np.unique(cuts, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    ends = np.cumsum(np.bincount(which.reshape(-1), minlength=len(rows)))[:-1]
    return list(zip(rows, np.split(order, ends), strict=True))


def _spacing(groups: Sequence[Cells], spec: QuadratureSpec) -> float:
    """Greatest spacing, to rounding, at which there are as many points as wanted."""
    least, shifted = spec.points or 1, spec.seed is not None

    def total(spacing: float) -> int:
        count = 0
        for cells in groups:
            sizes: Indices = np.ones(cells.count, dtype=np.intp)
            for factor, degree, cuts in zip(cells.factors, cells.degrees, _cuts(cells, spacing).T, strict=True):
                sizes = sizes * factor.size(spec.order + degree, cuts, shifted)
            count += int(np.sum(sizes))
        return count

    high = max((float(np.max(cells.extents, initial=0.0)) for cells in groups), default=0.0)
    if high == 0 or total(high) >= least:
        return high or 1.0
    low = high / 2
    while total(low) < least:
        low, high = low / 2, low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if total(middle) >= least else (low, middle)
    return low


def _rule_on_cells(cells: Cells, rows: Indices, cuts: list[int], order: int, rng: Generator | None) -> Rule:
    """Rule on those cells that are cut alike."""
    orders = tuple(order + degree for degree in cells.degrees)
    unit, weights = tensor_rule(cells.factors, orders, cuts, rng)
    samples = cells.at_each(unit, rows)
    scaled = samples.density.reshape(len(rows), -1) * weights
    if cells.curved:
        scaled *= (cells.measures[rows] / scaled.sum(axis=1))[:, None]
    return Rule(samples.points, scaled.ravel(), samples.normals)
