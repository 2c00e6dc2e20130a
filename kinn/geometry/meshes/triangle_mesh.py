"""Closed triangle meshes: the check that they are closed, which points they hold, and how far these are from them."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from kinn.errors import InputError
from kinn.geometry.types import Array, Indices, Mask

_MERGE = 1e-7  # vertices nearer than this, relative to the size, are one: files hold single precision
_PAIRS = 2**20  # point-triangle pairs worked on at a time
_COLUMNS = 64  # the most columns, each way, that the shadow of a mesh is cut into


class TriangleMesh:
    """A closed surface of triangles.

    Args:
        vertices: Points (V, 3).
        triangles: Indices (T, 3); counter-clockwise seen from outside, or from inside for all alike.
        what: What errors call the surface.

    Raises:
        InputError: Nothing given, not finite, an index without a vertex, an edge that does not belong to two triangles
            with opposite directions, or no volume.
    """

    def __init__(self, vertices: Any, triangles: Any, what: str) -> None:
        points, index = np.asarray(vertices, dtype=np.float64), np.asarray(triangles)
        if points.ndim != 2 or points.shape[1] != 3 or index.ndim != 2 or index.shape[1] != 3 or not len(index):
            raise InputError(f"{what} needs vertices (V, 3) and triangles (T, 3), got {points.shape} and {index.shape}")
        if not np.isfinite(points).all():
            raise InputError(f"{what} has vertices that are not finite")
        if not np.issubdtype(index.dtype, np.integer) or index.min() < 0 or index.max() >= len(points):
            raise InputError(f"{what} has triangles whose corners are no vertices")
        size = float(np.max(np.ptp(points[np.unique(index)], axis=0)))
        _, first, same = np.unique(
            np.round(points / (_MERGE * size)) if size else points, axis=0, return_index=True, return_inverse=True
        )
        index = same.reshape(-1)[index]
        self.kept = np.flatnonzero((index != np.roll(index, 1, axis=1)).all(axis=1))  # others are no triangles
        self.vertices, self.triangles = points[first], index[self.kept]
        self._check(what)
        if self.volume < 0:
            self.triangles = self.triangles[:, ::-1]
            del self.volume, self.corners

    def _check(self, what: str) -> None:
        """Raise if the surface is open, or its triangles disagree about which side is outside."""
        start, end = self.triangles, np.roll(self.triangles, -1, axis=1)
        edges = np.stack([start.ravel(), end.ravel()], axis=1)
        turned = np.where(edges[:, 0] < edges[:, 1], 1, -1)
        _, which, uses = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
        open_edges = int(np.sum(uses % 2))
        if open_edges or not len(edges):
            raise InputError(f"{what} is open: {open_edges} of its {len(uses)} edges belong to one triangle only")
        balance = np.bincount(which.reshape(-1), weights=turned)
        if np.any(balance):
            raise InputError(
                f"{what} has triangles turned the wrong way: neighbours disagree at {np.count_nonzero(balance)} edges"
            )
        if abs(self.volume) <= 1e-12 * float(np.max(np.ptp(self.corners, axis=(0, 1)))) ** 3:
            raise InputError(f"{what} encloses no volume")

    @cached_property
    def corners(self) -> Array:
        """The corners of all triangles, (T, 3, 3)."""
        return np.asarray(self.vertices[self.triangles])

    @cached_property
    def volume(self) -> float:
        """The volume inside, by the tetrahedra between the triangles and the middle."""
        a, b, c = np.moveaxis(self.corners - self.vertices.mean(axis=0), 1, 0)
        return float(np.sum(a * np.cross(b, c))) / 6

    @cached_property
    def crosses(self) -> Array:
        """Outward normals, (T, 3), of twice the areas' length."""
        a, b, c = np.moveaxis(self.corners, 1, 0)
        return np.asarray(np.cross(b - a, c - a))

    def holds(self, points: Array) -> Mask:
        """Which of the points, (N, 3), lie inside, (N,): those below an odd number of triangles.

        The shadow of the mesh on the plane z = 0 is cut into columns, so that a point meets only the triangles of its column.
        """
        inside = np.zeros(len(points), dtype=bool)
        count, lower, widths, starts, members = self._columns
        cell = np.floor((points[:, :2] - lower) / widths).astype(int)
        within = np.flatnonzero(((cell >= 0) & (cell < count)).all(axis=1))
        column = cell[within, 0] * count + cell[within, 1]
        counts = starts[column + 1] - starts[column]
        for block in np.array_split(np.arange(len(within)), max(1, -(-int(counts.sum()) // _PAIRS))):
            row, offset = _ranges(counts[block])
            point = within[block][row]
            above = self._above(points[point], members[starts[column[block]][row] + offset])
            inside[within[block]] = np.bincount(point[above], minlength=len(points))[within[block]] % 2 == 1
        return inside

    def _above(self, points: Array, triangle: Indices) -> Mask:
        """Whether each triangle, (M,), lies above its point, (M, 3).

        In the shadow a ray to the right counts edges. Each edge is taken with its ends in the same order by both its
        triangles, so that rounding gives a point that lies on its shadow to one of them.
        """
        x, y = points[:, 0], points[:, 1]
        crossings = np.zeros(len(points), dtype=int)
        for k in range(3):
            ends = np.sort(self.triangles[triangle][:, [k, (k + 1) % 3]], axis=1)
            p, q = self.vertices[ends[:, 0]], self.vertices[ends[:, 1]]
            rising, falling = (y >= p[:, 1]) & (y < q[:, 1]), (y < p[:, 1]) & (y >= q[:, 1])
            side = (q[:, 0] - p[:, 0]) * (y - p[:, 1]) - (q[:, 1] - p[:, 1]) * (x - p[:, 0])
            crossings += (rising & (side > 0)) | (falling & (side < 0))
        normal, corner = self.crosses[triangle], self.corners[triangle, 0]
        depth = np.sum((corner - points) * normal, axis=1)  # of the plane above the point, times the normal's z
        return np.asarray((crossings % 2 == 1) & (depth * normal[:, 2] > 0))

    @cached_property
    def _columns(self) -> tuple[int, Array, Array, Indices, Indices]:
        """Number of columns each way, their corner and widths, and for each the span of its members in a list."""
        low, high = self.corners[:, :, :2].min(axis=1), self.corners[:, :, :2].max(axis=1)
        lower, upper = low.min(axis=0), high.max(axis=0)
        count = int(np.clip(np.sqrt(len(self.triangles)), 1, _COLUMNS))
        widths = (upper - lower) * (1 + 1e-12) / count
        first, last = (np.clip(np.floor((edge - lower) / widths).astype(int), 0, count - 1) for edge in (low, high))
        spans = last - first + 1
        member, k = _ranges(spans[:, 0] * spans[:, 1])
        cells = (first[member, 0] + k // spans[member, 1]) * count + first[member, 1] + k % spans[member, 1]
        order = np.argsort(cells, kind="stable")
        return count, lower, widths, np.searchsorted(cells[order], np.arange(count * count + 1)), member[order]

    def distance(self, points: Array) -> Array:
        """Distance of points, (N, 3), to the surface, (N,)."""
        if not len(points):
            return np.zeros(0)
        tree, owners, radius = self._seeds
        # what is nearest by its seed bounds the distance; only triangles with a seed within that can be nearer
        near = tree.query(points)[1]
        bound = self._to_triangles(points, owners[near])
        best = bound.copy()
        for start in range(0, len(points), 1024):
            rows = slice(start, start + 1024)
            lists = tree.query_ball_point(points[rows], bound[rows] + radius)
            point = np.repeat(np.arange(len(lists)), [len(found) for found in lists])
            pairs = np.stack([point, owners[np.concatenate(lists).astype(int)]], axis=1)
            if len(owners) > len(self.triangles):
                pairs = np.unique(pairs, axis=0)
            np.minimum.at(best[rows], pairs[:, 0], self._to_triangles(points[rows][pairs[:, 0]], pairs[:, 1]))
        return best

    @cached_property
    def _seeds(self) -> tuple[cKDTree, Indices, float]:
        """Points of the triangles in a search tree, their triangles, and how far a triangle's points are from one."""
        corners, owners = self.corners, np.arange(len(self.corners))
        longest = _longest_sides(corners)
        goal = max(2 * float(np.median(longest)), float(np.max(longest)) / 16)
        while (large := _longest_sides(corners) > goal).any():
            # corners a, b, c and the middles of ab, bc, ca
            six = np.concatenate([corners[large], (corners[large] + np.roll(corners[large], -1, axis=1)) / 2], axis=1)
            parts = [six[:, part] for part in ([0, 3, 5], [3, 1, 4], [5, 4, 2], [3, 4, 5])]
            corners = np.concatenate([corners[~large], *parts])
            owners = np.concatenate([owners[~large], *[owners[large]] * 4])
        middle = corners.mean(axis=1)
        return cKDTree(middle), owners, float(np.max(np.linalg.norm(corners - middle[:, None], axis=2)))

    @cached_property
    def _frames(self) -> tuple[Array, Array, Array, Array]:
        """Edges of each triangle, (T, 3, 3), and over their squares, inward vectors of the edges, the unit normal."""
        edges = np.roll(self.corners, -1, axis=1) - self.corners
        lengths = np.maximum(np.linalg.norm(self.crosses, axis=1), 1e-300)
        scaled = edges / np.maximum(np.sum(edges**2, axis=2), 1e-300)[:, :, None]
        return edges, scaled, np.cross(self.crosses[:, None], edges), self.crosses / lengths[:, None]

    def _to_triangles(self, points: Array, triangle: Indices) -> Array:
        """Distance of each point, (M, 3), to its triangle, (M,)."""
        edges, scaled, inward, normals = (part[triangle] for part in self._frames)
        offsets = points[:, None] - self.corners[triangle]
        shares = np.clip(np.einsum("mki,mki->mk", offsets, scaled), 0, 1)
        beside = offsets - shares[:, :, None] * edges
        square = np.min(np.einsum("mki,mki->mk", beside, beside), axis=1)
        over = (np.einsum("mki,mki->mk", offsets, inward) >= 0).all(axis=1) & normals.any(axis=1)
        height = np.abs(np.einsum("mi,mi->m", offsets[:, 0], normals))
        return np.asarray(np.where(over, height, np.sqrt(square)))


def _longest_sides(corners: Array) -> Array:
    """Lengths of the longest sides of triangles, (T, 3, 3)."""
    return np.asarray(np.max(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2), axis=1))


def _ranges(counts: Indices) -> tuple[Indices, Indices]:
    """Rows, each as often as its count, and numbers from 0 to below the count within each."""
    rows = np.repeat(np.arange(len(counts)), counts)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
