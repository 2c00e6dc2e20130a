"""Blocks of elements or faces of one kind: cells for integrals and samples, and the location of points in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np
from scipy.spatial import cKDTree

from kinn.geometry.boundary.patch import Chart, triangle_charts
from kinn.geometry.meshes.elements import ElementType
from kinn.geometry.quadrature.cells import CellPoints, Cells
from kinn.geometry.quadrature.reference_cells import tensor_rule
from kinn.geometry.quadrature.rule import QuadratureSpec, Rule, composite_rule
from kinn.geometry.sampling import pick_by_measure, sample_by_rejection, unit_cube
from kinn.geometry.types import Array, Indices, Mask, delegated

_STRAIGHT = 1e-12  # nodes this near to where they would be on a straight element, relative to its size, are there
_PROBES = 4  # order of the rule whose points the Jacobian is looked at in, nodes apart
_ABOVE = 1.05  # the density may be so much greater between those points


@dataclass(frozen=True, eq=False)
class Block(Cells):
    """Elements of one kind, or faces, which have one reference coordinate less than points; `nodes` is (C, n, d)."""

    kind: ElementType
    nodes: Array

    @property
    def surface(self) -> bool:
        """Whether they are faces."""
        return bool(self.kind.dim < self.nodes.shape[2])

    @property
    def curved(self) -> bool:  # type: ignore[override]
        """Whether the density is no polynomial: the area of a face that is not straight."""
        return self.surface and not self.kind.affine

    factors = delegated("factors", to="kind")
    degrees = delegated("degrees", to="kind")

    @property
    def count(self) -> int:
        return len(self.nodes)

    @property
    def cube_count(self) -> float:
        """Number of squares or cubes that they amount to: two triangles, six tetrahedra make one."""
        return self.count / math.factorial(self.kind.dim) if self.kind.simplex else float(self.count)

    def jacobians(self, which: Indices, unit: Array) -> Array:
        """Derivatives of x by the reference coordinates, (m, d, k)."""
        return np.asarray(np.einsum("mnd,mnk->mdk", self.nodes[which], self.kind.gradients(unit)))

    def points(self, which: Indices, unit: Array) -> Array:
        """Points, (m, d), of elements at reference coordinates."""
        return np.asarray(np.einsum("mn,mnd->md", self.kind.shape_functions(unit), self.nodes[which]))

    def at(self, which: Indices, unit: Array) -> CellPoints:
        """Points, with normals on faces; nodes count counter-clockwise seen from outside."""
        return self._samples(self.points(which, unit), self.jacobians(which, unit))

    def at_each(self, unit: Array, rows: Indices | None = None) -> CellPoints:
        """Points of every element at the same reference coordinates, where shape functions are evaluated once."""
        nodes = self.nodes if rows is None else self.nodes[rows]
        gradients = np.moveaxis(self.kind.gradients(unit), 1, 2)
        d, k = nodes.shape[2], self.kind.dim
        jacobian = (gradients.reshape(len(unit) * k, -1) @ nodes).reshape(-1, k, d)
        points = (self.kind.shape_functions(unit) @ nodes).reshape(-1, d)
        return self._samples(points, np.swapaxes(jacobian, 1, 2))

    def _samples(self, points: Array, jacobian: Array) -> CellPoints:
        """Points (m, d) with these derivatives by the reference coordinates, (m, d, k)."""
        if not self.surface:
            return CellPoints(points, _determinant(jacobian))
        if self.kind.dim == 1:
            across = np.stack([jacobian[:, 1, 0], -jacobian[:, 0, 0]], axis=1)
        else:
            across = np.cross(jacobian[:, :, 0], jacobian[:, :, 1])
        density = np.linalg.norm(across, axis=1)
        return CellPoints(points, density, across / density[:, None])

    def charts(self, number: int) -> list[Chart]:
        """Charts that cover one of the faces, triangles or quadrilaterals in space."""

        def on(reference: Chart) -> Chart:
            return lambda uv: self.points(np.full(len(uv), number), reference(uv))

        if self.kind.simplex:
            return [on(chart) for chart in triangle_charts(self.kind.nodes[:3])]
        return [on(lambda uv: (uv + 1) / 2)]

    def _densities(self, unit: Array) -> Array:
        """Density at the same reference coordinates, (p, k), of each element, (C, p)."""
        columns = np.tensordot(self.nodes, self.kind.gradients(unit), axes=(1, 1))  # (C, d, p, k)
        first, *others = np.moveaxis(columns, (1, 3), (3, 0))  # derivatives of x by each coordinate, (C, p, d)
        if not others:
            return np.asarray(np.linalg.norm(first, axis=2))
        if first.shape[2] == 2:
            return np.asarray(first[..., 0] * others[0][..., 1] - first[..., 1] * others[0][..., 0])
        across = np.cross(first, others[0])
        if self.surface:
            return np.asarray(np.linalg.norm(across, axis=2))
        return np.asarray(np.einsum("cpd,cpd->cp", across, others[1]))

    @cached_property
    def density_probes(self) -> Array:
        """The density at the nodes, apexes of pyramids apart, and at some points between, (C, p)."""
        nodes = self.kind.nodes[:-1] if self.kind.collapsed else self.kind.nodes
        inner, _ = tensor_rule(self.factors, (_PROBES,) * len(self.factors), (1,) * len(self.factors))
        return self._densities(np.concatenate([nodes, inner]))

    @cached_property
    def measures(self) -> Array:
        """Length, area or volume of each, (C,); of curved faces to some ten digits."""
        order = 15 if self.curved else 0
        unit, weights = tensor_rule(self.factors, [order + degree for degree in self.degrees], (1,) * len(self.factors))
        return np.asarray(self._densities(unit) @ weights)

    @cached_property
    def sampling_measures(self) -> Array:
        """What each element may be drawn for, (C,): no less than its measure."""
        return np.asarray(
            self.kind.volume * np.max(self.density_probes, axis=1) * (1.0 if self.kind.affine else _ABOVE)
        )

    def to_reference(self, which: Indices, unit: Array) -> Array:
        """Cube points, (m, k), as reference coordinates of elements, ratios of measure kept."""
        inner, first = unit.copy(), 0
        for factor in self.kind.factors:
            left = np.ones(len(unit))
            for axis, power in enumerate(range(factor.dim, 1, -1), first):
                share = left * (1 - unit[:, axis] ** (1 / power))
                inner[:, axis], left = share, left - share
            first += factor.dim
            if factor.dim > 1:
                inner[:, first - 1] = left * (1 - unit[:, first - 1])
        return inner


_BITS = 10  # of each coordinate along the curve
_EVEN = 0.2  # share of graded points that are uniform in measure: no point stands for more than 1 / _EVEN others


def sample_graded(groups: Sequence[Block], n: int, draw: Callable[[int], Array]) -> Rule:
    """Points, n of them, as many in one element as in another but for a share that is uniform in measure.

    Args:
        groups: The elements.
        n: The number of points.
        draw: Gives points (m, k + 1) of the unit cube; see `sample_elements`.

    Returns:
        The points with weights inverse to their density, whose sum is the measure.
    """
    measures, shares = _graded_shares(groups)

    def accepted(m: int) -> Array:
        unit = draw(m)
        found = sample_elements(groups, unit, excess=shares / measures)
        normals = np.zeros_like(found.points) if found.normals is None else found.normals
        return np.column_stack([found.points, normals, found.density])

    rows = sample_by_rejection(n, accepted, "a mesh")
    d = groups[0].nodes.shape[2]
    weights = np.sum(measures) * rows[:, -1] / np.sum(rows[:, -1])
    return Rule(rows[:, :d], weights, rows[:, d : 2 * d] if groups[0].surface else None)


def _graded_shares(groups: Sequence[Block]) -> tuple[Array, Array]:
    """Measures (C,) of elements, and the share of graded points that each has."""
    measures = np.concatenate([block.measures for block in groups])
    return measures, (1 - _EVEN) / len(measures) + _EVEN * measures / np.sum(measures)


def limited_rule(groups: Sequence[Block], spec: QuadratureSpec, most: int) -> Rule:
    """Rule on elements of about `most` points at most.

    The order is lowered as far as that takes, to 2 at least. Beyond, elements are drawn, one of each stratum of neighbours,
    and one point in each: single points in the same place of all elements would be biased.
    """
    for order in range(spec.order, 1, -1):
        if sum(_least_points(block, order, spec.seed is not None) for block in groups) <= most:
            return composite_rule(groups, replace(spec, order=order))
    measures, shares = _graded_shares(groups)
    neighbours = neighbour_order(np.concatenate([block.nodes.mean(axis=1) for block in groups]))
    rng = np.random.default_rng(spec.seed or 0)
    picked, _ = pick_by_measure(shares[neighbours], (np.arange(most) + rng.random()) / most)
    which, d, k = neighbours[picked], groups[0].nodes.shape[2], groups[0].kind.dim
    inner = unit_cube(most, k, "sobol", spec.seed or 0)
    points, normals, weights, first = np.empty((most, d)), np.empty((most, d)), np.empty(most), 0
    for block in groups:
        rows = np.flatnonzero((which >= first) & (which < first + block.count))
        cells = which[rows] - first
        samples = block.at(cells, block.to_reference(cells, inner[rows]))
        points[rows], weights[rows] = samples.points, samples.density * block.kind.volume / shares[which[rows]]
        if samples.normals is not None:
            normals[rows] = samples.normals
        first += block.count
    weights *= np.sum(measures) / np.sum(weights)
    return Rule(points, weights, normals if groups[0].surface else None)


def _least_points(block: Block, order: int, shifted: bool) -> int:
    """Number of points of a rule of this order on each element of a block."""
    once = np.ones(1, dtype=np.intp)
    sizes = (f.size(order + degree, once, shifted)[0] for f, degree in zip(block.factors, block.degrees, strict=True))
    return block.count * math.prod(int(size) for size in sizes)


def neighbour_order(points: Array) -> Indices:
    """Order (C,) of points (C, d) in which neighbours mostly follow each other, along Morton's curve through their ranks."""
    d = points.shape[1]
    ranks = np.argsort(np.argsort(points, axis=0), axis=0) * 2**_BITS // len(points)
    code = np.zeros(len(points), dtype=np.int64)
    for bit, axis in product(range(_BITS), range(d)):
        code |= (ranks[:, axis] >> bit & 1) << (bit * d + axis)
    return np.argsort(code, kind="stable")


