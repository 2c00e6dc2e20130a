"""Near field of surfaces: singular and nearly singular quadrature in sinh-transformed polar coordinates.

Far from a target the nodes of a panel serve, nearer those of the panel divided into four or sixteen, the same for all
targets. In the near field the panel is divided into triangles about its closest point, in isometric tangent coordinates.
With a triangle's height h, the distance d of the target and a^2 = h^2 + d^2,

    t = a sinh s along the side,    r = d sinh w towards it  (r itself where d = 0),

which moves the poles of 1 / R, at distances of about a and d from the real axis, to pi / 2 (the sinh transformation of Johnston
and Elliott 2005, Int. J. Numer. Meth. Engng 62; that of Duffy where d = 0). The number of nodes grows with the ranges of s
and w, which are logarithmic in the distance.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from kinn.boundary_integrals.boundary_panels import Subpanels
from kinn.boundary_integrals.legendre import gauss, square_polynomials, square_rule
from kinn.boundary_integrals.surfaces.polynomial_patches import PolynomialPatches, project
from kinn.geometry.types import Array, Indices

#: The Gauss rule of a panel, or of a part of one, is taken from this distance on, in units of its length.
FAR = 1.5
#: The divisions of panels along each coordinate at middle distances, and the nodes of a part.
DIVISIONS, MIDDLE_ORDER = (2, 4), 10
#: The nodes of triangles, in s and in w: at least, and per unit of range.
MIN_NODES, NODES_PER_RANGE = 10, 3.5
#: Numbers per block.
BLOCK = 200_000


def subdivide(
    patches: PolynomialPatches, areas: Array, targets: Array, panel: Indices, node: Indices
) -> Iterator[Subpanels]:
    """Quadrature rules of p pairs of targets (p, 3) and patches, with the areas (M,) of the patches' faces.

    Args: see `BoundaryPanels.subdivide`.
    """
    near = node >= 0
    for number in np.unique(panel):
        rows = np.flatnonzero((panel == number) & ~near)
        for division in DIVISIONS:
            rows = yield from _middle(patches, areas[number], number, division, targets[rows], rows)
        near[rows] = True
    pairs = np.flatnonzero(near)
    if len(pairs):
        yield from _near(patches, areas, targets[pairs], panel[pairs], node[pairs], pairs)


def _middle(
    patches: PolynomialPatches, area: float, number: int, division: int, targets: Array, rows: Indices
) -> Generator[Subpanels, None, Indices]:
    """Nodes of the parts of a patch, for targets that are far from each; returns the rows of the others."""
    inner, weights = square_rule(MIDDLE_ORDER)
    at = (np.arange(division) + 0.5) * 2 / division - 1
    centres = np.stack(np.meshgrid(at, at, indexing="ij"), axis=2).reshape(-1, 1, 2)
    uv = (centres + inner / division).reshape(1, -1, 2)
    patch = np.array([number])
    points, cross = patches.at(patch, uv)
    middles = patches.at(patch, centres.reshape(1, -1, 2))[0][0]
    distance = np.min(np.linalg.norm(targets[:, None] - middles, axis=2), axis=1)
    far = distance >= FAR * patches.lengths[number] / division
    basis = square_polynomials(uv, patches.order)
    element = np.linalg.norm(cross, axis=2)
    weights = np.tile(weights / division**2, division**2) * element / area
    selected = np.flatnonzero(far)
    for block in np.array_split(selected, max(1, -(-len(selected) * uv.shape[1] // BLOCK))):
        if len(block):
            offset = points - targets[block, None]
            speed = np.full(weights.shape, area)
            yield Subpanels(rows[block], basis, basis, weights, offset, cross / element[..., None], speed)
    return np.asarray(rows[~far])


@dataclass(frozen=True)
class _ProjectedTriangles:
    """m triangles about the points of patches closest to targets, in tangent coordinates."""

    pair: Indices
    low: Array  # the limits of s
    high: Array
    height: Array  # h
    scale: Array  # a
    distance: Array  # d, of the target
    foot: Array  # of the height, (m, 2)
    along: Array  # the direction of the side, (m, 2)

    def select(self, rows: Indices) -> _ProjectedTriangles:
        """Some of the triangles."""
        return _ProjectedTriangles(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def _near(
    patches: PolynomialPatches, areas: Array, targets: Array, panel: Indices, node: Indices, pairs: Indices
) -> Iterator[Subpanels]:
    """Nodes of the triangles about the closest points."""
    order = patches.order
    centres, distance = project(patches, targets, panel)
    nodes, _ = square_rule(order)
    centres[node >= 0], distance[node >= 0] = nodes[node[node >= 0]], 0.0
    distance[distance < 1e-13 * patches.lengths[panel]] = 0.0
    # tangent coordinates: e_1 along the first derivative, e_2 across it
    first, second = patches.tangents(panel, centres)
    a = np.linalg.norm(first, axis=1)
    b = np.sum(first * second, axis=1) / a
    c = np.linalg.norm(np.cross(first, second), axis=1) / a
    frames = np.zeros((len(panel), 2, 2))
    frames[:, 0, 0], frames[:, 0, 1], frames[:, 1, 1] = a, b, c
    to_square = np.linalg.inv(frames)
    triangles = _triangles(centres, frames, distance)
    at_target = square_polynomials(nodes, order)[node] * (node >= 0)[:, None]
    counts = _node_counts(triangles, order)
    for count in np.unique(counts, axis=0):
        rows = np.flatnonzero((counts == count).all(axis=1))
        step = max(1, BLOCK // (count[0] * count[1] * 6 * order))
        for start in range(0, len(rows), step):
            block = triangles.select(rows[start : start + step])
            k = block.pair
            offsets, weights = _nodes(block, *count)
            uv = np.clip(centres[k, None] + offsets @ to_square[k].transpose(0, 2, 1), -1, 1)
            points, cross = patches.at(panel[k], uv)
            element = np.linalg.norm(cross, axis=2)
            area = areas[panel[k]][:, None]
            basis = square_polynomials(uv, order)
            weights = weights * element / (a * c)[k, None] / area
            yield Subpanels(
                pairs[k],
                basis,
                basis - at_target[k, None],
                weights,
                points - targets[k, None],
                cross / element[..., None],
                np.broadcast_to(area, weights.shape),
            )


def _triangles(centres: Array, frames: Array, distance: Array) -> _ProjectedTriangles:
    """Triangles between points of the square and its sides."""
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    q = (corners - centres[:, None]) @ frames.transpose(0, 2, 1)
    start, end = q.reshape(-1, 2), np.roll(q, -1, axis=1).reshape(-1, 2)
    pair = np.repeat(np.arange(len(centres)), 4)
    length = np.linalg.norm(end - start, axis=1)
    along = (end - start) / length[:, None]
    t = np.sum(start * along, axis=1)
    foot = start - t[:, None] * along
    height = np.linalg.norm(foot, axis=1)
    scale = np.hypot(height, distance[pair])
    rows = np.flatnonzero(height > 1e-14 * length)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.arcsinh(t / scale), np.arcsinh((t + length) / scale)
    return _ProjectedTriangles(pair, low, high, height, scale, distance[pair], foot, along).select(rows)


def _node_counts(triangles: _ProjectedTriangles, order: int) -> Indices:
    """Numbers of nodes in s and in w for each triangle, (m, 2), multiples of 4."""
    reach = triangles.scale * np.maximum(np.cosh(triangles.low), np.cosh(triangles.high))
    d = np.maximum(triangles.distance, 1e-300)
    radial = np.where(triangles.distance > 0, np.arcsinh(reach / d), 0.0)
    ranges = np.stack([triangles.high - triangles.low, radial], axis=1)
    return np.asarray(4 * np.ceil((MIN_NODES + order / 2 + NODES_PER_RANGE * ranges) / 4), dtype=np.intp)


def _nodes(triangles: _ProjectedTriangles, angular: int, radial: int) -> tuple[Array, Array]:
    """Nodes (m, angular * radial, 2) in tangent coordinates, and their weights for areas in these."""
    x, wx = gauss(angular)
    y, wy = gauss(radial)
    half = (triangles.high - triangles.low)[:, None] / 2
    s = (triangles.high + triangles.low)[:, None] / 2 + half * x
    t = triangles.scale[:, None] * np.sinh(s)
    edge = triangles.foot[:, None] + t[..., None] * triangles.along[:, None]
    squared = triangles.height[:, None] ** 2 + t**2
    angle = half * wx * triangles.height[:, None] * triangles.scale[:, None] * np.cosh(s) / squared
    reach, d = np.sqrt(squared)[..., None], triangles.distance[:, None, None]
    fraction, weight = (y + 1) / 2, wy / 2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        end = np.arcsinh(reach / d)
        r = np.where(d > 0, d * np.sinh(end * fraction), reach * fraction)
        dr = np.where(d > 0, d * np.cosh(end * fraction) * end * weight, reach * weight)
    weights = angle[..., None] * r * dr
    offsets = (r / reach)[..., None] * edge[:, :, None]
    return offsets.reshape(len(s), -1, 2), weights.reshape(len(s), -1)
