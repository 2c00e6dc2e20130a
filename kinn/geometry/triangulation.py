"""Simple polygons: triangulation by ear clipping, samples of triangles, and the test that a polygon is simple."""

from __future__ import annotations

import numpy as np

from kinn.geometry.sampling import pick_by_measure
from kinn.geometry.types import Array, Indices, Mask

ROUNDING = 1e-12  # an area this small relative to the square of the size counts as zero


def cross(a: Array, b: Array) -> Array:
    """Z component of the cross product of plane vectors, (..., 2) each."""
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def signed_area(vertices: Array) -> float:
    """Area of a polygon, (n, 2), positive where it runs counter-clockwise (the shoelace formula)."""
    centred = vertices - vertices.mean(axis=0)
    return float(0.5 * np.sum(cross(centred, np.roll(centred, -1, axis=0))))


def touching_edges(vertices: Array) -> tuple[int, int] | None:
    """Two edges that meet elsewhere than in the vertex they share, or None where the polygon is simple."""
    n = len(vertices)
    ends = np.roll(vertices, -1, axis=0)
    tolerance = ROUNDING * float(np.max(np.ptp(vertices, axis=0))) ** 2
    for i in range(n):
        js = np.arange(i + 1, n)
        a, b = vertices[i], ends[i]
        c, d = vertices[js], ends[js]
        # Signs of the areas that each edge spans with the end points of the other tell on which side these lie.
        c_side, d_side = (_sign(cross(b - a, p - a), tolerance) for p in (c, d))
        a_side, b_side = (_sign(cross(d - c, p - c), tolerance) for p in (a, b))
        hit = (c_side * d_side < 0) & (a_side * b_side < 0)
        hit |= ((c_side == 0) & _between(a, b, c)) | ((d_side == 0) & _between(a, b, d))
        hit |= ((a_side == 0) & _between(c, d, a)) | ((b_side == 0) & _between(c, d, b))
        neighbours = (js == i + 1) | ((js + 1) % n == i)
        hit &= ~neighbours
        # Neighbours always meet in their common vertex: they overlap where they turn back on one another.
        u, v = b - a, d - c
        hit |= neighbours & (np.abs(cross(u, v)) <= tolerance) & (v @ u < 0)
        if hit.any():
            return i, int(js[np.argmax(hit)])
    return None


def sample_triangles(corners: Array, areas: Array, unit: Array) -> tuple[Array, Indices]:
    """Points of triangles, (m, d), area ratios kept, and the triangles in which they lie, (m,).

    Args:
        corners: The corners, (T, 3, d).
        areas: The areas, (T,).
        unit: Points of the unit square, (m, 2). The first parameter picks a triangle by its share of the area, and its
            place within that share is used again as a parameter of the triangle: the whole is one map.
    """
    which, within = pick_by_measure(areas, unit[:, 0])
    root, along = np.sqrt(within)[:, None], unit[:, 1:]
    a, b, c = np.moveaxis(corners[which], 1, 0)
    return np.asarray((1 - root) * a + root * ((1 - along) * b + along * c)), which


def triangulate(vertices: Array) -> Indices:
    """Triangles, (n - 2, 3) indices, of a simple counter-clockwise polygon, (n, 2), with n vertices.

    Ear clipping: O(n^2); of the ears present the one with the best shape goes first. Source: D. Eberly,
    "Triangulation by ear clipping" (2002).
    """
    left = list(range(len(vertices)))
    tolerance = ROUNDING * float(np.max(np.ptp(vertices, axis=0))) ** 2
    quality = {vertex: _ear_quality(vertices, left, position, tolerance) for position, vertex in enumerate(left)}
    triangles: list[tuple[int, int, int]] = []
    while len(left) > 3:
        position = max(range(len(left)), key=lambda p: quality[left[p]])
        triangles.append((left[position - 1], left[position], left[(position + 1) % len(left)]))
        del left[position]
        for neighbour in (position - 1, position % len(left)):
            quality[left[neighbour]] = _ear_quality(vertices, left, neighbour % len(left), tolerance)
    triangles.append((left[0], left[1], left[2]))
    return np.array(triangles, dtype=np.intp)


def _ear_quality(vertices: Array, left: list[int], position: int, tolerance: float) -> float:
    """Area of the ear at a vertex over the squares of its sides, -1 where it is none."""
    ring = np.roll(left, 1 - position)
    a, b, c = vertices[ring[:3]]
    area = float(cross(b - a, c - b))
    if area <= tolerance:
        return -1.0
    sides = [cross(end - start, vertices[ring[3:]] - start) for start, end in ((a, b), (b, c), (c, a))]
    if (np.min(sides, axis=0) >= -tolerance).any():
        return -1.0
    return area / float(np.sum((b - a) ** 2) + np.sum((c - b) ** 2) + np.sum((a - c) ** 2))


def _sign(values: Array, tolerance: float) -> Array:
    return np.where(np.abs(values) <= tolerance, 0.0, np.sign(values))


def _between(start: Array, end: Array, point: Array) -> Mask:
    """Whether a point on the line through two others lies in the closed segment between them."""
    along = np.sum((point - start) * (end - start), axis=-1)
    return np.asarray((along >= 0) & (along <= np.sum((end - start) ** 2, axis=-1)))
