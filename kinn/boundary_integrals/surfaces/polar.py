"""Singular and nearly singular integrals over panels of surfaces.

Far from a target the nodes of a panel serve, nearer those of the panel cut into four or sixteen, the same for all
targets. Near it the panel is cut into triangles about its nearest point, in coordinates in which lengths there are true. With
a triangle's height h, the distance d of the target and a^2 = h^2 + d^2,

    t = a sinh s along the side,    r = d sinh w towards it  (r itself where d = 0),

which takes the poles of 1 / R, at distances of about a and d from the real axis, to pi / 2 (the sinh transformation of Johnston
and Elliott 2005, Int. J. Numer. Meth. Engng 62; that of Duffy where d = 0). The number of nodes grows with the range of s
and w alone, which is a logarithm of how near the target is.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kinn.boundary_integrals.boundary_panels import Numbers, Subpanels
from kinn.boundary_integrals.legendre import gauss
from kinn.boundary_integrals.surfaces.squares import square_polynomials, square_rule, tangents
from kinn.boundary_integrals.surfaces.surface_projection import nearest
from kinn.geometry.types import Array

if TYPE_CHECKING:
    from kinn.boundary_integrals.surfaces.surface_panels import SurfacePanels

#: Gauss's rule is taken for a panel, or a part of one, at this many times its length, and from there on.
FAR = 1.5
#: Into how many parts along each coordinate panels are cut at middle distances, and the nodes of a part.
CUTS, MIDDLE = (2, 4), 10
#: Nodes of triangles: at least so many, and so many more for a range of 1, in s and in w.
LEAST, MORE = 10, 3.5
#: Numbers worked on at a time.
BLOCK = 200_000


def near_pairs(panels: SurfacePanels, targets: Array) -> tuple[Numbers, Numbers]:
    """Return the numbers of targets, (p,), and panels, (p,), that are too close for the nodes of the panel."""
    centres = panels.at(np.arange(len(panels)), np.zeros((len(panels), 1, 2)))[0][:, 0]
    squared = np.sum((targets[:, None] - centres) ** 2, axis=2)
    which, panel = np.nonzero(squared < (FAR * panels.lengths) ** 2)
    return which, panel


def parts(panels: SurfacePanels, targets: Array, which: Numbers, panel: Numbers, own: Numbers) -> Iterator[Subpanels]:
    """Yield the nodes of panels near to targets; see `BoundaryPanels.parts`."""
    near = own >= 0
    for number in np.unique(panel):
        rows = np.flatnonzero((panel == number) & ~near)
        for cuts in CUTS:
            left = yield from _middle(panels, number, cuts, targets[which[rows]], rows)
            rows = left
        near[rows] = True
    pairs = np.flatnonzero(near)
    if len(pairs):
        yield from _close(panels, targets[which[pairs]], panel[pairs], own[pairs], pairs)


def _middle(
    panels: SurfacePanels, number: int, cuts: int, targets: Array, rows: Numbers
) -> Generator[Subpanels, None, Numbers]:
    """Yield the nodes of a panel cut into parts, for targets that are far from each; return the rows of the others."""
    inner, weights = square_rule(MIDDLE)
    at = (np.arange(cuts) + 0.5) * 2 / cuts - 1
    centres = np.stack(np.meshgrid(at, at, indexing="ij"), axis=2).reshape(-1, 1, 2)
    uv = (centres + inner / cuts).reshape(1, -1, 2)
    only = np.array([number])
    points, across = panels.at(only, uv)
    middles = panels.at(only, centres.reshape(1, -1, 2))[0][0]
    distance = np.min(np.linalg.norm(targets[:, None] - middles, axis=2), axis=1)
    far = distance >= FAR * panels.lengths[number] / cuts
    basis = square_polynomials(uv, panels.order)
    size = np.linalg.norm(across, axis=2)
    weights = np.tile(weights / cuts**2, cuts**2) * size / panels.measures[panels.track[number]]
    chosen = np.flatnonzero(far)
    for some in np.array_split(chosen, max(1, -(-len(chosen) * uv.shape[1] // BLOCK))):
        if len(some):
            apart = points - targets[some, None]
            rates = np.full(weights.shape, panels.measures[panels.track[number]])
            yield Subpanels(rows[some], basis, basis, weights, apart, across / size[..., None], rates)
    return np.asarray(rows[~far])


@dataclass(frozen=True)
class _Triangles:
    """Triangles about the points of panels nearest to targets.

    Attributes:
        pair: The number of each triangle's pair, (m,).
        low: Where s begins, (m,).
        high: Where it ends.
        height: The height h.
        scale: The length a.
        distance: The distance d of the target.
        foot: The point of the line of the side nearest to the centre, in tangent coordinates, (m, 2).
        along: The direction of the side, (m, 2).
    """

    pair: Numbers
    low: Array
    high: Array
    height: Array
    scale: Array
    distance: Array
    foot: Array
    along: Array

    def of(self, rows: Numbers) -> _Triangles:
        """Return some of them."""
        return _Triangles(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def _close(panels: SurfacePanels, targets: Array, panel: Numbers, own: Numbers, pairs: Numbers) -> Iterator[Subpanels]:
    order = panels.order
    centres, distance = nearest(panels, targets, panel)
    nodes, _ = square_rule(order)
    centres[own >= 0], distance[own >= 0] = nodes[own[own >= 0]], 0.0
    distance[distance < 1e-13 * panels.lengths[panel]] = 0.0
    # tangent coordinates: e_1 along the first derivative, e_2 across it
    first, second = (a[:, 0] for a in tangents(centres[:, None], panels.coefficients[panel, :, :3]))
    a = np.linalg.norm(first, axis=1)
    b = np.sum(first * second, axis=1) / a
    c = np.linalg.norm(np.cross(first, second), axis=1) / a
    frames = np.zeros((len(panel), 2, 2))
    frames[:, 0, 0], frames[:, 0, 1], frames[:, 1, 1] = a, b, c
    back = np.linalg.inv(frames)
    made = _triangles(centres, frames, distance)
    here = square_polynomials(nodes, order)[own] * (own >= 0)[:, None]
    counts = _counts(made, order)
    for pair in np.unique(counts, axis=0):
        rows = np.flatnonzero((counts == pair).all(axis=1))
        step = max(1, BLOCK // (pair[0] * pair[1] * 6 * order))
        for begin in range(0, len(rows), step):
            some = made.of(rows[begin : begin + step])
            k = some.pair
            offsets, weights = _nodes(some, *pair)
            uv = np.clip(centres[k, None] + offsets @ back[k].transpose(0, 2, 1), -1, 1)
            points, across = panels.at(panel[k], uv)
            apart = points - targets[k, None]
            size = np.linalg.norm(across, axis=2)
            measure = panels.measures[panels.track[panel[k]]][:, None]
            basis = square_polynomials(uv, order)
            weights = weights * size / (a * c)[k, None] / measure
            rates = np.broadcast_to(measure, weights.shape)
            yield Subpanels(pairs[k], basis, basis - here[k, None], weights, apart, across / size[..., None], rates)


def _triangles(centres: Array, frames: Array, distance: Array) -> _Triangles:
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
    made = _Triangles(pair, low, high, height, scale, distance[pair], foot, along)
    return made.of(rows)


def _counts(made: _Triangles, order: int) -> Numbers:
    """Return the numbers of nodes in s and in w for each triangle, (m, 2), in steps."""
    reach = made.scale * np.maximum(np.cosh(made.low), np.cosh(made.high))
    d = np.maximum(made.distance, 1e-300)
    ranges = np.stack([made.high - made.low, np.where(made.distance > 0, np.arcsinh(reach / d), 0.0)], axis=1)
    return np.asarray(4 * np.ceil((LEAST + order / 2 + MORE * ranges) / 4), dtype=np.intp)


def _nodes(made: _Triangles, sides: int, depths: int) -> tuple[Array, Array]:
    """Return nodes (m, sides * depths, 2) in tangent coordinates, and their weights for areas in these."""
    x, wx = gauss(sides)
    y, wy = gauss(depths)
    half = (made.high - made.low)[:, None] / 2
    s = (made.high + made.low)[:, None] / 2 + half * x
    t = made.scale[:, None] * np.sinh(s)
    edge = made.foot[:, None] + t[..., None] * made.along[:, None]
    squared = made.height[:, None] ** 2 + t**2
    angle = half * wx * made.height[:, None] * made.scale[:, None] * np.cosh(s) / squared
    reach, d = np.sqrt(squared)[..., None], made.distance[:, None, None]
    share, weight = (y + 1) / 2, wy / 2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        end = np.arcsinh(reach / d)
        r = np.where(d > 0, d * np.sinh(end * share), reach * share)
        dr = np.where(d > 0, d * np.cosh(end * share) * end * weight, reach * weight)
    weights = angle[..., None] * r * dr
    offsets = (r / reach)[..., None] * edge[:, :, None]
    return offsets.reshape(len(s), -1, 2), weights.reshape(len(s), -1)