def sample_elements(
    groups: Sequence[Block], unit: Array, *, all_: bool = False, excess: Array | None = None
) -> CellPoints:
    """Points, uniform in measure, of elements.

    Args:
        groups: The elements.
        unit: Points (m, k + 1) of the unit cube. The first coordinate picks an element, and what it is within the
            share of that is used again; the last decides whether the point is kept where the density varies.
        all_: Whether all points are kept, which is uniform on straight simplices alone.
        excess: How much denser than uniform the points of each element are, (C,); then the densities that are returned
            are the inverse of that.

    Returns:
        Those that are kept, in their order.
    """
    measures = np.concatenate([block.sampling_measures for block in groups])
    which, within = pick_by_measure(measures if excess is None else measures * excess, unit[:, 0])
    inner = np.column_stack([within, unit[:, 1:-1]])
    d = groups[0].nodes.shape[2]
    points, normals, keep = np.empty((len(unit), d)), np.empty((len(unit), d)), np.full(len(unit), all_)
    density, first = np.empty(len(unit)), 0
    for block in groups:
        rows = np.flatnonzero((which >= first) & (which < first + block.count))
        cells = which[rows] - first
        samples = block.at(cells, block.to_reference(cells, inner[rows]))
        points[rows], density[rows] = samples.points, samples.density
        if samples.normals is not None:
            normals[rows] = samples.normals
        keep[rows] |= unit[rows, -1] * block.sampling_measures[cells] <= samples.density * block.kind.volume * (
            1 + 1e-12
        )
        first += block.count
    if excess is not None:
        density = 1 / excess[which]
    return CellPoints(points[keep], density[keep], normals[keep] if groups[0].surface else None)


