"""Which element a point lies in: search trees for elements of like size, then the inverse of the element's map."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from scipy.spatial import cKDTree

from kinn.geometry.boundary.patch import Array, Mask
from kinn.geometry.meshes.blocks import Block
from kinn.geometry.quadrature.gauss import Indices

_PAIRS = 2**16  # points looked up at a time
_STEPS = 20  # of Newton's method
_AWAY = 1.0  # how far from the reference cell Newton's method may go
_SINGULAR = 1e-300  # determinants smaller than this count as this
_BULGE = 0.25  # how far a curved element may reach beyond the box of its nodes, relative to the size of that box


class Locator:
    """Finds the elements of points.

    Args:
        groups: The elements.
    """

    def __init__(self, groups: Sequence[Block]) -> None:
        self._blocks = groups

    @cached_property
    def _trees(self) -> list[tuple[Block, Indices, cKDTree, float, Array, Array]]:
        """For each kind and size of elements: their block and numbers, centres in a tree, the greatest radius, boxes."""
        found = []
        for block in self._blocks:
            lower, upper = block.nodes.min(axis=1), block.nodes.max(axis=1)
            if block.kind.order > 1:
                more = _BULGE * (upper - lower)
                lower, upper = lower - more, upper + more
            radius = np.linalg.norm(upper - lower, axis=1) / 2
            level = np.round(np.log2(radius / np.max(radius))).astype(int)
            for here in np.unique(level):
                some = np.flatnonzero(level == here)
                tree = cKDTree((lower[some] + upper[some]) / 2)
                found.append((block, some, tree, float(np.max(radius[some])), lower[some], upper[some]))
        return found

    def contains(self, points: Array, slack: float) -> Mask:
        """Return which of the points, (N, d), lie in an element, (N,), or no farther than `slack` from one."""
        inside = np.zeros(len(points), dtype=bool)
        for start in range(0, len(points), _PAIRS):
            rows = slice(start, start + _PAIRS)
            inside[rows] = self._contains(points[rows], slack)
        return inside

    def _contains(self, points: Array, slack: float) -> Mask:
        inside = np.zeros(len(points), dtype=bool)
        for block, numbers, tree, radius, lower, upper in self._trees:
            left = np.flatnonzero(~inside & np.isfinite(points).all(axis=1))
            lists = tree.query_ball_point(points[left], radius + slack)
            point = np.repeat(left, [len(found) for found in lists])
            if not len(point):
                continue
            cell = np.concatenate([found for found in lists if found]).astype(np.intp)
            boxed = ((points[point] >= lower[cell] - slack) & (points[point] <= upper[cell] + slack)).all(axis=1)
            point, cell = point[boxed], cell[boxed]
            if len(point):
                inside[point[_holds(block, numbers[cell], points[point], slack)]] = True
        return inside


def _holds(block: Block, which: Indices, points: Array, slack: float) -> Mask:
    """Return whether each point lies in its element, by Newton's method for its reference coordinates."""
    center = np.concatenate([factor.center for factor in block.factors])
    unit = np.tile(center, (len(points), 1))
    gap = block.points(which, unit) - points
    going = np.arange(len(points))
    for _ in range(1 if block.kind.simplex and block.kind.order == 1 else _STEPS):
        inverse, _ = _inverse(block.jacobians(which[going], unit[going]))
        step = np.einsum("mkd,md->mk", inverse, gap[going])
        before, unit[going] = unit[going], np.clip(unit[going] - step, -_AWAY, 1 + _AWAY)
        gap[going] = block.points(which[going], unit[going]) - points[going]
        # what is twice in a row that far outside stays outside
        here = unit[going]
        lost = ((here == before) & ((here == -_AWAY) | (here == 1 + _AWAY))).any(axis=1)
        going = going[~lost & (np.max(np.abs(gap[going]), axis=1) > 1e-3 * slack)]
        if not len(going):
            break
    _, stretch = _inverse(block.jacobians(which, unit))
    room, size = 2 * slack * stretch, np.max(np.ptp(block.nodes[which], axis=1), axis=1)
    if block.kind.simplex:
        depth = np.minimum(unit.min(axis=1), 1 - unit.sum(axis=1))
    else:
        depth = np.minimum(unit.min(axis=1), (1 - unit).min(axis=1))
    return np.asarray((depth >= -room) & (np.linalg.norm(gap, axis=1) <= slack + 1e-9 * size))


def _inverse(matrices: Array) -> tuple[Array, Array]:
    """Return the inverses, (m, d, d), by cofactors, and bounds for how much they stretch, (m,)."""
    if matrices.shape[1] == 2:
        a, b, c, d = matrices.reshape(-1, 4).T
        cofactors = np.stack([d, -b, -c, a], axis=1).reshape(-1, 2, 2)
        determinant = a * d - b * c
    else:
        first, second, third = np.moveaxis(matrices, 1, 0)
        rows = [np.cross(second, third), np.cross(third, first), np.cross(first, second)]
        cofactors = np.stack(rows, axis=2)
        determinant = np.sum(first * rows[0], axis=1)
    determinant = np.where(np.abs(determinant) < _SINGULAR, _SINGULAR, determinant)
    inverse = cofactors / determinant[:, None, None]
    return inverse, np.linalg.norm(inverse, axis=(1, 2))
