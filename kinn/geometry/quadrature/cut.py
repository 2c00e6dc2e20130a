"""Boxes cut by a level function: points along lines, which reach just as far as the shape does.

A box that the boundary crosses is looked through along the axis that the level changes most along: on each of some lines
the curve_spans inside are found by their ends, the roots of the level, and get a Gauss rule each. Where the boundary is
smooth in the box this is as good as Gauss rules are; along edges of the shape the length of the curve_spans has kinks, so
volumes are measured by boxes that are halved where two such rules disagree. Source: R. I. Saye, "High-order quadrature
methods for implicitly defined surfaces and volumes in hyperrectangles", SIAM Journal on Scientific Computing 37 (2015).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np

from kinn.geometry.quadrature.cells import Bricks, Cells, WeightedPoints
from kinn.geometry.quadrature.reference_cells import LINE, gauss_count, gauss_jacobi, tensor_rule
from kinn.geometry.quadrature.rule import QuadratureSpec
from kinn.geometry.types import Array, Indices

Level = Callable[[Array], Array]

_SAMPLES = 7  # on each line, between which roots are sought
_ROOTS, _CLOSE_ROOT = 12, 1e-12  # steps of the Illinois method at most, and what ends it, relative to the line
_NODES = (3, 5)  # points across in the two rules that are compared
_AGREEMENT = 1e-6  # rules that differ by less, relative to the box, agree
_DEPTH = 2  # how often the boxes of the coarsest grid are halved
_LONGEST = 8  # boxes along the longest side of that grid
_LINES, _LINE_SAMPLES = 2**12, 65  # along each axis, and on each of them, for the points of a boundary
_BLOCK = 2**12  # boxes worked on at a time


def classify_boxes(level: Level, boxes: Bricks) -> tuple[Indices, Indices]:
    """Which boxes lie inside, and which the boundary may cross; the level is no more than the distance to it."""
    reach = np.linalg.norm(boxes.upper - boxes.lower, axis=1) / 2
    middle = level((boxes.lower + boxes.upper) / 2)
    return np.flatnonzero(middle <= -reach), np.flatnonzero(np.abs(middle) < reach)


def line_rule(level: Level, boxes: Bricks, across: int, along: int) -> tuple[Indices, Array, Array]:
    """Boxes, (N,), points, (N, d), and weights, (N,), of a rule on what lies inside of boxes.

    It has `along` points on each stretch of a line inside, and `across` along each other axis.
    """
    d = boxes.lower.shape[1]
    span = boxes.upper - boxes.lower
    middle = (boxes.lower + boxes.upper) / 2
    slope = np.stack(
        [np.abs(level(middle + 0.25 * span * e) - level(middle - 0.25 * span * e)) / (span @ e) for e in np.eye(d)],
        axis=1,
    )
    axis = np.argmax(slope, axis=1)
    unit, shares = tensor_rule((LINE,) * (d - 1), (2 * across - 1,) * (d - 1), (1,) * (d - 1))
    lines: Array = np.empty((len(span), len(unit), d))
    for a in range(d):
        rows = np.flatnonzero(axis == a)
        lines[rows] = boxes.lower[rows][:, None] + span[rows][:, None] * np.insert(unit, a, 0.0, axis=1)
    direction = np.repeat(np.eye(d)[axis] * span, len(unit), axis=0)
    lines = lines.reshape(-1, d)
    at = np.linspace(0, 1, _SAMPLES)
    values = level((lines[:, None] + at[:, None] * direction[:, None]).reshape(-1, d)).reshape(len(lines), -1)
    inside = np.pad((values <= 0).astype(np.int8), ((0, 0), (1, 1)))
    line, first = np.nonzero(np.diff(inside, axis=1) == 1)
    last = np.nonzero(np.diff(inside, axis=1) == -1)[1] - 1
    start, end = at[first], at[last]
    for ends, here, there in ((start, first, first - 1), (end, last, last + 1)):
        rows = np.flatnonzero((there >= 0) & (there < _SAMPLES))
        if len(rows):
            cut = line[rows]
            ends[rows] = _roots(level, lines[cut], direction[cut], at, values[cut], here[rows], there[rows], _ROOTS)
    x, w = gauss_jacobi(along, 0.0, 0.0)
    t = start[:, None] + (end - start)[:, None] * (x + 1) / 2
    points = lines[line][:, None] + t[:, :, None] * direction[line][:, None]
    cell = line // len(unit)
    weights = (boxes.volumes[cell] * shares[line % len(unit)] * (end - start))[:, None] * w / 2
    flat = weights.ravel()
    keep = flat > 0
    return np.repeat(cell, along)[keep], points.reshape(-1, d)[keep], flat[keep]


def _roots(
    level: Level, lines: Array, direction: Array, at: Array, values: Array, inner: Indices, outer: Indices, steps: int
) -> Array:
    """Where on lines, (m, d), the level changes its sign, on the inner side, by the Illinois method.

    Samples at parameters `at`, (s,), have the levels `values`, (m, s); the sign changes from `inner` to `outer`, (m,).
    """
    rows = np.arange(len(lines))
    a, fa, b, fb = at[inner], values[rows, inner], at[outer], values[rows, outer]
    for _ in range(steps):
        with np.errstate(divide="ignore", invalid="ignore"):
            c = (a * fb - b * fa) / (fb - fa)
        c = np.where((c - a) * (c - b) < 0, c, (a + b) / 2)
        fc = level(lines + c[:, None] * direction)
        inside = fc <= 0
        # the end that stays for the second time counts half
        fb, fa = np.where(inside, fb / 2, fb), np.where(inside, fa, fa / 2)
        a, fa = np.where(inside, c, a), np.where(inside, fc, fa)
        b, fb = np.where(inside, b, c), np.where(inside, fb, fc)
        if np.max(np.abs(b - a), initial=0.0) < _CLOSE_ROOT:
            break
    return np.asarray(a)


def volumes(level: Level, boxes: Bricks, depth: int = _DEPTH) -> Array:
    """Volume of what lies inside of each box, (C,)."""
    blocks = (boxes[slice(start, start + _BLOCK)] for start in range(0, boxes.count, _BLOCK))
    return np.concatenate([np.zeros(0), *(_volumes(level, block, depth) for block in blocks)])


def _volumes(level: Level, boxes: Bricks, depth: int) -> Array:
    coarse, fine = (
        np.bincount(cell, weights, minlength=boxes.count)
        for cell, _, weights in (line_rule(level, boxes, across, 1) for across in _NODES)
    )
    differing = np.flatnonzero(np.abs(fine - coarse) > _AGREEMENT * boxes.volumes)
    if depth and len(differing):
        parts = boxes[differing].halved()
        inside, cut = classify_boxes(level, parts)
        found = np.zeros(parts.count)
        found[inside] = parts.volumes[inside]
        found[cut] = volumes(level, parts[cut], depth - 1)
        fine[differing] = found.reshape(len(differing), -1).sum(axis=1)
    return np.asarray(fine)


def box_grid(lower: Array, upper: Array, longest: int) -> Bricks:
    """Boxes of a grid, about as wide as high, `longest` of them along the longest side."""
    counts = np.maximum(1, np.round(longest * (upper - lower) / np.max(upper - lower))).astype(int)
    axes = np.meshgrid(*[np.arange(count) for count in counts], indexing="ij")
    corners, step = np.stack(axes, axis=-1).reshape(-1, len(counts)), (upper - lower) / counts
    return Bricks(lower + corners * step, lower + (corners + 1) * step)


def zeros_on_lines(level: Level, lower: Array, upper: Array) -> tuple[Array, Array]:
    """Points, (N, d), in which lines along the axes of a box cross a zero set, and the cross-sections, (N,)."""
    d, span = len(lower), upper - lower
    across = round(_LINES ** (1 / max(1, d - 1)))
    centres = (np.arange(across) + 0.5) / across
    unit = np.array(list(product(centres, repeat=d - 1))).reshape(-1, d - 1)
    at = np.linspace(-0.01, 1.01, _LINE_SAMPLES)  # also just outside, where the level is positive
    points, sections = [], []
    for axis in range(d):
        lines = lower + span * np.insert(unit, axis, 0.0, axis=1)
        direction = np.tile(span * np.eye(d)[axis], (len(lines), 1))
        x = lines[:, None] + at[:, None] * direction[:, None]
        values = level(x.reshape(-1, d)).reshape(len(lines), -1)
        line, before = np.nonzero((values[:, :-1] <= 0) != (values[:, 1:] <= 0))
        inside = values[line, before] <= 0
        inner, outer = np.where(inside, before, before + 1), np.where(inside, before + 1, before)
        t = _roots(level, lines[line], direction[line], at, values[line], inner, outer, steps=60)
        points.append(lines[line] + t[:, None] * direction[line])
        sections.append(np.full(len(t), np.prod(np.delete(span, axis)) / len(lines)))
    return np.concatenate(points), np.concatenate(sections)


def volume_inside(level: Level, bounds: tuple[Array, Array]) -> float:
    """Volume of a shape with this level, good to about 1e-5 of its bounding box."""
    boxes = box_grid(*bounds, _LONGEST)
    inside, cut = classify_boxes(level, boxes)
    return float(np.sum(boxes.volumes[inside]) + np.sum(volumes(level, boxes[cut])))


def cut_cells(
    level: Level, bounds: tuple[Array, Array], measure: float, spec: QuadratureSpec, rounding: float
) -> tuple[Cells, ...]:
    """Boxes of a grid that lie inside a shape, and points in those that its boundary crosses.

    Args:
        level: Negative inside, no more than the distance to the boundary.
        bounds: The bounding box.
        measure: The volume, which all weights sum to.
        spec: What the rule should be like; the grid is as fine as its number of points asks for.
        rounding: Levels up to this are zero.
    """
    nodes = gauss_count(spec.order, spec.seed is not None)
    rng = None if spec.seed is None else np.random.default_rng(spec.seed)
    lower, upper = bounds
    longest = _LONGEST
    while True:
        boxes = box_grid(lower, upper, longest)
        if rng is not None:  # a grid that begins elsewhere, one box longer
            step = boxes.upper[0] - boxes.lower[0]
            boxes = box_grid(lower - step * rng.random(len(step)), upper + step, longest + 1)
        inside, cut = classify_boxes(level, boxes)
        crossed = boxes[cut]
        cell, points, weights = line_rule(level, crossed, nodes, nodes)
        inner = level(points) <= rounding
        # the boxes inside are not to be cut on: that would be by two along every axis
        if len(inside) * nodes ** len(lower) + np.count_nonzero(inner) >= (spec.points or 1):
            break
        longest = math.ceil(1.15 * longest)
    cell, points, weights = cell[inner], points[inner], weights[inner]
    depth = max(0, _DEPTH - round(math.log2(longest / _LONGEST)))
    found = np.bincount(cell, weights, minlength=len(cut))
    weights = weights * (volumes(level, crossed, depth) / np.where(found > 0, found, 1.0))[cell]
    remainder = measure - float(np.sum(boxes.volumes[inside]))
    mixed = len(inside) > 0 and remainder > 0
    boundary_points = WeightedPoints(points, weights * ((remainder if mixed else measure) / np.sum(weights)))
    return (boxes[inside], boundary_points) if mixed else (boundary_points,)