def make_blocks(kind: ElementType, nodes: Array) -> list[Block]:
    """Elements as blocks; those of quadratic ones with straight edges as linear ones."""
    if kind.order == 1:
        return [Block(kind, nodes)]
    corners = nodes[:, : kind.corners]
    off = np.linalg.norm(nodes - np.einsum("nc,tcd->tnd", kind.straight, corners), axis=2).max(axis=1)
    straight = off <= _STRAIGHT * np.max(np.ptp(corners, axis=1), axis=1)
    blocks = [Block(kind.linear, corners[straight]), Block(kind, nodes[~straight])]
    return [block for block in blocks if block.count]


_PAIRS = 2**16  # points looked up at a time
_STEPS = 20  # of Newton's method
_AWAY = 1.0  # how far from the reference cell Newton's method may go
_SINGULAR = 1e-300  # determinants smaller than this count as this
_BULGE = 0.25  # how far a curved element may reach beyond the box of its nodes, relative to the size of that box


@dataclass(frozen=True, eq=False)
class Locator:
    """Search for the elements that points lie in."""

    blocks: Sequence[Block]

    @cached_property
    def _trees(self) -> list[tuple[Block, Indices, cKDTree, float, Array, Array]]:
        """For each kind and size of elements: their block and numbers, tree of centres, greatest radius, boxes."""
        found = []
        for block in self.blocks:
            lower, upper = block.nodes.min(axis=1), block.nodes.max(axis=1)
            if block.kind.order > 1:
                more = _BULGE * (upper - lower)
                lower, upper = lower - more, upper + more
            radius = np.linalg.norm(upper - lower, axis=1) / 2
            level = np.round(np.log2(radius / np.max(radius))).astype(int)
            for depth in np.unique(level):
                some = np.flatnonzero(level == depth)
                tree = cKDTree((lower[some] + upper[some]) / 2)
                found.append((block, some, tree, float(np.max(radius[some])), lower[some], upper[some]))
        return found

    def contains(self, points: Array, slack: float) -> Mask:
        """Which of the points, (N, d), lie in an element, (N,), or no farther than `slack` from one."""
        if len(points) > _PAIRS:
            blocks = np.split(points, range(_PAIRS, len(points), _PAIRS))
            return np.concatenate([self.contains(block, slack) for block in blocks])
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
    """Whether each point lies in its element, by Newton's method for its reference coordinates."""
    center = np.concatenate([factor.center for factor in block.factors])
    unit = np.tile(center, (len(points), 1))
    gap = block.points(which, unit) - points
    going = np.arange(len(points))
    for _ in range(1 if block.kind.affine else _STEPS):
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
    ends = np.cumsum([factor.dim for factor in block.factors])[:-1]
    beyond = [part.sum(axis=1) - 1 for part in np.split(unit, ends, axis=1)]
    depth = np.minimum(unit.min(axis=1), -np.max(beyond, axis=0))
    return np.asarray((depth >= -room) & (np.linalg.norm(gap, axis=1) <= slack + 1e-9 * size))


def _determinant(matrices: Array) -> Array:
    """Determinants (m,) of matrices (m, d, d) of two or three rows."""
    if matrices.shape[1] == 2:
        a, b, c, d = (matrices[:, i, j] for i in range(2) for j in range(2))
        return np.asarray(a * d - b * c)
    a, b, c, d, e, f, g, h, i = (matrices[:, row, column] for row in range(3) for column in range(3))
    return np.asarray(a * (e * i - f * h) + b * (f * g - d * i) + c * (d * h - e * g))


def _inverse(matrices: Array) -> tuple[Array, Array]:
    """Inverses, (m, d, d), by cofactors, and bounds for how much they stretch, (m,)."""
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
